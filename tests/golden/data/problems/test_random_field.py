"""Random fields: kernels against their spectra, samples against kernels by z-score."""

import math
from typing import Any

import numpy as np
import pytest

from dualspike.golden.data.problems.random_field import Kernel, RandomField, pivoted_cholesky
from dualspike.golden.numeric import Doubles
from tests.refusals import refusal

KERNELS: tuple[Kernel, ...] = ("gaussian", "matern12", "matern32", "matern52")
POINTS = np.linspace(-1, 1, 13)


def spectrum(kernel: Kernel, length: float, frequency: Doubles) -> Doubles:
    """Spectral density: Rasmussen and Williams, equations below 4.8 and 4.15, in one dimension."""
    if kernel == "gaussian":
        return (2 * math.pi) ** 0.5 * length * np.exp(-2 * (math.pi * length * frequency) ** 2)
    nu = {"matern12": 0.5, "matern32": 1.5, "matern52": 2.5}[kernel]
    factor = 2 * math.sqrt(math.pi) * math.gamma(nu + 0.5) * (2 * nu) ** nu
    base = 2 * nu / length**2 + 4 * (math.pi * frequency) ** 2
    return factor / (math.gamma(nu) * length ** (2 * nu)) * base ** -(nu + 0.5)


@pytest.mark.parametrize("kernel", KERNELS)
def test_kernel_is_the_transform_of_its_spectrum(kernel: Kernel) -> None:
    length, variance = 0.7, 2.5
    frequency = np.linspace(0, 400, 400_001)
    density = variance * spectrum(kernel, length, frequency)
    distances = np.array([0, 0.1, 0.5, 0.7, 1.3, 2.9])
    truth = [
        2 * np.trapezoid(density * np.cos(2 * math.pi * frequency * d), frequency)
        for d in distances
    ]
    # The spectrum of matern12 falls with frequency^-2 only: the rest beyond 400 is 0.0007.
    tolerance = 1e-3 if kernel == "matern12" else 1e-6
    covariance = RandomField(kernel, length, variance).covariance(distances)
    np.testing.assert_allclose(covariance[0], truth, rtol=0, atol=tolerance)
    assert (covariance == covariance.T).all()
    assert (covariance.diagonal() == variance).all()


def z_scores(fields: Doubles, covariance: Doubles) -> Doubles:
    """Of the second moments; Var(f_i f_j) = C_ii C_jj + C_ij^2 for Gaussians of mean 0."""
    variances = covariance.diagonal()
    spread = np.sqrt((variances[:, None] * variances + covariance**2) / len(fields))
    return (fields.T @ fields / len(fields) - covariance) / spread


@pytest.mark.parametrize("kernel", KERNELS)
def test_sample_covariance(kernel: Kernel) -> None:
    field = RandomField(kernel, 0.5, 3.0)
    fields = field.sample(POINTS, 40_000, (1, 2))
    assert np.abs(z_scores(fields, field.covariance(POINTS))).max() < 4.5
    assert np.abs(fields.mean(axis=0) / np.sqrt(3.0 / 40_000)).max() < 4
    # The same samples tell a kernel that is a tenth longer or larger from theirs.
    for other in (RandomField(kernel, 0.55, 3.0), RandomField(kernel, 0.5, 3.3)):
        assert np.abs(z_scores(fields, other.covariance(POINTS))).max() > 5


def test_samples_are_gaussian() -> None:
    values = RandomField("matern12", 0.01).sample(POINTS, 40_000, (3,))
    n = values.size
    # Points 17 lengths apart are independent; Var(f^3) = 15, Var(f^4) = 96.
    assert abs((values**3).mean()) < 4 * math.sqrt(15 / n)
    assert abs((values**4).mean() - 3) < 4 * math.sqrt(96 / n)


def test_samples_of_different_rows_and_keys_are_independent() -> None:
    field = RandomField("gaussian", 0.5)
    first, second = (field.sample(POINTS, 20_000, (0, split)) for split in (0, 1))
    bound = 4.5 / math.sqrt(20_000)
    assert np.abs((first * second).mean(axis=0)).max() < bound
    assert np.abs((first[1:] * first[:-1]).mean(axis=0)).max() < bound


def test_samples_are_as_smooth_as_the_kernel() -> None:
    """Third differences of a smooth field fall with h^3; white noise of 1e-6 would stop at 2e-6."""
    fine = np.linspace(0, 1, 401)
    fields = RandomField("gaussian", 1.0).sample(fine, 50, (0,))
    third = np.diff(fields, 3, axis=1) * 400.0**3
    assert np.sqrt((third**2).mean()) == pytest.approx(math.sqrt(15), rel=0.3)


def test_sample_is_determined_by_the_key() -> None:
    field = RandomField("matern32", 0.4)
    ten = field.sample(POINTS, 10, (5, 6))
    assert (field.sample(POINTS, 10, (5, 6)) == ten).all()
    assert (field.sample(POINTS, 4, (5, 6)) == ten[:4]).all()
    assert (field.sample(POINTS, 10, (5, 7)) != ten).all()


@pytest.mark.parametrize("kernel", KERNELS)
def test_pivoted_cholesky(kernel: Kernel) -> None:
    points = np.linspace(-1, 1, 201)
    covariance = RandomField(kernel, 0.5).covariance(points)
    before = covariance.copy()
    factor = pivoted_cholesky(covariance, 1e-12)
    assert np.abs(factor @ factor.T - before).max() < 2e-12
    assert (covariance == before).all()
    # Smooth kernels are of low rank; the eigenvalues say how low it can be.
    needed = int((np.linalg.eigvalsh(before) > 1e-12).sum())
    assert factor.shape[1] <= needed
    assert factor.shape[1] == 201 or kernel != "matern12"
    assert factor.shape[1] < 30 or kernel != "gaussian"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"kernel": "cubic"},
            "kernel must be gaussian | matern12 | matern32 | matern52, not cubic",
        ),
        ({"length": -0.5}, "length must be a number in [0.001, 1000], not -0.5"),
        ({"length": 0}, "length must be a number in [0.001, 1000], not 0"),
        ({"length": math.nan}, "length must be a number in [0.001, 1000], not nan"),
        ({"length": "1"}, "length must be a number in [0.001, 1000], not 1"),
        ({"length": 10**400}, f"length must be a number in [0.001, 1000], not {10**400}"),
        ({"variance": 0.0}, "variance must be a number in [1e-06, 1e+06], not 0.0"),
        ({"variance": math.inf}, "variance must be a number in [1e-06, 1e+06], not inf"),
        ({"variance": True}, "variance must be a number in [1e-06, 1e+06], not True"),
    ],
)
def test_bad_input(changes: dict[str, Any], message: str) -> None:
    assert refusal(RandomField, **changes) == message
