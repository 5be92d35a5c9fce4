"""Optimisers against sequences worked by hand, and resuming them."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from dualspike.golden.training.optimisers import Adam, Momentum, Optimiser, Sgd
from tests.refusals import refusal


def run(optimiser: Optimiser, gradients: list[float], rate: float) -> list[float]:
    """Where theta = 1 gets, step by step."""
    theta, path = np.array([1.0]), list[float]()
    for g in gradients:
        optimiser.step(theta, np.array([g]), rate)
        path.append(float(theta[0]))
    return path


def test_sgd() -> None:
    assert run(Sgd(), [2.0, -1.0, 0.5], 0.25) == [0.5, 0.75, 0.625]


def test_momentum() -> None:
    """m: 2, then 1 - 1 = 0, then 0.5, then 0.25: binary fractions, so exact."""
    assert run(Momentum(0.5), [2.0, -1.0, 0.5, 0.0], 0.25) == [0.5, 0.5, 0.375, 0.3125]
    assert run(Momentum(0.0), [2.0, -1.0], 0.25) == run(Sgd(), [2.0, -1.0], 0.25)


def test_adam_by_hand() -> None:
    """Three steps of algorithm 1 of arXiv 1412.6980, in plain numbers.

    beta1 = 1/2, beta2 = 3/4, g = 4, -2, 0: m = 2, 0, 0 and s = 4, 4, 3;
    m / (1 - 1/2^t) = 4, 0, 0 and s / (1 - (3/4)^t) = 16, 64/7, 192/37.
    """
    path = run(Adam(0.5, 0.75, 1.0), [4.0, -2.0, 0.0], 0.5)
    np.testing.assert_allclose(path, [1 - 0.5 * 4 / (4 + 1)] + 2 * [0.6], rtol=1e-15)
    # g = 4, 4: m = 2, 3 -> 4, 4; s = 4, 7 -> 16, 16: every step moves by rate 4 / (4 + eps).
    path = run(Adam(0.5, 0.75, 1.0), [4.0, 4.0], 0.5)
    np.testing.assert_allclose(path, [0.6, 0.2], rtol=1e-15)
    # g = 4, 0: m = 2, 1 -> 4/3; s = 4, 3 -> 48/7.
    path = run(Adam(0.5, 0.75, 1.0), [4.0, 0.0], 0.5)
    expected = 0.6 - 0.5 * (4 / 3) / (math.sqrt(48 / 7) + 1)
    np.testing.assert_allclose(path, [0.6, expected], rtol=1e-15)


def test_adam_s_first_step_is_the_rate() -> None:
    """With the usual settings the first step is rate * g / (|g| + 1e-8), whatever g is."""
    theta, g = np.zeros(3), np.array([1e-3, -5.0, 2e6])
    Adam().step(theta, g, 1e-2)
    np.testing.assert_allclose(theta, -1e-2 * g / (np.abs(g) + 1e-8), rtol=1e-12)


@pytest.mark.parametrize("make", [Sgd, Momentum, Adam])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_resumed_run_is_the_same(make: Callable[[], Optimiser], dtype: Any) -> None:
    rng = np.random.default_rng(1)
    gradients = rng.standard_normal((6, 4)).astype(dtype)
    whole, first, second = make(), make(), make()
    theta, other = np.ones(4, dtype), np.ones(4, dtype)
    for g in gradients:
        whole.step(theta, g, 0.1)
    assert first.state() == {}
    second.restore(first.state())  # a state from before the first step
    for g in gradients[:3]:
        first.step(other, g, 0.1)
    state = first.state()
    second.restore(state)
    for array in state.values():  # what was handed out and in are copies
        array[...] = 0
    for g in gradients[3:]:
        second.step(other, g, 0.1)
    assert (other == theta).all()
    assert theta.dtype == dtype


@pytest.mark.parametrize(
    ("make", "line"),
    [
        (lambda: Momentum(1.0), "beta must be in [0, 1), not 1.0"),
        (lambda: Momentum(-0.1), "beta must be in [0, 1), not -0.1"),
        (lambda: Adam(beta1=1.5), "beta1 must be in [0, 1), not 1.5"),
        (lambda: Adam(beta2=math.nan), "beta2 must be in [0, 1), not nan"),
        (lambda: Adam(eps=0.0), "eps must be in (0, inf), not 0.0"),
        (lambda: Sgd().restore({"m": np.zeros(1)}), "optimiser state must hold nothing, not m"),
        (
            lambda: Adam().restore({"m": np.zeros(1)}),
            "optimiser state must hold m, s, steps, not m",
        ),
    ],
)
def test_bad_input(make: Callable[[], object], line: str) -> None:
    assert refusal(make) == line
