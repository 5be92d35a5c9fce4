"""One protocol for every study: what it is asked for, where it works, what it leaves.

A study looks at its options, and refuses what it cannot do, before there is a folder. It then has
the folder for itself, works there, and leaves results.json, table.md and its figures. All of them
are listed in `golden.experiments.runner.studies`.
"""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from inspect import signature
from pathlib import Path
from typing import Any, Generic, TypeVar

from dualspike.golden.experiments.runner.folder import alone
from dualspike.golden.files.writing import write_atomic

F = TypeVar("F")
Show = Callable[[int, float], object]
"""Hears how much is done, and a loss or an error."""
Progress = Callable[[int], AbstractContextManager[Show]]
"""Shows the way to so many steps while its block lasts."""


@dataclass(frozen=True)
class Job(Generic[F]):
    """A study that may begin: what it does in a folder, and what holds the folder meanwhile."""

    run: Callable[[Path, Progress], F]
    opened: Callable[[Path], AbstractContextManager[object]] = alone


@dataclass(frozen=True)
class Study(Generic[F]):
    """A study by its parts; F is what it finds.

    ``job`` has the options of the command that it takes as its parameters, and raises BadInput for
    what cannot be done. ``results`` are plain data, ``table`` is Markdown, ``text`` for a terminal;
    ``draw`` writes figures, and what else is of use, into a folder and returns the names of their
    files.
    """

    job: Callable[..., Job[F]]
    results: Callable[[F], dict[str, Any]]
    table: Callable[[F], str]
    text: Callable[[F], str]
    draw: Callable[[F, Path], list[str]]

    @property
    def options(self) -> list[str]:
        """Which ones it takes."""
        return list(signature(self.job).parameters)

    def carry_out(
        self, options: dict[str, Any], folder: Path, progress: Progress
    ) -> tuple[dict[str, Any], str, list[str]]:
        """Results, text and names of files of a study that is done and written to the folder.

        Raises BadInput for options out of range, and for a folder that it cannot have.
        """
        job = self.job(**options)
        with job.opened(folder):
            found = job.run(folder, progress)
            results = self.results(found)
            write_atomic(folder / "results.json", to_json(results))
            write_atomic(folder / "table.md", self.table(found))
            files = ["results.json", "table.md", *self.draw(found, folder)]
        return results, self.text(found), files


def to_json(results: dict[str, Any]) -> bytes:
    """The bytes of results.json."""
    return (json.dumps(results, indent=2, allow_nan=False) + "\n").encode()
