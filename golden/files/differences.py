"""Where two sets of settings differ, for the line that says so."""

from typing import cast


def first_difference(held: object, wanted: object) -> tuple[str, object, object] | None:
    """The first plain value that differs: its full name and both values; None if there is none.

    Both are what JSON has: tables, lists and plain values. A value that is not there is None.
    """
    theirs, ours = _leaves(held), _leaves(wanted)
    for name in [*ours, *theirs]:
        if theirs.get(name) != ours.get(name):
            return name, theirs.get(name), ours.get(name)
    return None


def _leaves(value: object, name: str = "") -> dict[str, object]:
    """Every plain value inside tables and lists, under its full name."""
    if isinstance(value, dict) and value:
        table = cast(dict[str, object], value)
        inner = [(f"{name}.{key}".lstrip("."), item) for key, item in table.items()]
    elif isinstance(value, list) and value:
        inner = [(f"{name}[{n}]", item) for n, item in enumerate(cast(list[object], value))]
    else:
        return {name: value}
    return {leaf: held for key, item in inner for leaf, held in _leaves(item, key).items()}
