"""A part of the evidence: what one command has found, or that it was not run."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

COMMIT = "commit"
"""File in a command's folder: what was checked out when it ran."""


@dataclass
class Part:
    """What ``command`` says of ``title``; ``run`` tells whether it has left anything.

    ``holds`` and ``holes`` are sentences; ``rows`` a table under ``head``. ``commits`` are those
    that it was run at.
    """

    title: str
    command: str
    what: str
    run: bool = False
    commits: list[str] = field(default_factory=list)
    holds: list[str] = field(default_factory=list)
    holes: list[str] = field(default_factory=list)
    head: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)

    def dated(self, folder: Path, now: str) -> "Part":
        """With the commit that the folder names; another one than ``now`` is a hole."""
        place = folder / COMMIT
        if not self.commits and place.exists():
            self.commits = [place.read_text("utf-8").strip()]
        if not self.run:
            self.holes.insert(0, f"Not run: {self.command} has left nothing here.")
        elif not self.commits:
            self.holes.append("It is not known at which commit this ran.")
        elif self.commits != [now]:
            self.holes.append(f"Run at {', '.join(self.commits)}, not at {now or 'this state'}.")
        return self


def lines(path: Path) -> Iterator[dict[str, Any]]:
    """The whole lines of a file of JSON lines; none if there is no file."""
    text = path.read_text("utf-8") if path.exists() else ""
    for line in text.splitlines(keepends=True):
        if line.endswith("\n"):
            yield json.loads(line)
