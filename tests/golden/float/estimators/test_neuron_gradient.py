"""Gradients along neurons: exact over all signs, by z-score over draws, and their variance."""

import itertools
from typing import Any

import numpy as np
import pytest

from dualspike.golden.float.estimators.directions import Distribution
from dualspike.golden.float.estimators.neuron_gradient import NeuronGradient, along, expectation
from dualspike.golden.float.model import Inputs, Model
from dualspike.golden.keys import Purpose
from dualspike.golden.numeric import Floats
from dualspike.model.description.network import Network, Surrogate
from dualspike.model.description.operator import Operator
from tests.golden.chance import bound, z_scores
from tests.refusals import refusal

Given = tuple[Model, Floats, Inputs, Floats]

DISTRIBUTIONS: list[Distribution] = ["rademacher", "gaussian", "lfsr"]
KEY = (1, 2)


def net(*layers: int, **settings: Any) -> Network:
    return Network(layers=list(layers), **{"time_steps": 7, "threshold": 0.6, **settings})


ONE = Operator(parts=[net(2, 4, 3)])
LEAKY = Operator(parts=[net(2, 4, 3, leak=0.8, reset="attached")])
STEIN = Operator(parts=[net(2, 4, 3, surrogate=Surrogate(kind="stein", samples=9))])
DEEP = Operator(parts=[net(2, 5, 4, 2)])
DEEPONET = Operator(kind="deeponet", parts=[net(3, 4, 2), net(1, 3, 2, time_steps=5)])
SEPONET = Operator(kind="seponet", parts=[net(3, 4, 2), net(1, 3, 2), net(1, 2, 2)])
CONSTANT = [(ONE, False), (LEAKY, False), (STEIN, True), (DEEPONET, True), (SEPONET, False)]
"""With one hidden layer and inputs that are the same at every step; local losses or not."""


def given(operator: Operator, *, local: bool = False) -> Given:
    model = Model(operator, local=local)
    rng = np.random.default_rng(1)
    rows = [3, 4, 2][: len(operator.parts)]
    inputs = tuple(
        rng.uniform(-1, 1, (n, p.layers[0])) for n, p in zip(rows, operator.parts, strict=True)
    )
    shape = rows if len(rows) > 1 else (3, operator.parts[0].layers[-1])
    return model, 2.5 * model.start(1), inputs, rng.uniform(-1, 1, shape)


def single_estimates(case: Given, v: list[Floats]) -> Floats:
    """The estimate of every direction by itself, [K, N]."""
    _, g, found = case[0].neuron_slopes(*case[1:], v, KEY)
    single = np.repeat(g[None], len(v[0]), axis=0)
    for one, signs in zip(found, v, strict=True):
        q = one.slopes[:, :, None] * signs
        weights, biases = one.slot.split(single)
        weights[:] = np.einsum("kbi,bj->kij", q, one.sent)
        biases[:] = q.sum(axis=1)
    return single


@pytest.mark.parametrize(("operator", "local"), CONSTANT)
def test_without_bias_over_all_signs(operator: Operator, local: bool) -> None:
    """The mean over every pattern of signs of a layer, for every sample, is the gradient."""
    case = given(operator, local=local)
    model = case[0]
    g = model.gradient(*case[1:], KEY)[1]
    widest = max(slot.n_out for slot in model.hidden_slots)
    signs = np.array(list(itertools.product((1.0, -1.0), repeat=widest)))
    v = [
        np.repeat(signs[:, None, : slot.n_out], len(case[2][slot.part]), axis=1)
        for slot in model.hidden_slots
    ]
    loss, found = along(*case, v, KEY)
    np.testing.assert_allclose(found, g, rtol=1e-11, atol=1e-13)
    assert loss == model.loss(*case[1:], KEY)
    for slot in model.hidden_slots:
        assert np.abs(g[slot.slice]).max() > 1e-3


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
@pytest.mark.parametrize(("operator", "local"), [*CONSTANT, (DEEP, False), (DEEP, True)])
def test_without_bias_as_drawn(operator: Operator, local: bool, distribution: Distribution) -> None:
    """By z-score against the gradient; where spikes are sent, against `expectation`."""
    case = given(operator, local=local)
    model = case[0]
    expected, _ = expectation(*case, KEY)
    if operator is not DEEP:
        np.testing.assert_allclose(expected, model.gradient(*case[1:], KEY)[1], atol=1e-13)
    estimator = NeuronGradient(2000 if distribution == "lfsr" else 6000, distribution)
    single = single_estimates(case, estimator.draw(model, case[2], (11,)))
    drawn = single.std(axis=0) > 1e-10
    hidden = np.zeros(model.layout.size, bool)
    for slot in model.hidden_slots:
        hidden[slot.slice] = True
    assert not (drawn & ~hidden).any() and drawn.sum() > hidden.sum() / 2
    np.testing.assert_allclose(single[0, ~drawn], expected[~drawn], atol=1e-9)
    z = z_scores(single[:, drawn], expected[drawn])
    assert np.abs(z).max() < bound(len(expected))
    wrong = z_scores(1.3 * single[:, drawn], expected[drawn])
    assert np.abs(wrong).max() > 2 * bound(len(expected))


@pytest.mark.parametrize("directions", [1, 4])
@pytest.mark.parametrize("operator", [ONE, DEEPONET, DEEP])
def test_variance_is_the_formula(operator: Operator, directions: int) -> None:
    """E|g - E g|^2; gaussian signs have n + 1 in place of n - 1, so more."""
    case = given(operator)
    model = case[0]
    expected, variance = expectation(*case, KEY)
    squares: list[Floats] = []
    for distribution in DISTRIBUTIONS[:2]:
        v = NeuronGradient(8000, distribution).draw(model, case[2], (12,))
        single = single_estimates(case, v).reshape(-1, directions, len(expected))
        squares.append(np.square(single.mean(axis=1) - expected).sum(axis=1))
    z = z_scores(squares[0][:, None], np.array([variance / directions]))
    assert np.abs(z).max() < bound(6)
    assert np.abs(z_scores(squares[0][:, None], np.array([1.2 * variance / directions]))) > 3
    assert squares[1].mean() > 1.3 * squares[0].mean()


def test_the_bias_of_spikes_is_small_and_there() -> None:
    """The hat's network at its start: a layer that is sent spikes hears of their rates alone."""
    model = Model(Operator(parts=[net(2, 16, 16, 1, time_steps=32, threshold=1.0)]))
    rng = np.random.default_rng(3)
    inputs = (rng.uniform(-1, 1, (64, 2)),)
    case = (model, 2 * model.start(1), inputs, rng.uniform(-1, 1, (64, 1)))
    g = model.gradient(*case[1:], KEY)[1]
    found, _ = expectation(*case, KEY)
    first, second, readout = model.layout.layers
    for slot in (first, readout):
        np.testing.assert_allclose(found[slot.slice], g[slot.slice], rtol=1e-9, atol=1e-12)
    weights, biases = second.split(found - g)
    np.testing.assert_allclose(biases, 0, atol=1e-12)
    size = np.linalg.norm(weights) / np.linalg.norm(second.split(g)[0])
    assert 1e-4 < size < 0.2


def test_lanes_are_averaged() -> None:
    case = given(DEEP)
    model = case[0]
    estimator = NeuronGradient(3)
    loss, g = estimator.gradient(*case, KEY)
    v = estimator.draw(model, case[2], KEY)
    np.testing.assert_allclose(g, single_estimates(case, v).mean(axis=0), rtol=1e-12, atol=1e-15)
    assert loss == model.gradient(*case[1:], KEY)[0]


def test_draws_depend_on_the_key_alone() -> None:
    case = given(DEEPONET)
    model, estimator = case[0], NeuronGradient(2)
    first = estimator.gradient(*case, (1, 5))[1]
    estimator.gradient(*case, (1, 6))
    assert (estimator.gradient(*case, (1, 5))[1] == first).all()
    assert (estimator.gradient(*case, (2, 5))[1] != first).any()
    rng = np.random.default_rng([1, 5, Purpose.DIRECTIONS])
    for v, shape in zip(estimator.draw(model, case[2], (1, 5)), ((3, 4), (4, 3)), strict=True):
        assert (v == 1.0 - 2 * rng.integers(0, 2, (2, *shape), np.int8)).all()


def test_float32_stays_float32() -> None:
    model = Model(DEEP, dtype=np.float32)
    rng = np.random.default_rng(1)
    given = (model.start(1), (rng.uniform(-1, 1, (4, 2)),), rng.uniform(-1, 1, (4, 2)))
    assert NeuronGradient(2, "lfsr").gradient(model, *given, KEY)[1].dtype == np.float32


def test_bad_settings() -> None:
    assert refusal(NeuronGradient, 0) == "directions must be in [1, 65536], not 0"
    known = "rademacher, gaussian, lfsr"
    line = f"distribution must be one of {known}, not 'uniform'"
    uniform: Any = "uniform"
    assert refusal(NeuronGradient, 1, uniform) == line
