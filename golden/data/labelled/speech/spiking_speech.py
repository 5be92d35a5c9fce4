"""Spoken words as spikes of a model of the ear: SHD and SSC, two files of HDF5 or three.

``shd_train.h5`` and ``shd_test.h5``; ``ssc_train.h5``, ``ssc_valid.h5`` and ``ssc_test.h5``. In
each ``spikes/times`` and ``spikes/units`` hold a list for every word, of seconds and of cells from
0 to 699, and ``labels`` [N] its class. Source: Cramer, Stradmann, Schemmel, Zenke, "The Heidelberg
spiking data sets for the systematic evaluation of spiking neural networks", 2020.
"""

# h5py has no types of its own.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingTypeStubs=false

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.data.labelled.events import counted
from dualspike.golden.data.labelled.samples import ClassData, Labelled, held_back
from dualspike.golden.data.labelled.shape import Shape
from dualspike.golden.files.hdf5 import open_hdf5
from dualspike.model.errors import BadInput

CELLS = 700
SHAPE = Shape(1, CELLS, 1)
STEPS = 32

MOST = 1 << 30
"""Bytes of all frames of a file."""


def shd(folder: Path, steps: int = STEPS) -> ClassData:
    """Spoken digits, 20 classes: of 0 to 9 in English and in German. See `_part`."""
    train, test = (_part(folder, f"shd_{part}", steps, 20) for part in ("train", "test"))
    return held_back(train, test, SHAPE, 20)


def ssc(folder: Path, steps: int = STEPS) -> ClassData:
    """Spoken commands, 35 classes, with the validation samples that are published. See `_part`."""
    train, tuned, test = (
        _part(folder, f"ssc_{part}", steps, 35) for part in ("train", "valid", "test")
    )
    return held_back(train, test, SHAPE, 35, validation=tuned)


def _part(folder: Path, name: str, steps: int, classes: int) -> Labelled:
    """Words as ``steps`` frames of counts, from each one's first spike to its last.

    Raises BadInput, with file, place in it and row, as `golden.files.hdf5.open_hdf5` does, and for
    what is missing or out of range, and for times that go backwards.
    """
    path = folder / f"{name}.h5"
    with open_hdf5(path, lists=True) as file:
        times, units = (_lists(path, file, f"spikes/{what}") for what in ("times", "units"))
        labels = _labels(path, file, classes)
        if not len(times) == len(units) == len(labels) > 0:
            came = f"{len(times)}, {len(units)} and {len(labels)}"
            raise BadInput(
                f"{path}: spikes/times, spikes/units and labels must be as many, 1 or more, not"
                f" {came}"
            )
        if len(labels) * steps * CELLS > MOST:
            most = MOST // (steps * CELLS)
            raise BadInput(f"{path}: labels must be at most {most} with {steps} steps")
        frames = np.empty((len(labels), steps, CELLS), np.uint8)
        for row in range(len(labels)):
            frames[row] = _word(path, row, np.asarray(times[row]), np.asarray(units[row]), steps)
        if not frames.any():
            raise BadInput(f"{path}: spikes/times must be of one spike or more")
    return Labelled(frames, labels)


def _word(
    path: Path, row: int, times: NDArray[Any], units: NDArray[Any], steps: int
) -> NDArray[np.uint8]:
    if len(times) != len(units):
        raise BadInput(
            f"{path}: spikes/units[{row}] must have {len(times)} entries, as the times, not"
            f" {len(units)}"
        )
    times = times.astype(np.float64)
    wrong = np.flatnonzero(~((times >= 0) & (times < 1 << 20)))
    if wrong.size:
        raise BadInput(
            f"{path}: spikes/times[{row}][{wrong[0]}] must be in [0, {1 << 20}), not"
            f" {times[wrong[0]]}"
        )
    wrong = np.flatnonzero(np.diff(times) < 0)
    if wrong.size:
        raise BadInput(f"{path}: spikes/times[{row}] must not fall, it does after {wrong[0]}")
    wrong = np.flatnonzero((units < 0) | (units >= CELLS))
    if wrong.size:
        raise BadInput(
            f"{path}: spikes/units[{row}][{wrong[0]}] must be in [0, {CELLS - 1}], not"
            f" {units[wrong[0]]}"
        )
    return counted(times, units.astype(np.int64), steps, CELLS)


def _lists(path: Path, file: Any, place: str) -> Any:
    found: Any = file.get(place)
    if not hasattr(found, "dtype") or not found.dtype.hasobject or found.ndim != 1:
        raise BadInput(f"{path}: {place} must be lists of numbers, not {_shown(found)}")
    return found


def _labels(path: Path, file: Any, classes: int) -> NDArray[np.int64]:
    found: Any = file.get("labels")
    if not hasattr(found, "dtype") or found.dtype.kind not in "iu" or found.ndim != 1:
        raise BadInput(f"{path}: labels must be whole numbers, one a word, not {_shown(found)}")
    labels = np.asarray(found[()])
    wrong = np.flatnonzero((labels < 0) | (labels >= classes))
    if wrong.size:
        raise BadInput(
            f"{path}: labels[{wrong[0]}] must be in [0, {classes - 1}], not {labels[wrong[0]]}"
        )
    return labels.astype(np.int64)


def _shown(found: Any) -> str:
    return "nothing" if found is None else repr(found)
