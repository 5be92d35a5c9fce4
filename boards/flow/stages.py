"""What nextpnr is at, from its lines as they come: packing, placing, routing."""

from contextlib import ExitStack
from typing import Self

from dualspike.boards.flow.steps import Told, step

_BEGINNINGS = {
    "placing": ("Info: Placed ", "Info: Creating initial analytic placement"),
    "routing": ("Info: Routing globals...", "Info: Routing..", "Info: Running router2"),
}


class Stages:
    """A run of nextpnr, as a block: a step for each of its stages, one after the other.

    A stage ends where the next begins; the last one is told ``came_of_it``. Their names end with
    ``which``. One that was broken off has no result.
    """

    def __init__(self, told: Told, which: str) -> None:
        self._told, self._which = told, which
        self._left = list(_BEGINNINGS)
        self._step = ExitStack()

    def __enter__(self) -> Self:
        self._begin("packing")
        return self

    def __exit__(self, *failed: object) -> None:
        self._step.__exit__(*failed)  # pyright: ignore[reportArgumentType]

    def heard(self, line: str) -> None:
        """A line of nextpnr."""
        for name in self._left:
            if line.startswith(_BEGINNINGS[name]):
                del self._left[: self._left.index(name) + 1]
                self._step.close()
                self._begin(name)
                return

    def _begin(self, name: str) -> None:
        self.came_of_it = self._step.enter_context(step(self._told, f"{name} {self._which}"))
