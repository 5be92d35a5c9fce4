"""The folder of an experiment: whose runs it holds, its data, and that only one command uses it."""

import json
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from dualspike.golden.data.problem import Problem
from dualspike.golden.data.store import stored
from dualspike.golden.experiments.paper.settings import PaperSettings, ProblemSettings
from dualspike.golden.files.alone import writing
from dualspike.golden.files.differences import first_difference
from dualspike.golden.files.locks import sweep
from dualspike.golden.files.writing import write_atomic
from dualspike.model.errors import BadInput
from dualspike.model.system.text import parse_json, read_text


@dataclass(frozen=True)
class RunsFolder:
    """Where things are in the folder ``path``."""

    path: Path

    @property
    def runs(self) -> Path:
        """Checkpoints and outcomes."""
        return self.path / "runs"

    @property
    def settings(self) -> Path:
        """The settings of the runs."""
        return self.path / "settings.json"

    @property
    def data(self) -> Path:
        """The samples."""
        return self.path / "data.npz"

    def problem(self, settings: PaperSettings) -> Problem:
        """The samples in ``data.npz``, computed first if the file is not there.

        Raises BadInput if the file does not hold what its checksum says, or other data.
        """
        return _problem(self.data, settings.problem)


@lru_cache(maxsize=1)
def _problem(path: Path, settings: ProblemSettings) -> Problem:
    """Read once in a process, however many runs it executes."""
    return stored(path, settings)


@contextmanager
def alone(path: Path, *inner: str) -> Generator[None, None, None]:
    """The folder ``path`` and those ``inner`` for a study that is none of an experiment's runs.

    Made if needed, and nobody else's meanwhile. Raises BadInput if it holds runs of an experiment,
    or while another command has it open.
    """
    with writing(path, *inner):
        if RunsFolder(path).settings.exists():
            raise BadInput(f"{path} holds runs of an experiment: give another folder")
        for name in inner:
            sweep(path / name)
        yield


@contextmanager
def opened(path: Path, settings: PaperSettings, force: bool) -> Generator[RunsFolder, None, None]:
    """The folder ``path``, made if needed, for runs with these settings and no one else meanwhile.

    Runs that it holds stay if they have the same settings; ``force`` deletes them in any case.
    Where something fails before there is a run, all that was made here goes away again.
    Raises BadInput if it holds runs with others, or while another command has it open.
    """
    folder = RunsFolder(path)
    with writing(path, folder.runs.name):
        if folder.settings.exists():
            if force:
                _empty(folder)
            else:
                _same(folder, settings)
        sweep(path)
        sweep(folder.runs)
        ours = [file for file in (folder.settings, folder.data) if not file.exists()]
        if folder.settings in ours:
            text = json.dumps(settings.tables(), indent=2)
            write_atomic(folder.settings, f"{text}\n".encode())
        try:
            yield folder
        except BaseException:
            if not any(folder.runs.iterdir()):
                for file in ours:
                    file.unlink(missing_ok=True)
            raise


def _empty(folder: RunsFolder) -> None:
    """Delete what an experiment wrote; the settings last, which say that it did."""
    for file in folder.runs.glob("*.npz"):
        file.unlink()
    folder.data.unlink(missing_ok=True)
    folder.settings.unlink()


def _same(folder: RunsFolder, settings: PaperSettings) -> None:
    """Raise BadInput for the first setting in which the folder's differ from those asked for."""
    try:
        theirs: Any = parse_json(read_text(folder.settings))
    except ValueError as error:
        raise BadInput(f"{folder.settings} is damaged: give another folder or --force") from error
    ours = settings.tables()
    difference = first_difference(theirs, ours)
    if difference:
        name, held, wanted = difference
        raise BadInput(
            f"{folder.path} holds runs with {name} {held}, not {wanted}:"
            " give another folder or --force"
        )
