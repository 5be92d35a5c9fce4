"""A user's samples without test samples: one in five is held out, always the same ones."""

import numpy as np
import pytest

from dualspike.golden.data.load import load_problem
from dualspike.model.description.description import Description
from dualspike.model.description.load import describe
from tests.refusals import refusal

pytestmark = pytest.mark.usefixtures("here")


def described(seed: int = 1) -> Description:
    tables = {
        "network": {"layers": [2, 3, 1]},
        "learning": {"seed": seed},
        "data": {"source": "data.npz"},
    }
    return describe(tables, "test")


def complaint(x: np.ndarray, y: np.ndarray) -> str:
    np.savez("data.npz", x=x, y=y)
    return refusal(load_problem, described())


def test_a_split_that_cannot_be_is_one_line() -> None:
    x, y = np.ones((5, 2)), np.ones((5, 1))
    assert complaint(x[:4], y[:4]) == (
        "data.npz: x must have 5 rows or more, of which one in 5 is held out to be tested on, or"
        " give x_test and y_test, not 4"
    )
    y[np.random.default_rng(0).permutation(5)[0]] = 0
    assert complaint(x, y) == (
        "data.npz: y must not be 0 in all rows that are held out to be tested on, the relative"
        " error would be x / 0: give x_test and y_test"
    )


@pytest.mark.parametrize("rows", [5, 9, 10, 101])
def test_rows_are_trained_on_or_tested_on(rows: int) -> None:
    x, y = np.linspace(-1, 1, 2 * rows).reshape(rows, 2), np.ones((rows, 1))
    np.savez("data.npz", x=x, y=y)
    data = load_problem(described(rows))
    train, test = (part.inputs[0].tolist() for part in (data.train, data.test))
    assert len(test) == rows // 5 and sorted(train + test) == x.tolist()
