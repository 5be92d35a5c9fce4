"""Dual rows: against numbers that carry two tangents, and against slopes of what is smooth."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from dualspike.golden.float.dual import DualHidden, spiking, tanh
from dualspike.golden.float.hidden import ReferenceHidden
from dualspike.golden.float.layout import Parameters
from dualspike.golden.float.surrogate import slopes_of
from dualspike.golden.numeric import Floats
from dualspike.model.description.network import Network, Surrogate
from tests.refusals import refusal

LEAKS = [1.0, 0.8]
RESETS = ["attached", "detached"]
Z = np.linspace(-0.5, 1.5, 41)[:, None]


def net(*layers: int, **settings: Any) -> Network:
    return Network(layers=list(layers), **{"time_steps": 9, "threshold": 0.7, **settings})


@dataclass(frozen=True)
class Two:
    """a + b e + c e', e^2 / 2 being c's: a value and its first and second derivative by z."""

    a: float
    b: float = 0.0
    c: float = 0.0

    def __add__(self, other: "Two") -> "Two":
        return Two(self.a + other.a, self.b + other.b, self.c + other.c)

    def times(self, k: float) -> "Two":
        return Two(k * self.a, k * self.b, k * self.c)


def fired(x: Two, sigma: float) -> Two:
    """H(x): f and f' stand for H' and H''."""
    f = math.exp(-(x.a**2) / (2 * sigma**2)) / (math.sqrt(2 * math.pi) * sigma)
    return Two(float(x.a > 0), f * x.b, -x.a / sigma**2 * f * x.b**2 + f * x.c)


def followed(z: float, network: Network) -> Two:
    """The rate of a neuron fed z at every step, from the equations of `golden.float.hidden`."""
    theta = network.thresholds[0]
    u, s, total = Two(0), Two(0), Two(0)
    for _ in range(network.time_steps):
        taken = s if network.reset == "attached" else Two(s.a)
        u = (u + taken.times(-theta)).times(network.leak) + Two(z, 1)
        s = fired(u + Two(-theta), network.surrogate.sigma)
        total = total + s
    return total.times(1 / network.time_steps)


@pytest.mark.parametrize("reset", RESETS)
@pytest.mark.parametrize("leak", LEAKS)
def test_derivatives_are_those_of_numbers_with_two_tangents(leak: float, reset: str) -> None:
    network = net(1, 1, 1, leak=leak, reset=reset)
    found = spiking(Z, network)
    wanted = [followed(float(z), network) for z in Z[:, 0]]
    for values, name in zip(found, "abc", strict=True):
        np.testing.assert_allclose(values[:, 0], [getattr(w, name) for w in wanted], atol=1e-12)


@pytest.mark.parametrize("reset", RESETS)
@pytest.mark.parametrize("leak", LEAKS)
def test_the_first_half_is_the_spiking_layer_and_its_tangents(leak: float, reset: str) -> None:
    network = net(2, 5, 1, leak=leak, reset=reset)
    reference = ReferenceHidden(network, np.dtype(np.float64))
    rng = np.random.default_rng(3)
    w, b = rng.normal(size=(5, 2)), rng.normal(size=5)
    dw, db = rng.normal(size=(4, 5, 2)), rng.normal(size=(4, 5))
    x, e = rng.uniform(-1, 1, (2, 1, 6, 2))
    params, v = Parameters((w, w[:1]), (b, b[:1])), Parameters((dw, dw), (db, db))
    slope = slopes_of([network], (0,))[0]
    dual = DualHidden(network, np.dtype(np.float64))
    rows = np.concatenate([x, e], axis=1)
    rates, moved = dual.tangents(params, rows, v, "layer", slope)
    wanted, tangents = reference.tangents(params, x, v, "layer", slope)
    np.testing.assert_array_equal(rates[0][:6], wanted[0])
    np.testing.assert_allclose(moved[0][:, :6], tangents[0], atol=1e-12)
    # The second half is the tangent along the input, as if weights had moved z by W e.
    along = reference.neuron_tangents(params, x, [(e[0] @ w.T)[None]], slope)[1]
    np.testing.assert_allclose(rates[0][6:], along[0][0], atol=1e-12)


def test_with_an_attached_reset_tangents_are_the_slope_of_the_rate() -> None:
    """The integral of r' is what the rate rises by, from no spike to one a step."""
    z = np.linspace(0, 0.7, 1401)[:, None]
    rise: dict[str, float] = {}
    for reset in RESETS:
        found = spiking(z, net(1, 1, 1, time_steps=32, reset=reset))
        assert found.rate[-1] - found.rate[0] == 31 / 32
        rise[reset] = float(np.trapezoid(found.first[:, 0], z[:, 0]))
    assert rise["attached"] == pytest.approx(31 / 32, rel=0.01)
    assert rise["detached"] > 7


def smooth(theta: Floats, rows: Floats) -> Floats:
    w, b = theta[:5].reshape(5, 1), theta[5:]
    hidden = DualHidden(net(1, 5, 1), np.dtype(np.float64), tanh)
    return hidden.rates(Parameters((w, w[:1]), (b, b[:1])), rows)[0]


def test_tangents_of_tangents_are_slopes_of_what_is_smooth() -> None:
    rng = np.random.default_rng(5)
    theta, v, h = rng.normal(size=10), rng.normal(size=10), 1e-6
    x = rng.uniform(-1, 1, (1, 4, 1))
    rows = np.concatenate([x, np.ones_like(x)], axis=1)
    values = smooth(theta, rows)
    shifted = [smooth(theta, rows + s * np.array([1.0] * 4 + [0.0] * 4)[:, None]) for s in (h, -h)]
    np.testing.assert_allclose(values[4:], (shifted[0] - shifted[1])[:4] / (2 * h), atol=1e-8)
    hidden = DualHidden(net(1, 5, 1), np.dtype(np.float64), tanh)
    w, b, dw, db = (
        one.reshape(shape)
        for one, shape in zip(
            np.split(np.concatenate([theta, v]), 4), ((5, 1), 5, (1, 5, 1), (1, 5)), strict=True
        )
    )
    params, slope = Parameters((w, w[:1]), (b, b[:1])), slopes_of([net(1, 5, 1)], (0,))[0]
    moved = hidden.tangents(params, rows, Parameters((dw, dw), (db, db)), "layer", slope)[1][0][0]
    by_steps = (smooth(theta + h * v, rows) - smooth(theta - h * v, rows)) / (2 * h)
    np.testing.assert_allclose(moved, by_steps, atol=1e-8)
    back = rng.normal(size=moved.shape)
    g = hidden.reverse(params, rows, slope)[1]([back])
    along = float(np.vdot(g.weights[0], dw) + np.vdot(g.biases[0], db))
    assert along == pytest.approx(float(np.vdot(back, moved)), rel=1e-12)


@pytest.mark.parametrize(
    ("network", "line"),
    [
        (net(1, 4, 4, 1), "layers must have one hidden layer, not 2"),
        (net(1, 4, 1, coding="rate"), "coding must be direct, not rate"),
        (
            net(1, 4, 1, surrogate=Surrogate(kind="triangle")),
            "surrogate.kind must be gaussian, not triangle",
        ),
    ],
)
def test_what_it_cannot_follow(network: Network, line: str) -> None:
    assert refusal(DualHidden, network, np.dtype(np.float64)) == line
