"""Estimators at equal cost: predictions by sums over all draws and by z-score."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pytest

from dualspike.golden.experiments.estimator import theory
from dualspike.golden.experiments.estimator.case import Case, cases, mean_of
from dualspike.golden.experiments.estimator.comparison import LANES, Compared, compare, ways
from dualspike.golden.experiments.estimator.further import walsh
from dualspike.golden.experiments.paper.methods import Experiment
from dualspike.golden.experiments.paper.settings import PaperSettings
from dualspike.golden.numeric import Floats

Small = Callable[..., PaperSettings]
DRAWS = 512
FALSE_ALARM = 1e-3


def trained(small: Small, name: Experiment) -> Case:
    return list(cases(small(name, floor=None), 1, 20))[1]


def bound(tests: int) -> float:
    """Largest |z| allowed for that many tests at once (Bonferroni)."""
    return NormalDist().inv_cdf(1 - FALSE_ALARM / (2 * tests))


@pytest.mark.parametrize("name", ["hat", "poisson"])
def test_predictions_hold_and_others_do_not(name: Experiment, small: Small) -> None:
    case = trained(small, name)
    found = compare(case, DRAWS)
    assert len(found) == 8 * len(LANES) - 1
    assert max(abs(value.z) for one in found for value in (one.variance, one.along)) < bound(
        2 * len(found)
    )
    assert max(one.bias for one in found if one.directions == 1) < bound(8 * case.theta.size)
    wrong = [replace(one.variance, predicted=3 * one.variance.predicted) for one in found]
    assert all(abs(value.z) > 4 for value in wrong if value.error)


def by_name(found: list[Compared], directions: int) -> dict[str, Compared]:
    return {one.estimator: one for one in found if one.directions == directions}


def test_what_is_worth_what(small: Small) -> None:
    """Of Poisson's small network, 6 and 5 neurons, 16 directions are whole blocks of 8."""
    case = trained(small, "poisson")
    rows = by_name(compare(case, 64), 16)
    assert rows["RFG-L"].gain == rows["RFG-L"].arithmetic == 1
    assert rows["RFG-N, orthogonal"].variance.measured < 1e-20
    assert rows["RFG-N, orthogonal"].arithmetic == rows["RFG-N"].arithmetic < 1
    assert rows["fresh signs"].arithmetic > rows["control, last estimate"].arithmetic > 1
    one = rows["RFG-N"]
    worth = [row.variance.measured * row.arithmetic for row in (rows["RFG-L"], one)]
    assert one.gain == pytest.approx(worth[0] / worth[1])
    predicted = {way.name: [way.predicted(k) for k in (4, 16)] for way in ways(case)}
    twice = [2 * size for size in predicted["RFG-L"]]
    assert predicted["antithetic"] == pytest.approx(twice)
    assert predicted["control, last gradient"][0] < predicted["control, last estimate"][0]


@pytest.mark.parametrize("name", ["hat", "poisson", "reaction-diffusion"])
def test_rows_add_up_to_the_gradient(name: Experiment, small: Small) -> None:
    case = trained(small, name)
    whole = np.concatenate([rows.sum(axis=0) for rows in case.by_row])
    np.testing.assert_allclose(whole, case.gradient, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("width", [1, 5, 8])
def test_a_block_of_directions_is_an_identity(width: int) -> None:
    order = theory.block_of(width)
    v = walsh(2 * order + 1, width, np.random.default_rng(1))
    assert set(np.unique(v)) <= {-1.0, 1.0} and v.shape == (2 * order + 1, width)
    for block in (v[:order], v[order : 2 * order]):
        assert (block.T @ block == order * np.eye(width)).all()
    assert (v[0] != v[order]).any() or width == 1


def pairs(width: int) -> list[Floats]:
    """All pairs of rows that `walsh` may draw, [2, width]."""
    order = theory.block_of(width)
    h = np.array([[(-1) ** (a & b).bit_count() for b in range(width)] for a in range(order)])
    rows = itertools.permutations(range(order), 2)
    signs = list(itertools.product((1.0, -1.0), repeat=width))
    return [h[[a, b]] * np.array(d) for a, b in rows for d in signs]


def test_two_orthogonal_directions_exactly() -> None:
    """Over all pairs of a block: of weights, and of neurons of two samples."""
    g = np.array([1.0, -2, 0.5])
    off = [np.square((v.T @ (v @ g)) / 2 - g).sum() / (g @ g) for v in pairs(3)]
    assert np.mean(off) == pytest.approx(2 / 2 * theory.left(2, 3), rel=1e-12)
    q, sent = np.array([[1.0, -2, 0.5], [0.3, 1, 1]]), np.array([[0.5, 2], [1.0, -1]])
    found = [
        np.square(sum(np.outer(v[b] * (v[b] @ q[b]) - q[b], [1, *sent[b]]) for b in (0, 1))).sum()
        for v in pairs(3)
    ]
    expected = theory.neurons(q, sent, 1, orthogonal=True)
    assert np.mean(found) == pytest.approx(expected, rel=1e-12)
    assert expected != pytest.approx(theory.neurons(q, sent, 1), rel=0.01)


def test_no_orthogonal_directions_are_left_after_whole_blocks() -> None:
    assert theory.left(1, 100) == 1 and theory.left(8, 5) == theory.left(16, 8) == 0
    assert theory.left(3, 1) == 1  # a sign squared is 1: nothing varies


def test_differences_by_rounding_are_none() -> None:
    assert mean_of(1.0, np.array([1.0, 1 + 1e-13, 1.0])).z == 0
