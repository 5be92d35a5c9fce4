"""A user's own samples for a perceptron, from an ``.npz`` file, checked before use."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.data.problem import Problem, Samples
from dualspike.golden.data.splits import HELD_OUT, HELD_OUT_PART, OF_ALL, held_out
from dualspike.golden.data.units import input_units, target_units
from dualspike.golden.files.arrays import array_names, listed, named, read_arrays
from dualspike.golden.numeric import Doubles
from dualspike.model.description.data import SOURCES, Data
from dualspike.model.errors import BadInput, meant

KIND, NAMES = "an .npz archive with arrays x and y", ("x", "y")


def read_samples(data: Data, n_in: int, n_out: int) -> Problem:
    """The problem in the ``.npz`` of ``data``, x [N, n_in] and y [N, n_out], named as the file is.

    It is tested on x_test and y_test, or where there are none on the part that `held_out` takes,
    which is not trained on then. Raises BadInput with the path for a file that is missing,
    unreadable or no ``.npz``, for arrays that are missing, empty, misshapen, not numeric or not
    finite, for too few samples to hold one out, and for y all 0, also in what is tested on, whose
    relative error would be x / 0.
    """
    path = data.path
    assert path is not None
    held = check_answered(path)
    units = target_units(data, n_out)
    every = read_targets(data, n_in, n_out)
    tests = [f"{name}_test" for name in NAMES]
    if set(tests) & set(held):
        named(path, held, tests)
        test = _part(data, tests, n_in, n_out)
        return Problem(path.stem, "mlp", every, every, test, (None,), units=units)
    (x,), y = every.inputs, every.target
    if len(y) < HELD_OUT:
        raise BadInput(
            f"{path}: x must have {HELD_OUT} rows or more, of which one in {HELD_OUT} is held out"
            f" to be tested on, or give x_test and y_test, not {len(y)}"
        )
    out = held_out(np.zeros(len(y), np.int64))
    if not units.given(y[out]).any():
        raise BadInput(
            f"{path}: y must not be 0 in all rows that are held out to be tested on, the relative"
            " error would be x / 0: give x_test and y_test"
        )
    train, test = (
        Samples((x[rows],), y[rows], rows) for rows in (np.flatnonzero(~out), np.flatnonzero(out))
    )
    return Problem(
        path.stem,
        "mlp",
        train,
        train,
        test,
        (None,),
        units=units,
        test_set=HELD_OUT_PART,
        split=OF_ALL,
    )


def check_answered(path: Path) -> list[str]:
    """The names of all arrays; BadInput without x and y where no labels were found."""
    held = array_names(path, KIND)
    if not set(NAMES) <= set(held):
        raise BadInput(f"{path} must hold x, and y or labels, it holds {listed(held)}")
    return held


def scaled(samples: Samples, data: Data) -> Samples:
    """With inputs as a network is given them; raises BadInput for lists of another length."""
    (x,) = samples.inputs
    x = input_units(data, x.shape[-1]).stored(x)
    return Samples((x,), samples.target, samples.rows)


def read_inputs(data: Data, n_in: int, n_out: int) -> Samples | None:
    """The x [N, n_in] of an ``.npz`` without answers, which are 0 then; None for any other."""
    path = data.path
    assert path is not None
    held = array_names(path, KIND)
    if "x" not in held or {"y", "labels"} & set(held):
        return None
    x = _checked(path, "x", read_arrays(path, ["x"], KIND)["x"], None, n_in)
    return scaled(Samples((x,), np.zeros((len(x), n_out))), data)


def read_targets(data: Data, n_in: int, n_out: int) -> Samples:
    """x [N, n_in] and y [N, n_out] of a file, scaled; raises BadInput as `read_samples` does."""
    return _part(data, NAMES, n_in, n_out)


def _part(data: Data, names: Sequence[str], n_in: int, n_out: int) -> Samples:
    """The samples in two arrays of a file, as a network is given them."""
    path = data.path
    assert path is not None
    arrays = read_arrays(path, names, KIND)
    x_name, y_name = names
    x = _checked(path, x_name, arrays[x_name], None, n_in)
    y = _checked(path, y_name, arrays[y_name], len(x), n_out)
    if not y.any():
        raise BadInput(
            f"{path}: {y_name} must not be 0 everywhere, the relative error would be x / 0"
        )
    return scaled(Samples((x,), target_units(data, n_out).stored(y)), data)


def check_source(path: Path) -> None:
    """Raise BadInput unless the path can be opened; the line says what else a source may be."""
    try:
        path.open("rb").close()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "unreadable"
        raise BadInput(
            "data.source must be hat, the name of a data set or a readable .npz or .csv file, not"
            f" {path}: {reason}{meant(path.name, SOURCES)}"
        ) from error


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


def first_place(
    name: str,
    values: Doubles,
    bad: NDArray[np.bool_],
    rows: NDArray[np.integer[Any]] | None = None,
) -> str:
    """Where the first bad value is, and what it is; ``rows`` are the numbers of its first axis."""
    places = np.argwhere(bad)
    numbers = places[:, 0] if rows is None else rows[places[:, 0]]
    first = int(numbers.argmin())
    place = tuple(places[first].tolist())
    return f"{name}{[int(numbers[first]), *place[1:]]} is {values[place]}"
