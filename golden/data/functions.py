"""A user's own functions for operator networks, from an ``.npz`` file, checked before use."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.data.problem import Kind, Problem, Samples, at_most
from dualspike.golden.data.splits import HELD_OUT, HELD_OUT_PART, LAST
from dualspike.golden.files.arrays import array_names, finite_floats, read_arrays
from dualspike.golden.numeric import Doubles
from dualspike.model.errors import BadInput

_BATCH = {"deeponet": (200, None), "seponet": (50, 32, 32)}


def read_functions(path: Path) -> Problem:
    """The problem in an ``.npz`` file, named as the file without its suffix.

    - deeponet: u [F, m], points [P, c], y [F, P] with y[f, p] the answer to u[f] at points[p]
    - seponet: u [F, m], x [X], t [T] (or [X, 1], [T, 1]), y [F, X, T]

    The last floor(F / 5) functions are for testing, as many before them for validation, the others
    for training: whoever wants them mixed mixes them before. Batches are 200 functions and all
    points, or 50 functions at 32 x and 32 t, as far as there are so many.

    Raises BadInput with the path for a file that is missing, damaged or no ``.npz``, for arrays
    that are missing, misshapen, not numeric or not finite, for fewer than 5 functions, and for
    y all 0 in a function to be validated or tested on, whose relative error would be x / 0.
    """
    kind: Kind = "seponet" if "x" in array_names(path) else "deeponet"
    names = ("u", "x", "t", "y") if kind == "seponet" else ("u", "points", "y")
    arrays = read_arrays(path, names)
    u = _table(path, "u", arrays["u"])
    if len(u) < HELD_OUT:
        raise BadInput(f"{path}: u must have at least {HELD_OUT} rows (functions), not {len(u)}")
    coordinates = [
        _table(path, name, arrays[name], 1 if kind == "seponet" else None) for name in names[1:-1]
    ]
    y = finite_floats(path, "y", arrays["y"])
    wanted = [len(u), *map(len, coordinates)]
    if list(y.shape) != wanted:
        raise BadInput(f"{path}: y must have shape {wanted}, not {list(y.shape)}")
    held_out = len(u) // HELD_OUT
    ends = len(u) - 2 * held_out, len(u) - held_out
    _no_zeros(path, y, ends[0])
    train, validation, test = (
        Samples((part, *coordinates), truth)
        for part, truth in zip(np.split(u, ends), np.split(y, ends), strict=True)
    )
    sizes = at_most(_BATCH[kind], train)
    parts = train, validation, test
    return Problem(path.stem, kind, *parts, sizes, test_set=HELD_OUT_PART, split=LAST)


def read_inputs_of_functions(path: Path, kind: Kind) -> tuple[Samples, bool]:
    """Functions and points as in `read_functions`, any number of them, and whether ``y`` is there.

    Where it is not, the target is 0. Raises BadInput as `read_functions` does.
    """
    held = array_names(path)
    places = ("x", "t") if kind == "seponet" else ("points",)
    answered = "y" in held
    arrays = read_arrays(path, ["u", *places, *(["y"] if answered else [])])
    width = 1 if kind == "seponet" else None
    inputs = [_table(path, "u", arrays["u"]), *(_table(path, n, arrays[n], width) for n in places)]
    wanted = [len(rows) for rows in inputs]
    y = finite_floats(path, "y", arrays["y"]) if answered else np.zeros(wanted)
    if list(y.shape) != wanted:
        raise BadInput(f"{path}: y must have shape {wanted}, not {list(y.shape)}")
    return Samples(tuple(inputs), y), answered


def _table(path: Path, name: str, array: NDArray[Any], columns: int | None = None) -> Doubles:
    """The array as [rows, columns]; a single row of numbers will do for one column."""
    values = finite_floats(path, name, array)
    if columns == 1 and values.ndim == 1:
        values = values[:, None]
    if values.ndim != 2 or 0 in values.shape or columns not in (None, values.shape[1]):
        wanted = "[rows, columns]" if columns is None else f"[rows, {columns}]"
        raise BadInput(
            f"{path}: {name} must have shape {wanted}, none of them 0, not {list(array.shape)}"
        )
    return values


def _no_zeros(path: Path, y: Doubles, first: int) -> None:
    """Raise BadInput if a function from ``first`` on is all 0."""
    empty = ~y[first:].reshape(len(y) - first, -1).any(axis=1)
    if empty.any():
        row = first + int(np.argmax(empty))
        raise BadInput(
            f"{path}: y must not be 0 everywhere in functions {first} to {len(y) - 1}, kept for"
            f" validation and test, y[{row}] is"
        )
