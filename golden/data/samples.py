"""A user's own samples for a perceptron, from an ``.npz`` file, checked before use."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.data.problem import Problem, Samples
from dualspike.golden.files.arrays import array_names, listed, read_arrays
from dualspike.golden.numeric import Doubles
from dualspike.model.errors import BadInput


def read_samples(path: Path, n_in: int, n_out: int) -> Problem:
    """The problem in an ``.npz`` with x [N, n_in] and y [N, n_out], named as the file is.

    It is tested on the same points. Raises BadInput with the path for a file that is missing,
    unreadable or no ``.npz``, and for arrays that are missing, empty, misshapen, not numeric or not
    finite, and for y all 0, whose relative error would be x / 0.
    """
    arrays = _read(path)
    x = _checked(path, "x", arrays["x"], None, n_in)
    y = _checked(path, "y", arrays["y"], len(x), n_out)
    if not y.any():
        raise BadInput(f"{path}: y must not be 0 everywhere, the relative error would be x / 0")
    every = Samples((x,), y)
    return Problem(path.stem, "mlp", every, every, every, (None,))


def _read(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays x and y of an ``.npz``, unchecked."""
    try:
        path.open("rb").close()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "unreadable"
        raise BadInput(
            f"data.source must be hat or a readable .npz file, not {path}: {reason}"
        ) from error
    kind, names = "an .npz archive with arrays x and y", ("x", "y")
    held = array_names(path, kind)
    if not set(names) <= set(held):
        raise BadInput(f"{path} must be {kind}, it holds {listed(held)}")
    return read_arrays(path, names, kind)


def _checked(path: Path, name: str, array: NDArray[Any], rows: int | None, columns: int) -> Doubles:
    """The array as float64 [rows, columns]; ``rows`` None takes any number but 0."""
    if array.dtype.kind not in "iuf":
        raise BadInput(f"{path}: {name} must be integers or real numbers, not {array.dtype}")
    shape = array.shape
    if len(shape) != 2 or shape[1] != columns or (rows is not None and shape[0] != rows):
        wanted = f"[{'N' if rows is None else rows}, {columns}]"
        raise BadInput(f"{path}: {name} must have shape {wanted}, not {list(shape)}")
    if not shape[0]:
        raise BadInput(f"{path}: {name} must have at least one row, not 0")
    with np.errstate(over="ignore"):
        values = array.astype(np.float64)
    bad = ~np.isfinite(values)
    if bad.any():
        raise BadInput(f"{path}: {name} must be finite, {first_place(name, values, bad)}")
    return values


def first_place(name: str, values: Doubles, bad: NDArray[np.bool_]) -> str:
    """Where the first bad value is, and what it is."""
    row, column = np.argwhere(bad)[0].tolist()
    return f"{name}[{row}, {column}] is {values[row, column]}"
