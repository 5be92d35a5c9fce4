"""What a long job is at: steps that begin, and that end with what came of them after some time."""

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """A step that begins, or, with the ``seconds`` it took, one that ended.

    ``result`` is what came of it; of one that was broken off, nothing.
    """

    name: str
    seconds: float | None = None
    result: str = ""

    def __str__(self) -> str:
        if self.seconds is None:
            return f"{self.name} ..."
        return f"{self.name}: {self.result}, {self.seconds:.1f} s"


Told = Callable[[Step], None]
"""Hears of each step twice; in any order where some run at once, and from their threads."""


def unheard(_: Step) -> None:
    """Nobody wants to know."""


@contextmanager
def step(told: Told, name: str) -> Generator[Callable[[str], None], None, None]:
    """One step, which is the block; it is given a function to say what came of it."""
    said = ["done"]
    told(Step(name))
    start = time.monotonic()
    try:
        yield said.append
    except BaseException:
        said.append("")
        raise
    finally:
        told(Step(name, time.monotonic() - start, said[-1]))
