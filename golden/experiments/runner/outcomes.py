"""What trials of a study came to: a few numbers each, in a file that says which trial it is of."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.experiments.runner.archive import check_origin, read_archive, write_archive
from dualspike.model.errors import BadInput
from dualspike.model.version import VERSION


class Named(Protocol):
    """A trial: its name within the study, and a digest of everything its numbers depend on."""

    @property
    def name(self) -> str:
        """Its name, that of its file."""
        ...

    @property
    def identity(self) -> str:
        """The digest."""
        ...


def file_of(folder: Path, trial: Named) -> Path:
    """Where a trial that has ended has its outcome."""
    return folder / "runs" / f"{trial.name}.npz"


def read_outcome(folder: Path, trial: Named, count: int) -> list[float] | None:
    """The ``count`` numbers, None if there are none.

    BadInput for damaged ones, those of other settings, and another count, of an earlier version.
    """
    path = file_of(folder, trial)
    if not path.exists():
        return None
    arrays = read_archive(path)
    check_origin(
        path,
        arrays,
        ("version", VERSION, "is not of this version"),
        ("identity", trial.identity, "has other settings"),
    )
    found = arrays["found"].tolist()
    if len(found) != count:
        raise BadInput(f"{path} is not of this version: delete it to start that run again")
    return found


def write_outcome(folder: Path, trial: Named, found: Sequence[float]) -> None:
    """Leave a trial's numbers in the folder."""
    arrays: dict[str, NDArray[Any]] = {"found": np.array(found)}
    origin = {"identity": np.array(trial.identity), "version": np.array(VERSION)}
    write_archive(file_of(folder, trial), arrays | origin)
