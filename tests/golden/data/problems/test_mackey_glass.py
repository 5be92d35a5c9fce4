"""The Mackey-Glass equation: where its solution is known, the order of the steps, refusals."""

import math
from itertools import pairwise

import numpy as np
import pytest

from dualspike.golden.data.problems.mackey_glass import BETA, GAMMA, mackey_glass
from tests.refusals import refusal


def test_the_first_delay_is_an_exponential() -> None:
    """Until tau the delayed value is the start: x' = c - gamma x."""
    for start in (0.3, 0.72066, 1.2):
        rest = BETA * start / (1 + start**10) / GAMMA
        wanted = [rest + (start - rest) * math.exp(-GAMMA * t) for t in np.arange(18) * 0.99]
        np.testing.assert_allclose(mackey_glass(17, start, 0.99, 18), wanted, rtol=5e-9)


def test_the_second_delay_is_an_integral_of_the_first() -> None:
    """x(t) = e^(-g (t - tau)) x(tau) + that of e^(-g (t - s)) times the known x(s - tau)."""
    start, tau = 0.72066, 17.0
    rest = BETA * start / (1 + start**10) / GAMMA
    s = np.linspace(0, tau, 200001)
    known = rest + (start - rest) * np.exp(-GAMMA * s)
    pushed = BETA * known / (1 + known**10)
    wanted = math.exp(-GAMMA * tau) * known[-1]
    wanted += float(np.trapezoid(np.exp(-GAMMA * (tau - s)) * pushed, s))
    assert mackey_glass(tau, start, 2 * tau, 2)[1] == pytest.approx(wanted, abs=1e-8)


def test_it_stays_where_it_rests_and_moves_elsewhere() -> None:
    """Beta / 2 = gamma: 1 is at rest, for all delays."""
    np.testing.assert_allclose(mackey_glass(17, 1.0, 5, 40), 1, atol=1e-14)
    values = mackey_glass(17, 0.72066, 197 / 75, 1500)
    assert 0.2 < values.min() < 0.5 and 1.2 < values.max() < 1.5


def test_halving_the_steps_leaves_a_16th_of_the_error() -> None:
    fine = mackey_glass(17, 0.72066, 2.6, 60, 512)
    errors = [abs(mackey_glass(17, 0.72066, 2.6, 60, n) - fine).max() for n in (16, 32, 64)]
    assert errors[2] < 1e-5
    assert all(10 < a / b < 24 for a, b in pairwise(errors))


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ((0, 1.0, 1.0, 9), "tau must be a number in [0.1, 1000], not 0"),
        ((17, 3.0, 1.0, 9), "start must be a number in [0, 2], not 3.0"),
        ((17, 1.0, 0.0, 9), "every must be a number in [0.1, 1000], not 0.0"),
        ((17, 1.0, 1.0, 0), "count must be an integer in [1, 1000000], not 0"),
        ((17, 1.0, 1.0, 9, 0), "steps must be an integer in [1, 10000], not 0"),
    ],
)
def test_refusals(given: tuple[float, float, float, int], line: str) -> None:
    assert refusal(mackey_glass, *given) == line
