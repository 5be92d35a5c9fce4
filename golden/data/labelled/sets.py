"""Data sets with labels, by the names that a description has for them."""

from dataclasses import replace
from pathlib import Path
from typing import Protocol

import numpy as np

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
    """One of `model.description.data.FROM_FILES`.

    Raises BadInput as its reader does, and for a class that has no sample to learn from.
    """
    read = _OVER_TIME.get(name)
    if read is None:
        found = mnist(folder)
    else:
        found = read(folder) if steps is None else read(folder, steps)
    absent = np.flatnonzero(np.bincount(found.whole.labels, minlength=found.classes) == 0)
    if absent.size:
        raise BadInput(
            f"{folder} must have samples to learn from for each of {found.classes} outputs: output"
            f" {absent[0]} has none"
        )
    return found
