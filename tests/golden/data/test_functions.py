"""A user's own functions: both kinds of file, the split, and every complaint word for word."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import ArrayLike

from dualspike.golden.data.functions import read_functions
from tests.refusals import refusal

pytestmark = pytest.mark.usefixtures("here")


def written(**arrays: ArrayLike) -> Path:
    path = Path("own.npz")
    np.savez(path, allow_pickle=False, **{k: np.asarray(v) for k, v in arrays.items()})
    return path


def complaint(**arrays: ArrayLike) -> str:
    return refusal(read_functions, written(**arrays))


U = np.arange(33.0).reshape(11, 3)
POINTS = np.arange(8.0).reshape(4, 2)
Y = np.arange(44).reshape(11, 4)


@pytest.mark.parametrize("kind", ["<f8", ">f4", "i2"])
def test_deeponet(kind: str) -> None:
    problem = read_functions(written(u=U.astype(kind), points=POINTS.astype(kind), y=Y))
    assert (problem.name, problem.kind, problem.n_in) == ("own", "deeponet", (3, 2))
    assert problem.batch_sizes == (None, None)
    for samples, rows in (
        (problem.train, slice(0, 7)),
        (problem.validation, slice(7, 9)),
        (problem.test, slice(9, 11)),
    ):
        assert [array.dtype for array in (*samples.inputs, samples.target)] == [np.float64] * 3
        assert (samples.inputs[0] == U[rows]).all()
        assert (samples.inputs[1] == POINTS).all()
        assert (samples.target == Y[rows]).all()


@pytest.mark.parametrize("shape", [(-1,), (-1, 1)])
def test_seponet(shape: tuple[int, ...]) -> None:
    u = np.ones((400, 5))
    y = np.arange(400 * 40 * 6.0).reshape(400, 40, 6)
    x, t = np.linspace(0, 1, 40), np.linspace(0, 2, 6)
    problem = read_functions(written(u=u, x=x.reshape(shape), t=t.reshape(shape), y=y))
    assert (problem.kind, problem.n_in) == ("seponet", (5, 1, 1))
    assert problem.batch_sizes == (50, 32, None)
    assert (problem.train.inputs[1][:, 0] == x).all()
    assert (problem.train.inputs[2][:, 0] == t).all()
    assert (problem.test.target == y[320:]).all()
    inputs, target = problem.batch((0,))
    assert [len(part) for part in inputs] == list(target.shape) == [50, 32, 6]


def test_missing_file() -> None:
    line = "cannot read none.npz: No such file or directory"
    assert refusal(read_functions, Path("none.npz")) == line


def test_bad_arrays() -> None:
    bad = U.copy()
    bad[2, 1] = np.nan
    zero = Y.copy()
    zero[8] = 0
    table = "must have shape [rows, columns], none of them 0, not"
    for found, message in (
        (complaint(u=U, y=Y), "must hold u, points, y, it holds u, y"),
        (complaint(x=U, y=Y), "must hold u, x, t, y, it holds x, y"),
        (complaint(), "must hold u, points, y, it holds nothing"),
        (complaint(u=U[0], points=POINTS, y=Y), f"u {table} [3]"),
        (complaint(u=U[:, :0], points=POINTS, y=Y), f"u {table} [11, 0]"),
        (complaint(u=U, points=POINTS[:0], y=Y), f"points {table} [0, 2]"),
        (
            complaint(u=U, x=POINTS, t=[0], y=Y),
            "x must have shape [rows, 1], none of them 0, not [4, 2]",
        ),
        (complaint(u=U, points=POINTS, y=Y.T), "y must have shape [11, 4], not [4, 11]"),
        (complaint(u=U, x=[0, 1], t=[0], y=Y), "y must have shape [11, 2, 1], not [11, 4]"),
        (
            complaint(u=U[:4], points=POINTS, y=Y[:4]),
            "u must have at least 5 rows (functions), not 4",
        ),
        (complaint(u=bad, points=POINTS, y=Y), "u must be finite, u[2, 1] is nan"),
        (
            complaint(u=U + 1j, points=POINTS, y=Y),
            "u must be integers or real numbers, not complex128",
        ),
        (
            complaint(u=U, points=POINTS, y=zero),
            "y must not be 0 everywhere in functions 7 to 10, kept for validation and test,"
            " y[8] is",
        ),
    ):
        separator = " " if message.startswith("must hold") else ": "
        assert found == f"own.npz{separator}{message}"
