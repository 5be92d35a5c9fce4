"""Checks that settings lie in their ranges, one line for the first that does not."""

from dualspike.model.errors import BadInput


def check_whole(name: str, value: object, lowest: int, highest: int) -> None:
    """Raise BadInput unless ``value`` is an integer in [lowest, highest]."""
    if isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= highest:
        return
    raise BadInput(f"{name} must be an integer in [{lowest}, {highest}], not {value}")


def check_real(name: str, value: object, lowest: float, highest: float) -> None:
    """Raise BadInput unless ``value`` is a real number in [lowest, highest]."""
    if (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and lowest <= value <= highest
    ):
        return
    raise BadInput(f"{name} must be a number in [{lowest:g}, {highest:g}], not {value}")
