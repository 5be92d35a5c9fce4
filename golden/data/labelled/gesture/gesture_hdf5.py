"""DVS-Gesture as snnTorch and torchneuromorphic keep it: all gestures in one HDF5 file.

Group ``data`` holds a group for each gesture, named by a number: ``times`` [N] in microseconds,
``addrs`` [N, 3] of x, y and polarity, ``labels``, the class from 0 to 10. ``extra/train_keys`` and
``extra/test_keys`` list the numbers.
"""

# h5py has no types of its own.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingTypeStubs=false

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from dualspike.golden.data.labelled.events import Events
from dualspike.golden.files.hdf5 import open_hdf5
from dualspike.model.errors import BadInput

Frames = TypeVar("Frames")

LATEST = 1 << 53
_PARTS = ("train", "test")


def read_gestures(
    path: Path, sensor: int, classes: int, frames: Callable[[Events], Frames]
) -> tuple[list[tuple[int, Frames]], list[tuple[int, Frames]]]:
    """Class and ``frames`` of the events of every gesture to learn and to test.

    Events of one gesture at a time are kept. Raises BadInput as `golden.files.hdf5.open_hdf5` does,
    and, with file, place in it and row, for what is missing, and for what is out of range.
    """
    with open_hdf5(path) as file:
        found: list[list[tuple[int, Frames]]] = []
        for part in _PARTS:
            keys = _entry(path, file, place := f"extra/{part}_keys", 1).tolist()
            if len(set(keys)) < len(keys):
                raise BadInput(f"{path}: {place} must name every gesture once")
            gestures = (_gesture(path, file, f"data/{key}", sensor, classes) for key in keys)
            found.append([(label, frames(events)) for label, events in gestures])
        return found[0], found[1]


def _gesture(path: Path, file: Any, place: str, sensor: int, classes: int) -> tuple[int, Events]:
    times = _entry(path, file, f"{place}/times", 1)
    addresses = _entry(path, file, f"{place}/addrs", 2)
    label = _entry(path, file, f"{place}/labels", 0)
    if addresses.shape != (len(times), 3) or not len(times):
        shape = f"[{max(1, len(times))}, 3]"
        raise BadInput(f"{path}: {place}/addrs must be {shape}, not {list(addresses.shape)}")
    _check(path, f"{place}/labels", label.reshape(1), classes)
    _check(path, f"{place}/times", times, LATEST)
    for column, limit in enumerate((sensor, sensor, 2)):
        _check(path, f"{place}/addrs[:, {column}]", addresses[:, column], limit)
    x, y, p = addresses.astype(np.int64).T
    return int(label), Events(x, y, p, times.astype(np.int64))


def _entry(path: Path, file: Any, place: str, dimensions: int) -> np.ndarray:
    """Whole numbers of a data set."""
    found: Any = None
    if place in file:
        found = file[place]
    if not hasattr(found, "dtype") or found.dtype.kind not in "iu" or found.ndim != dimensions:
        came = "nothing" if found is None else repr(found)
        raise BadInput(
            f"{path}: {place} must be whole numbers of {dimensions} dimensions, not {came}"
        )
    return np.asarray(found[()])


def _check(path: Path, place: str, values: np.ndarray, limit: int) -> None:
    wrong = np.flatnonzero((values < 0) | (values >= limit))
    if wrong.size:
        raise BadInput(
            f"{path}: {place} in row {wrong[0]} must be in [0, {limit - 1}], not {values[wrong[0]]}"
        )
