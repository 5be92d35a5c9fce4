"""Gaussian surrogate: published values of the normal density, and its integral."""

import math

import numpy as np
import pytest

from dualspike.golden.surrogate import gaussian

# The standard normal density at 0, 1 and 2, from any statistical table.
DENSITY = [0.3989422804014327, 0.24197072451914337, 0.05399096651318806]


@pytest.mark.parametrize("sigma", [0.3, 0.5, 1.0])
def test_is_the_normal_density(sigma: float) -> None:
    x = sigma * np.array([[0.0, 1.0, 2.0], [-0.0, -1.0, -2.0]])
    np.testing.assert_allclose(gaussian(x, sigma), np.array([DENSITY, DENSITY]) / sigma, rtol=1e-15)


@pytest.mark.parametrize("sigma", [0.3, 0.5])
def test_integrates_to_one(sigma: float) -> None:
    x, width = np.linspace(-8, 8, 4001, retstep=True)
    assert math.isclose(gaussian(x, sigma).sum() * width, 1, rel_tol=1e-12)


def test_leaves_its_argument_alone() -> None:
    x = np.array([0.25, -1.5])
    gaussian(x, 0.5)
    assert x.tolist() == [0.25, -1.5]
