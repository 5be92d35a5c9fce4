"""What is derived from a description or one of its parts: computed once, and kept with it."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

Owner = TypeVar("Owner")
Result = TypeVar("Result")


def once(function: Callable[[Owner], Result]) -> Callable[[Owner], Result]:
    """Keep what a function of one frozen object returns for as long as the object lives."""
    place = f"{function.__module__}.{function.__qualname__}"

    @wraps(function)
    def kept(owner: Owner) -> Result:
        held: dict[str, Any] = vars(owner)
        if place not in held:
            held[place] = function(owner)
        return held[place]

    return kept
