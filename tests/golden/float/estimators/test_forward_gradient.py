"""Forward gradients against back-propagation: exact over all signs, by z-score over draws."""

import itertools
from typing import Any

import numpy as np
import pytest

from dualspike.golden.float.estimators.directions import Distribution, Structure
from dualspike.golden.float.estimators.forward_gradient import ForwardGradient
from dualspike.golden.float.hidden import Scope
from dualspike.golden.float.model import Inputs, Model
from dualspike.golden.keys import Purpose
from dualspike.golden.numeric import Floats
from dualspike.model.description.network import Network
from dualspike.model.description.operator import Operator
from tests.golden.chance import bound
from tests.refusals import refusal

Given = tuple[Model, Floats, Inputs, Floats]

DISTRIBUTIONS: list[Distribution] = ["rademacher", "gaussian", "lfsr"]
STRUCTURES: list[Structure] = ["independent", "factored"]
SCOPES: list[Scope] = ["layer", "global"]
KEY = (1, 2)


def given(operator: Operator, *, local: bool = False) -> Given:
    model = Model(operator, local=local)
    rng = np.random.default_rng(1)
    rows = [5, 4][: len(operator.parts)]
    inputs = tuple(
        rng.uniform(-1, 1, (n, p.layers[0])) for n, p in zip(rows, operator.parts, strict=True)
    )
    shape = rows if len(rows) == 2 else (5, operator.parts[0].layers[-1])
    return model, 2.5 * model.start(1), inputs, rng.uniform(-1, 1, shape)


SMALL = Operator(parts=[Network(layers=[1, 2, 1], time_steps=6, threshold=0.6)])
MLP = Operator(parts=[Network(layers=[2, 4, 3, 2], time_steps=9, threshold=0.7)])
DEEPONET = Operator(
    kind="deeponet",
    parts=[Network(layers=[3, 4, 2], time_steps=5), Network(layers=[1, 3, 2], time_steps=6)],
)


def all_signs(count: int) -> Floats:
    return np.array(list(itertools.product((1.0, -1.0), repeat=count)))


def every_direction(structure: Structure, model: Model) -> Floats:
    """Every direction of signs a structure can give, [K, N], each as often as it is likely."""
    if structure == "independent":
        return all_signs(model.layout.size)
    layers: list[Floats] = []
    for slot in model.layout.layers:
        signs = all_signs(slot.n_out + 1 + slot.n_in)
        r, c = signs[:, : slot.n_out, None], signs[:, None, slot.n_out :]
        w = (r * c[..., 1:]).reshape(len(signs), -1)
        layers.append(np.concatenate([w, r[..., 0] * c[..., 0]], axis=1))
    return np.array([np.concatenate(parts) for parts in itertools.product(*layers)])


def single_estimates(estimator: ForwardGradient, case: Given, v: Floats) -> Floats:
    """The estimate from every direction by itself, [K, N]."""
    model = case[0]
    _, slopes = estimator.slopes(*case, v, KEY)
    return np.array(
        [estimator.combine(model, v[k : k + 1], slopes[k : k + 1]) for k in range(len(v))]
    )


def norms(g: Floats, model: Model, scope: Scope) -> Floats:
    """For every parameter the squared norm of the gradient that is perturbed with it."""
    if scope == "global":
        return np.full(len(g), g @ g)
    parts = [g[s.slice] for s in model.layout.layers]
    return np.concatenate([np.full(len(part), part @ part) for part in parts])


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("scope", SCOPES)
def test_unbiased_over_all_directions(scope: Scope, structure: Structure) -> None:
    """Every direction there is, each once: mean and second moment are exact."""
    case = given(SMALL)
    model = case[0]
    g = model.gradient(*case[1:], KEY)[1]
    v = every_direction(structure, model)
    estimator = ForwardGradient(scope)
    _, slopes = estimator.slopes(*case, v, KEY)
    np.testing.assert_allclose(estimator.combine(model, v, slopes), g, rtol=1e-11, atol=1e-13)
    squares = (single_estimates(estimator, case, v) ** 2).mean(axis=0)
    np.testing.assert_allclose(squares, norms(g, model, scope), rtol=1e-11)


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize(("operator", "local"), [(MLP, False), (DEEPONET, True)])
def test_unbiased_as_drawn(
    operator: Operator,
    local: bool,
    scope: Scope,
    structure: Structure,
    distribution: Distribution,
) -> None:
    """Every parameter's mean and second moment, |grad|^2 for signs, of what is perturbed.

    So variances are |grad|^2 - g_i^2 for signs; for normal factors they are measured.
    """
    case = given(operator, local=local)
    model = case[0]
    g = model.gradient(*case[1:], KEY)[1]
    count = 2000 if distribution == "lfsr" else 4000
    estimator = ForwardGradient(scope, count, distribution, structure)
    single = single_estimates(estimator, case, estimator.draw(model, (11,)))
    squares = norms(g, model, scope)
    variance = single.var(axis=0) if distribution == "gaussian" else squares - g**2
    z = (single.mean(axis=0) - g) / np.sqrt(np.maximum(variance, 1e-30) / count)
    z[variance < 1e-20] = 0  # a layer of one parameter, or one without any gradient
    assert np.abs(z).max() < bound(len(g))
    # E[(grad v)^2 v_i^2]: signs have v_i^2 = 1; for normals, E[v_i^4] = 3 adds 2 g_i^2.
    if distribution != "gaussian":
        expected = squares
    elif structure == "independent":
        expected = squares + 2 * g**2
    else:
        return
    deviation = (single**2).std(axis=0) / np.sqrt(count) + 1e-15
    z = ((single**2).mean(axis=0) - expected) / deviation
    assert np.abs(z).max() < bound(len(g))


@pytest.mark.parametrize("mistake", ["more often up", "one sign for a row", "a sum of 3 lanes"])
def test_a_wrong_estimator_is_caught(mistake: str) -> None:
    case = given(MLP)
    model = case[0]
    g = model.gradient(*case[1:], KEY)[1]
    rng = np.random.default_rng(11)
    v = 1.0 - 2 * rng.integers(0, 2, (2000, len(g)))
    if mistake == "more often up":
        v = np.where(rng.random(v.shape) < 0.7, 1.0, -1.0)
    elif mistake == "one sign for a row":
        for slot in model.layout.layers:
            w, _ = slot.split(v)
            w[:] = w[..., :1]
    single = single_estimates(ForwardGradient("global"), case, v)
    if mistake == "a sum of 3 lanes":
        single *= 3
    z = (single.mean(axis=0) - g) / np.sqrt((g @ g - g**2) / len(v))
    assert np.abs(z).max() > 2 * bound(len(g))


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("scope", SCOPES)
def test_lanes_are_averaged(scope: Scope, structure: Structure, distribution: Distribution) -> None:
    """g = mean over k of v_k <grad, v_k>, by parameter or by layer, for the key's directions."""
    case = given(DEEPONET)
    model = case[0]
    loss, grad = model.gradient(*case[1:], KEY)
    estimator = ForwardGradient(scope, 3, distribution, structure)
    value, g = estimator.gradient(*case, KEY)
    v = estimator.draw(model, KEY)
    slots = [s.slice for s in model.layout.layers] if scope == "layer" else [slice(None)]
    for slot in slots:
        expected = sum(d[slot] * (d[slot] @ grad[slot]) for d in v) / 3
        np.testing.assert_allclose(g[slot], expected, rtol=1e-10, atol=1e-13)
    assert value == pytest.approx(loss, rel=1e-14)


def test_draws_depend_on_the_key_alone() -> None:
    case = given(MLP)
    estimator = ForwardGradient(directions=2)
    first = estimator.gradient(*case, (1, 5))[1]
    estimator.gradient(*case, (1, 6))
    assert (estimator.gradient(*case, (1, 5))[1] == first).all()
    assert (estimator.gradient(*case, (2, 5))[1] != first).any()
    rng = np.random.default_rng([1, 5, Purpose.DIRECTIONS])
    expected = 1.0 - 2 * rng.integers(0, 2, (2, case[0].layout.size), np.int8)
    assert (estimator.draw(case[0], (1, 5)) == expected).all()


def test_slopes_can_be_found_apart() -> None:
    """Two workers with the key and a share of the directions each, one sum of their slopes."""
    case = given(DEEPONET, local=True)
    model = case[0]
    for scope in SCOPES:
        estimator = ForwardGradient(scope, 5)
        v = estimator.draw(model, KEY)
        shares = [estimator.slopes(*case, v[rows], KEY)[1] for rows in (slice(2), slice(2, 5))]
        g = estimator.combine(model, v, np.concatenate(shares))
        np.testing.assert_allclose(g, estimator.gradient(*case, KEY)[1], rtol=1e-12, atol=1e-15)


def test_float32_stays_float32() -> None:
    model = Model(MLP, dtype=np.float32)
    rng = np.random.default_rng(1)
    given = (model.start(1), (rng.uniform(-1, 1, (4, 2)),), rng.uniform(-1, 1, (4, 2)))
    for scope in SCOPES:
        for distribution in DISTRIBUTIONS:
            estimator = ForwardGradient(scope, 2, distribution)
            assert estimator.gradient(model, *given, KEY)[1].dtype == np.float32


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"scope": "chip"}, "scope must be one of layer, global, not 'chip'"),
        (
            {"distribution": "cauchy"},
            "distribution must be one of rademacher, gaussian, lfsr, not 'cauchy'",
        ),
        ({"structure": "full"}, "structure must be one of independent, factored, not 'full'"),
        ({"directions": 0}, "directions must be in [1, 65536], not 0"),
        ({"directions": 65537}, "directions must be in [1, 65536], not 65537"),
    ],
)
def test_bad_settings(settings: dict[str, Any], line: str) -> None:
    assert refusal(ForwardGradient, **settings) == line
