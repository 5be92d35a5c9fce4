"""Data sets with labels, by the names that a description has for them."""

from dataclasses import replace
from pathlib import Path
from typing import Protocol

from dualspike.golden.data.labelled.digits import digits
from dualspike.golden.data.labelled.gesture.dvs_gesture import dvs_gesture
from dualspike.golden.data.labelled.idx import mnist
from dualspike.golden.data.labelled.moving_bars import moving_bars
from dualspike.golden.data.labelled.nmnist import nmnist
from dualspike.golden.data.labelled.samples import ClassData
from dualspike.golden.data.labelled.speech.spiking_speech import shd, ssc
from dualspike.golden.data.labelled.speech.spoken_digits import spoken_digits
from dualspike.model.description.data import FROM_FILES, LABELLED, Data
from dualspike.model.errors import BadInput


class _OverTime(Protocol):
    def __call__(self, folder: Path, steps: int = ...) -> ClassData: ...


_OVER_TIME: dict[str, _OverTime] = {
    "nmnist": nmnist,
    "spoken-digits": spoken_digits,
    "shd": shd,
    "ssc": ssc,
    "dvs-gesture": dvs_gesture,
}


def known_set(data: Data, steps: int | None = None) -> ClassData | None:
    """The data set of that source, None if it is something else.

    ``steps``: frames of what is over time; left out, as many as the data set has by itself. Raises
    BadInput where files are needed and not named, and for bad files.
    """
    name = data.known
    if name in LABELLED:
        return replace(built_in(name, steps), name=name)
    if name not in FROM_FILES:
        return None
    if data.folder is None:
        raise BadInput(f"data.folder, or --data, must say where the files of {name} are")
    return replace(from_files(name, Path(data.folder), steps), name=name)


def built_in(name: str, steps: int | None = None) -> ClassData:
    """One of `model.description.data.LABELLED`."""
    if name == "digits":
        return digits()
    return moving_bars() if steps is None else moving_bars(steps)


def from_files(name: str, folder: Path, steps: int | None = None) -> ClassData:
    """One of `model.description.data.FROM_FILES`."""
    if name == "mnist":
        return mnist(folder)
    read = _OVER_TIME[name]
    return read(folder) if steps is None else read(folder, steps)
