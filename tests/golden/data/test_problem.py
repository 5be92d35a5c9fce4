"""Batches: rows that belong together, drawn without replacement, by the key alone."""

import math
from dataclasses import replace

import numpy as np
import pytest

from dualspike.golden.data.accuracy import mean_relative_l2, relative_l2
from dualspike.golden.data.problem import Kind, Problem, Samples, at_most
from dualspike.golden.numeric import Doubles
from tests.refusals import refusal


def column(n: int, scale: float = 1) -> Doubles:
    return scale * np.arange(n, dtype=float)[:, None]


def problem(kind: Kind, sizes: tuple[int | None, ...]) -> Problem:
    """Targets are sums of their rows' inputs, so that any mismatch shows."""
    match kind:
        case "mlp":
            x = column(20, 100)
            samples = Samples((x,), x + np.arange(3))
        case "deeponet":
            u, points = column(20, 100), column(7)
            samples = Samples((u, points), u + points.T)
        case "seponet":
            u, x, t = column(20, 10_000), column(9, 100), column(6)
            samples = Samples((u, x, t), u[:, None] + x + t.T)
    return Problem("sums", kind, samples, samples, samples, sizes)


@pytest.mark.parametrize(
    ("kind", "sizes", "shape"),
    [
        ("mlp", (4,), (4, 3)),
        ("mlp", (None,), (20, 3)),
        ("deeponet", (5, None), (5, 7)),
        ("deeponet", (5, 7), (5, 7)),
        ("deeponet", (None, 3), (20, 3)),
        ("deeponet", (5, 3), (5, 3)),
        ("seponet", (5, 4, 3), (5, 4, 3)),
        ("seponet", (5, None, 3), (5, 9, 3)),
        ("seponet", (None, 4, None), (20, 4, 6)),
        ("seponet", (None, None, None), (20, 9, 6)),
    ],
)
def test_rows_belong_together(
    kind: Kind, sizes: tuple[int | None, ...], shape: tuple[int, ...]
) -> None:
    inputs, target = problem(kind, sizes).batch((1, 2))
    assert target.shape == shape
    expected = np.zeros(())
    for axis, rows in enumerate(inputs):
        assert rows.shape == (shape[axis], 1)
        assert len(set(rows[:, 0].tolist())) == len(rows)
        expected = expected[..., None] + rows[:, 0]
    if kind == "mlp":
        expected = expected[:, None] + np.arange(3)
    assert (target == expected).all()


def test_only_the_key_counts() -> None:
    sums = problem("seponet", (5, 4, 3))
    first = sums.batch((1, 2))[1]
    other = sums.batch((1, 3))[1]
    assert (sums.batch((1, 2))[1] == first).all()
    assert not (other == first).all()
    assert (sums.train.target == problem("seponet", (5, 4, 3)).train.target).all()


def test_every_row_is_as_likely() -> None:
    """5 of 20 in 4,000 batches: each row 1,000 times, binomial with variance 750."""
    sums = problem("deeponet", (5, None))
    rows = [sums.batch((0, update))[0][0][:, 0] for update in range(4000)]
    counts = np.bincount((np.concatenate(rows) / 100).astype(int), minlength=20)
    assert np.abs((counts - 1000) / math.sqrt(750)).max() < 4.5


def test_widths() -> None:
    assert (problem("mlp", (4,)).n_in, problem("mlp", (4,)).n_out) == ((1,), 3)
    sums = problem("seponet", (5, 4, 3))
    assert (sums.n_in, sums.n_out) == ((1, 1, 1), None)


def test_at_most() -> None:
    assert at_most((50, 9, None), problem("seponet", (5, 4, 3)).train) == (None, 9, None)


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ((5,), "batch sizes of sums must be 2 numbers, not 1"),
        ((0, None), "batch size 0 of sums must be an integer in [1, 20], not 0"),
        ((5, 8), "batch size 1 of sums must be an integer in [1, 7], not 8"),
    ],
)
def test_bad_batch_sizes(sizes: tuple[int | None, ...], message: str) -> None:
    assert refusal(replace, problem("deeponet", (5, None)), batch_sizes=sizes) == message


def test_relative_errors() -> None:
    truth = np.array([[[3.0, 4.0]], [[0.0, 1.0]]])
    y = truth + np.array([[[0.0, 1.0]], [[0.5, 0.0]]])
    assert relative_l2(y, truth) == pytest.approx(math.sqrt(1.25 / 26), rel=1e-15)
    assert mean_relative_l2(y, truth) == pytest.approx((1 / 5 + 0.5) / 2, rel=1e-15)
    assert mean_relative_l2(truth, truth) == 0
