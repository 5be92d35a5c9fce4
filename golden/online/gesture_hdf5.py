"""DVS-Gesture as snnTorch and torchneuromorphic keep it: all gestures in one HDF5 file.

Group ``data`` holds a group for each gesture, named by a number: ``times`` [N] in microseconds,
``addrs`` [N, 3] of x, y and polarity, ``labels``, the class from 0 to 10. ``extra/train_keys`` and
``extra/test_keys`` list the numbers.
"""

# h5py has no types of its own.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingTypeStubs=false

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from dualspike.golden.online.events import Events
from dualspike.model.errors import BadInput

Gesture = tuple[int, Events]

_PARTS = ("train", "test")


def read_gestures(path: Path, sensor: int, classes: int) -> tuple[list[Gesture], list[Gesture]]:
    """Class and events of every gesture to learn and to test.

    Raises BadInput if h5py is not installed, and, with file, place in it and row, for a file that
    is not HDF5 or cut off, for what is missing, and for what is out of range.
    """
    if find_spec("h5py") is None:
        raise BadInput(f"{path} needs h5py: install it with pip install 'dualspike[hdf5]'")
    import h5py

    try:
        with h5py.File(path, "r") as file:
            train, test = (
                [_gesture(path, file, f"data/{key}", sensor, classes) for key in keys]
                for keys in (_entry(path, file, f"extra/{part}_keys", 1) for part in _PARTS)
            )
            return train, test
    except OSError as error:
        reason = " ".join(str(error).split())
        raise BadInput(f"{path} must be a whole HDF5 file: {reason}") from None


def _gesture(path: Path, file: Any, place: str, sensor: int, classes: int) -> Gesture:
    times = _entry(path, file, f"{place}/times", 1)
    addresses = _entry(path, file, f"{place}/addrs", 2)
    label = _entry(path, file, f"{place}/labels", 0)
    if addresses.shape != (len(times), 3) or not len(times):
        shape = f"[{max(1, len(times))}, 3]"
        raise BadInput(f"{path}: {place}/addrs must be {shape}, not {list(addresses.shape)}")
    _check(path, f"{place}/labels", label.reshape(1), classes)
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
