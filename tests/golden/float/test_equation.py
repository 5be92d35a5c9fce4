"""The energy of Poisson's equation, and the network that has it for a loss."""

from typing import Any

import numpy as np
import pytest

from dualspike.golden.data.problems.poisson import solve_poisson
from dualspike.golden.float.equation import EquationModel, Loss, dual_points, energy, squares
from dualspike.golden.float.estimators.neuron_gradient import each_neuron
from dualspike.golden.numeric import Floats
from dualspike.model.description.network import Network
from dualspike.model.description.operator import Operator
from tests.refusals import refusal

LOSSES = [energy, squares]


def net(*layers: int, **settings: Any) -> Network:
    kept = {"time_steps": 7, "threshold": 0.6, "reset": "attached"}
    return Network(layers=list(layers), **{**kept, **settings})


OPERATOR = Operator(kind="deeponet", parts=[net(3, 4, 2), net(1, 5, 2)])
POINTS = np.linspace(-1, 1, 6)[:, None]


def given(
    loss: Loss, *, spikes: bool
) -> tuple[EquationModel, Floats, tuple[Floats, Floats], Floats]:
    rng = np.random.default_rng(2)
    model = EquationModel(OPERATOR, loss, spikes=spikes)
    inputs = rng.uniform(-1, 1, (3, 3)), dual_points(POINTS)
    return model, 2 * model.start(1), inputs, rng.uniform(-1, 1, (3, 6))


def test_the_solution_has_the_least_energy_by_half_the_square_of_the_difference() -> None:
    grid = np.linspace(-1, 1, 2001)
    g = np.stack([np.cos(3 * grid), 1 + grid**2])
    u = solve_poisson(g)
    off = 0.3 * np.sin(np.pi * grid) * (1 + grid)
    du, d_off = (np.gradient(one, grid, axis=-1) for one in (u, off))
    exact, other = energy(u, du, g)[0], energy(u + off, du + d_off, g)[0]
    # Of every function weighed as the loss does, means in place of integrals of length 2.
    more = sum(float(np.mean(w * d_off**2 / 2)) for w in weights_of(g))
    assert other - exact == pytest.approx(more / len(g), rel=2e-3)


def weights_of(g: Floats) -> Floats:
    squares_of = (g**2).mean(axis=1)
    return squares_of.mean() / (squares_of + 0.1 * squares_of.mean())


def test_u_is_0_at_the_ends_and_its_slope_that_along_the_points() -> None:
    model, theta, inputs, _ = given(energy, spikes=False)
    u, du = model.fields(theta, inputs)
    assert not u[:, [0, -1]].any()
    h = 1e-6
    near = [model.fields(theta, (inputs[0], dual_points(POINTS + s)))[0] for s in (h, -h)]
    np.testing.assert_allclose(du, (near[0] - near[1]) / (2 * h), atol=1e-8)
    np.testing.assert_array_equal(model.predict(theta, inputs), u)


@pytest.mark.parametrize("loss", LOSSES)
def test_the_gradient_is_the_slope_of_a_smooth_network(loss: Loss) -> None:
    model, theta, inputs, target = given(loss, spikes=False)
    value, g = model.gradient(theta, inputs, target)
    assert value == model.loss(theta, inputs, target)
    h = 1e-6
    for n, unit in enumerate(np.eye(len(theta))):
        ends = [model.loss(theta + s * unit, inputs, target) for s in (h, -h)]
        assert g[n] == pytest.approx((ends[0] - ends[1]) / (2 * h), abs=1e-7)


@pytest.mark.parametrize("spikes", [True, False])
@pytest.mark.parametrize("loss", LOSSES)
def test_forward_mode_is_reverse_mode(loss: Loss, spikes: bool) -> None:
    """Slopes along directions of weights, layer by layer, and the mean along neurons."""
    model, theta, inputs, target = given(loss, spikes=spikes)
    g = model.gradient(theta, inputs, target)[1]
    v = np.random.default_rng(4).normal(size=(5, len(theta)))
    table = model.slopes(theta, inputs, target, v, "layer")[1]
    for column, slot in enumerate(model.layout.layers):
        np.testing.assert_allclose(table[:, column], v[:, slot.slice] @ g[slot.slice], atol=1e-12)
    whole = model.slopes(theta, inputs, target, v, "global")[1]
    np.testing.assert_allclose(whole[:, 0], v @ g, atol=1e-12)
    np.testing.assert_allclose(each_neuron(model, theta, inputs, target, (0,))[0], g, atol=1e-12)


@pytest.mark.parametrize("spikes", [True, False])
def test_tangents_of_u_are_those_that_the_loss_moves_by(spikes: bool) -> None:
    """The slope of a loss that hears u alone is that of u times its derivative by u."""
    model, theta, inputs, target = given(squares, spikes=spikes)
    v = np.random.default_rng(6).normal(size=(3, len(theta)))
    u, moved = model.jvp(theta, inputs, v)
    np.testing.assert_array_equal(u, model.predict(theta, inputs))
    by_u = squares(u, u, target)[1]
    slopes = model.slopes(theta, inputs, target, v, "global")[1][:, 0]
    np.testing.assert_allclose(np.einsum("kfp,fp->k", moved, by_u), slopes, atol=1e-12)


def test_what_it_cannot_learn() -> None:
    plane = Operator(kind="deeponet", parts=[net(3, 4, 2), net(2, 5, 2)])
    line = (
        "operator must be a deeponet whose trunk has 1 input, not a deeponet whose last part has 2"
    )
    assert refusal(EquationModel, plane, energy) == line
    model, theta, inputs, target = given(energy, spikes=True)
    line = "target must have shape [3, 6], not [3, 5]"
    assert refusal(model.gradient, theta, inputs, target[:, :5]) == line
