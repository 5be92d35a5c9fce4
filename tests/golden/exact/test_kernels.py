"""The kernel against its definition, and crossings against a dense look at the potential."""

import math

import numpy as np
import pytest

from dualspike.golden.exact.kernels import kernel, next_crossing
from dualspike.golden.numeric import Doubles


def potential(u: float, currents: Doubles, rates: Doubles, beta: float, d: Doubles) -> Doubles:
    """By partial fractions; the rates differ clearly from beta."""
    total = u * np.exp(-beta * d)
    for current, rate in zip(currents, rates, strict=True):
        total += current * (np.exp(-rate * d) - np.exp(-beta * d)) / (beta - rate)
    return total


@pytest.mark.parametrize("gap", [0.0, 1e-14, 1e-9, 1e-5, 0.3, 4.0, -0.3, -1e-9])
def test_kernel_is_the_convolution_of_both_decays(gap: float) -> None:
    alpha, beta, d = 0.7, 0.7 + gap, 1.9
    # Gauss-Legendre: integral over r in [0, d] of exp(-alpha r) exp(-beta (d - r)).
    nodes, weights = np.polynomial.legendre.leggauss(40)
    r = d * (nodes + 1) / 2
    expected = d / 2 * weights @ np.exp(-alpha * r - beta * (d - r))
    assert kernel(alpha, beta, d) == pytest.approx(expected, rel=1e-14)
    assert kernel(beta, alpha, d) == pytest.approx(expected, rel=1e-14)


def test_kernel_far_away_is_small_and_finite() -> None:
    assert kernel(1e-3, 1e3, 1e4) == pytest.approx(math.exp(-10) / (1e3 - 1e-3), rel=1e-12)
    assert kernel(5.0, 5.0, 1e3) == 0


@pytest.mark.parametrize("groups", [1, 2, 3, 6])
def test_crossings_are_the_first_of_a_dense_search(groups: int) -> None:
    rng = np.random.default_rng(groups)
    d = np.linspace(0, 25, 50_001)
    outcomes: list[bool] = []
    for _ in range(150):
        beta = rng.uniform(0.2, 2)
        rates = np.sort(rng.uniform(0.1, 6, groups))
        if np.abs(rates - beta).min() < 1e-3:
            continue
        u, currents = rng.normal(0, 0.5), 2 * rng.normal(0.5, 2, groups)
        found = next_crossing(u, currents, rates, beta, 1.0, 25.0) if u < 1 else 0.0
        above = np.flatnonzero(potential(u, currents, rates, beta, d) > 1) if u < 1 else [0]
        outcomes.append(len(above) > 0)
        if len(above) == 0:
            assert math.isinf(found) or potential(
                u, currents, rates, beta, np.array([found + 1e-7])
            )[0] == pytest.approx(1, abs=1e-5)
        elif u < 1:
            assert d[above[0] - 1] <= found <= d[above[0]]
            value = potential(u, currents, rates, beta, np.array([found]))[0]
            assert value == pytest.approx(1, abs=1e-12 * np.abs(currents).max() / 1e-3)
    assert 0.15 < np.mean(outcomes) < 0.95


@pytest.mark.parametrize("above", [1e-3, 1e-6, 1e-9, 1e-12])
def test_a_crossing_just_under_the_summit_is_not_missed(above: float) -> None:
    # Two humps, a low one at once and a high one later, from opposed currents.
    currents, rates, beta = np.array([-1.4, 9.0, -8.0]), np.array([0.1, 0.6, 0.9]), 1.7
    d = np.linspace(0, 30, 300_001)
    rough = d[potential(0.0, currents, rates, beta, d).argmax()]
    near = np.linspace(rough - 1e-4, rough + 1e-4, 200_001)
    summit = potential(0.0, currents, rates, beta, near).max()
    found = next_crossing(0.0, currents, rates, beta, summit - above, 30.0)
    assert rough - 60 * math.sqrt(above) < found < rough + 1e-4
    assert potential(0.0, currents, rates, beta, np.array([found]))[0] == pytest.approx(
        summit - above, abs=1e-14
    )
    assert math.isinf(next_crossing(0.0, currents, rates, beta, summit + above, 30.0))


def test_nothing_crosses_after_the_horizon_or_downwards() -> None:
    one, rate = np.array([5.0]), np.array([1.0])
    at = next_crossing(0.0, one, rate, 2.0, 1.0, 10.0)
    assert at == pytest.approx(-math.log((1 + math.sqrt(0.2)) / 2), rel=1e-15)
    assert math.isinf(next_crossing(0.0, one, rate, 2.0, 1.0, at * (1 - 1e-9)))
    assert math.isinf(next_crossing(1.0, np.array([-1.0]), rate, 2.0, 1.0, 10.0))
    assert math.isinf(next_crossing(0.9, np.array([0.0]), rate, 2.0, 1.0, 10.0))


@pytest.mark.parametrize("current", [5.0, 50.0, 5e6])
def test_a_crossing_as_late_as_can_be_is_found(current: float) -> None:
    # u = (u0 + current d) exp(-0.1 d): from far below 0, the summit only just reaches 1.
    u0 = -10 * current * (math.log(10 * current) - 1) * (1 - 1e-6)
    found = next_crossing(u0, np.array([current]), np.array([0.1]), 0.1, 1.0, 1e4)
    assert (u0 + current * found) * math.exp(-0.1 * found) == pytest.approx(1, abs=1e-8)
    assert found == pytest.approx(10 * math.log(10 * current), abs=1)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_crossings_scale_with_time(scale: float) -> None:
    currents, rates = np.array([-3.0, 9.0]), np.array([0.4, 2.0])
    expected = next_crossing(0.1, currents, rates, 0.9, 1.0, 50.0)
    found = next_crossing(0.1, currents / scale, rates / scale, 0.9 / scale, 1.0, 50.0 * scale)
    assert found == pytest.approx(scale * expected, rel=1e-13)


def test_fast_currents_that_vanish_at_once_do_not_hide_a_crossing() -> None:
    # Both currents underflow long before the end; their opposed signs make u rise, fall, rise.
    currents, rates, beta = np.array([6e3, -6e3 + 1]), np.array([2e3, 3e3]), 1.0
    d = np.linspace(0, 2e-2, 2_000_001)
    values = potential(0.0, currents, rates, beta, d)
    summit = values.max()
    found = next_crossing(0.0, currents, rates, beta, 0.9 * summit, 100.0)
    assert found == pytest.approx(d[np.flatnonzero(values > 0.9 * summit)[0]], abs=2e-8)
