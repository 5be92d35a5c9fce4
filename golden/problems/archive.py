"""Reading the arrays of an ``.npz`` that may be anything: one clear line for each way to fail."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.lib.npyio import NpzFile
from numpy.typing import NDArray

from dualspike.model.errors import BadInput

Floats = NDArray[np.float64]


def read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """All arrays of the ``.npz`` file at ``path``, unchecked.

    Raises BadInput with the path if it is missing, unreadable, no ``.npz`` or damaged, or if it
    holds Python objects.
    """
    try:
        file = path.open("rb")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "unreadable"
        raise BadInput(f"cannot read {path}: {reason}") from error
    with file, warnings.catch_warnings(action="ignore"):
        return _members(path, file)


def _members(path: Path, file: BinaryIO) -> dict[str, NDArray[Any]]:
    # Damaged bytes reach zip, zlib, the parser of array headers and the allocator: any exception.
    try:
        archive: NpzFile[Any] | NDArray[Any] = np.load(file, allow_pickle=False)
    except Exception as error:
        raise BadInput(
            f"{path} must be an .npz archive, it is damaged or something else"
        ) from error
    if not isinstance(archive, NpzFile):
        raise BadInput(f"{path} must be an .npz archive, not a single array")
    arrays: dict[str, NDArray[Any]] = {}
    for name in archive.files:
        try:
            arrays[name] = np.asarray(archive[name])
        except Exception as error:
            raise BadInput(
                f"{path}: {name} must be numbers, not objects or a damaged array"
            ) from error
    return arrays


def named(path: Path, arrays: dict[str, NDArray[Any]], names: Sequence[str]) -> None:
    """Raise BadInput unless every name is among the arrays."""
    for name in names:
        if name not in arrays:
            held = ", ".join(arrays) or "nothing"
            raise BadInput(f"{path} must hold {', '.join(names)}, it holds {held}")


def finite_floats(path: Path, name: str, array: NDArray[Any]) -> Floats:
    """The array as float64; raises BadInput unless it holds finite integers or real numbers."""
    if array.dtype.kind not in "iuf":
        raise BadInput(f"{path}: {name} must be integers or real numbers, not {array.dtype}")
    with np.errstate(over="ignore"):
        values = array.astype(np.float64)
    bad = ~np.isfinite(values)
    if bad.any():
        first = tuple(np.argwhere(bad)[0].tolist())
        where = ", ".join(map(str, first))
        raise BadInput(f"{path}: {name} must be finite, {name}[{where}] is {values[first]}")
    return values
