"""Surrogates: published values, their integrals, and the Stein form against the gaussian."""

import math
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest

from dualspike.golden.float.surrogate import Slope, Staircase, gaussian, slopes_of
from dualspike.golden.keys import Purpose
from dualspike.golden.numeric import Floats
from dualspike.model.description.network import SURROGATES, Network, Surrogate
from tests.golden.chance import bound

# The standard normal density at 0, 1 and 2, from any statistical table.
DENSITY = [0.3989422804014327, 0.24197072451914337, 0.05399096651318806]


def integral(slope: Slope, span: float, entries: int = 2_000_001) -> float:
    """Midpoint rule over [-span, span]."""
    width = 2 * span / entries
    x = (np.arange(entries) + 0.5) * width - span
    return float(slope(x).sum() * width)


@pytest.mark.parametrize("sigma", [0.3, 0.5, 1.0])
def test_gaussian_is_the_normal_density(sigma: float) -> None:
    x = sigma * np.array([[0.0, 1.0, 2.0], [-0.0, -1.0, -2.0]])
    np.testing.assert_allclose(gaussian(x, sigma), np.array([DENSITY, DENSITY]) / sigma, rtol=1e-15)
    np.testing.assert_array_equal(Slope(Surrogate(sigma=sigma))(x), gaussian(x, sigma))


@pytest.mark.parametrize("sigma", [0.25, 0.5, 2.0])
@pytest.mark.parametrize(
    ("kind", "values"),
    [
        # At x = 0, sigma / 2, sigma, 3 sigma, in units of 1 / sigma.
        ("fast_sigmoid", [1 / 2, 1 / 4.5, 1 / 8, 1 / 32]),
        ("triangle", [1, 1 / 2, 0, 0]),
        ("rectangle", [1 / 2, 1 / 2, 0, 0]),
    ],
)
def test_shapes(kind: Any, values: list[float], sigma: float) -> None:
    slope = Slope(Surrogate(kind=kind, sigma=sigma))
    x = sigma * np.array([0, 0.5, 1, 3])
    for sign in (1, -1):
        np.testing.assert_allclose(slope(sign * x), np.array(values) / sigma, rtol=1e-15)


@pytest.mark.parametrize("kind", sorted(set(SURROGATES) - {"stein"}))
def test_the_peak_is_at_the_threshold(kind: Any) -> None:
    surrogate = Surrogate(kind=kind, sigma=0.3)
    assert math.isclose(surrogate.peak, Slope(surrogate)(np.zeros(1))[0], rel_tol=1e-15)


@pytest.mark.parametrize("sigma", [0.3, 0.5])
def test_all_integrate_to_one(sigma: float) -> None:
    for kind in ("gaussian", "triangle", "rectangle"):
        whole = integral(Slope(Surrogate(kind=kind, sigma=sigma)), 8)
        assert math.isclose(whole, 1, rel_tol=2e-5), kind
    # The fast sigmoid has the integral 1 - 1 / (1 + span / sigma) over [-span, span].
    slope = Slope(Surrogate(kind="fast_sigmoid", sigma=sigma))
    for span in (sigma, 100 * sigma):
        expected = 1 - 1 / (1 + span / sigma)
        assert math.isclose(integral(slope, span), expected, rel_tol=1e-6)


@pytest.mark.parametrize("kind", SURROGATES)
def test_type_and_argument_are_kept(kind: Any) -> None:
    network = Network(layers=[1, 1, 1], surrogate=Surrogate(kind=kind))
    (slope,) = slopes_of([network], (1,))
    for dtype in (np.float32, np.float64):
        x = np.array([[0.25, -1.5]], dtype)
        assert slope(x).dtype == dtype
        assert slope(x).shape == (1, 2)
        assert x.tolist() == [[0.25, -1.5]]


def step(x: Floats) -> Floats:
    return (x > 0).astype(float)


@pytest.mark.parametrize("samples", [1, 2, 7, 64, 100])
def test_staircase_is_the_symmetric_stein_estimate(samples: int) -> None:
    """(1/K) sum of d / (2 sigma^2) (H(x + d) - H(x - d)), as in the definition."""
    rng = np.random.default_rng(samples)
    sigma = 0.4
    d = sigma * rng.standard_normal(samples)
    x = rng.normal(0, 0.6, (40, 50))
    terms = d / (2 * sigma**2) * (step(x[..., None] + d) - step(x[..., None] - d))
    np.testing.assert_allclose(Staircase.of(d, sigma)(x), terms.mean(axis=-1), rtol=1e-12)


def test_stein_has_the_gaussian_as_its_mean() -> None:
    """K = 1: each term |d| / (2 s^2) (|x| < |d|) has mean f(x) and a known second moment.

    E[term^2] = (1 / (2 s^2))^2 E[d^2 (|d| > |x|)], and E[d^2 (|d| > a)] = 2 (s a phi(a / s) +
    s^2 (1 - Phi(a / s))) for d ~ N(0, s^2), phi and Phi being the normal density and its integral.
    """
    sigma, draws = 0.5, 200_000
    d = np.random.default_rng(5).normal(0, sigma, draws)
    x = np.array([-1.2, -0.5, -0.1, 0.0, 0.3, 0.8])
    mean = Staircase.of(d, sigma)(x)
    normal, a = NormalDist(), np.abs(x) / sigma
    tail = np.array([u * normal.pdf(u) + 1 - normal.cdf(u) for u in a])
    variance = 2 * tail / (4 * sigma**2) - gaussian(x, sigma) ** 2
    z = (mean - gaussian(x, sigma)) / np.sqrt(variance / draws)
    assert np.abs(z).max() < bound(len(x))


def test_stein_comes_nearer_with_more_draws() -> None:
    """Mean square error over many sets of draws falls as 1 / K."""
    x, sigma = np.linspace(-1, 1, 21), 0.5
    errors: list[float] = []
    for samples in (4, 64, 1024):
        rng = np.random.default_rng(samples)
        runs = [Staircase.of(rng.normal(0, sigma, samples), sigma)(x) for _ in range(400)]
        errors.append(float(np.mean((np.array(runs) - gaussian(x, sigma)) ** 2)))
    assert 12 < errors[0] / errors[1] < 20
    assert 12 < errors[1] / errors[2] < 20


def test_symmetric_form_has_less_variance() -> None:
    sigma = 0.5
    d = np.random.default_rng(1).normal(0, sigma, 100_000)
    for x in (-0.6, -0.2, 0.0, 0.4):
        symmetric = d / (2 * sigma**2) * (step(x + d) - step(x - d))
        one_sided = d / sigma**2 * (step(x + d) - step(np.array(x)))
        assert symmetric.var() < 0.7 * one_sided.var()


def test_stein_integrates_to_one_on_average() -> None:
    """For given draws the integral is mean d^2 / sigma^2: 1 within sqrt(2 / K) per draw."""
    sigma, samples = 0.5, 10_000
    d = np.random.default_rng(2).normal(0, sigma, samples)
    whole = integral(Slope(Surrogate(kind="stein", sigma=sigma), Staircase.of(d, sigma)), 4)
    assert math.isclose(whole, float(np.mean(d**2)) / sigma**2, rel_tol=1e-5)
    assert abs(whole - 1) < bound(1) * math.sqrt(2 / samples)


def test_draws_are_documented() -> None:
    """Fixed draws follow from key[0] and the part, fresh ones from the whole key."""
    networks = [
        Network(layers=[1, 1, 1], surrogate=Surrogate(kind="stein", samples=9, draws=draws))
        for draws in ("fixed", "fresh")
    ]
    first, later = (slopes_of(networks, (3, update)) for update in (0, 7))
    for slopes, update in ((first, 0), (later, 7)):
        for part, used in ((0, [3]), (1, [3, update])):
            d = np.random.default_rng([*used, part, Purpose.SURROGATE]).standard_normal(9)
            staircase = slopes[part].staircase
            assert staircase is not None
            assert (staircase.steps == np.sort(np.abs(0.5 * d))).all()
