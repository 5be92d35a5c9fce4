"""Baselines have the errors that they must have; the paired test those of its definition."""

from itertools import product
from statistics import fmean

import numpy as np
import pytest

from dualspike.golden.data.problem import build
from dualspike.golden.experiments.cost.count import Count
from dualspike.golden.experiments.cost.equal import equal_updates
from dualspike.golden.experiments.cost.gradient import backpropagation, forward_gradient
from dualspike.golden.experiments.paper.baselines import baselines
from dualspike.golden.experiments.paper.methods import METHODS, Experiment
from dualspike.golden.experiments.paper.pairs import flipped, paired
from dualspike.golden.experiments.paper.settings import load_settings
from dualspike.golden.float.model import Model
from dualspike.golden.float.tanh import TanhHidden


def test_the_hats() -> None:
    """A hat is even in x and y: a plane does no better than its mean. Powers of x and y are fitted
    by NumPy's own polynomials here."""
    problem = build(load_settings("hat").problem)
    constant, plane, polynomial = baselines(problem)
    assert (constant.numbers, plane.numbers, polynomial.numbers) == (1, 3, 28)
    assert constant.error == pytest.approx(plane.error, rel=1e-2)
    (x,), y = problem.train.inputs, problem.train.target
    every = np.polynomial.polynomial.polyvander2d(x[:, 0], x[:, 1], [6, 6]).reshape(len(x), 7, 7)
    some = [(i, j) for i, j in product(range(7), repeat=2) if i + j <= 6]
    fitted = np.linalg.lstsq(every[:, *zip(*some, strict=True)], y, rcond=None)[0]
    (x,), y = problem.test.inputs, problem.test.target
    every = np.polynomial.polynomial.polyvander2d(x[:, 0], x[:, 1], [6, 6]).reshape(len(x), 7, 7)
    error = np.linalg.norm(every[:, *zip(*some, strict=True)] @ fitted - y) / np.linalg.norm(y)
    assert polynomial.error == pytest.approx(error, rel=1e-6)


def test_poisson_is_linear() -> None:
    """Least squares solves it; three of eleven numbers leave the tail of the field out."""
    constant, linear, components = baselines(build(load_settings("poisson").problem))
    assert linear.error < 1e-12
    assert constant.error == pytest.approx(1, abs=0.01)
    assert 0.01 < components.error < 0.05 and components.numbers == 4 * 26


def test_p_of_pairs() -> None:
    """All signs; the largest mean is one of 2^n, with its mirror image."""
    assert [flipped([0.1 * n for n in range(1, k)]) for k in (2, 3, 6)] == [1, 0.5, 2 / 32]
    assert flipped([1.0, -1.0, 0.5]) == fmean(
        abs(a - b + c / 2) >= 0.5 for a, b, c in product((1, -1), repeat=3)
    )
    pair = paired("a", {1: 0.3, 2: 0.2, 3: float("inf")}, "b", {2: 0.1, 1: 0.1, 3: 0.1})
    assert (pair.mean, pair.seeds) == (pytest.approx(0.15), 2)


@pytest.mark.parametrize("name", METHODS)
def test_equal_updates_cost_the_same(name: Experiment) -> None:
    settings = load_settings(name)
    operator, batch = settings.operator, settings.batch_rows
    bp: Count = backpropagation(operator, batch)
    for k in (1, 4):
        updates = equal_updates("arithmetic", 10_000, operator, batch, "layer", k)
        one = forward_gradient(operator, batch, "layer", k)
        assert updates * one.sparse == pytest.approx(10_000 * bp.sparse, rel=1e-3)
        assert equal_updates("passes", 10_000, operator, batch, "layer", k) == 10_000 // k


def test_a_network_without_spikes_has_its_gradient() -> None:
    """Against differences; forward mode along directions and neurons agrees with reverse mode."""
    operator = load_settings("reaction-diffusion").operator
    rng = np.random.default_rng(1)
    model = Model(operator, hidden=TanhHidden)
    theta = model.start(1)
    inputs = tuple(rng.normal(size=(4, part.layers[0])) for part in operator.parts)
    target = rng.normal(size=(4, 4, 4))
    g = model.gradient(theta, inputs, target)[1]
    for n in rng.choice(len(theta), 40):
        step = np.zeros_like(theta)
        step[n] = 1e-6
        up, down = (model.loss(theta + s, inputs, target) for s in (step, -step))
        assert g[n] == pytest.approx((up - down) / 2e-6, rel=1e-4, abs=1e-9)
    v = rng.normal(size=(3, len(theta)))
    along = model.slopes(theta, inputs, target, v, "global")[1][:, 0]
    np.testing.assert_allclose(along, v @ g, rtol=1e-9)
    layers = model.slopes(theta, inputs, target, v, "layer")[1]
    np.testing.assert_allclose(layers.sum(axis=1), v @ g, rtol=1e-9)
