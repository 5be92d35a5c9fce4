"""Compiled functions by themselves: the exponential and the surrogates."""

from typing import Any

import numpy as np
import pytest

from dualspike.golden.float import kernels
from dualspike.golden.float.compiled import CompiledHidden
from dualspike.golden.float.surrogate import slopes_of
from dualspike.model.description.network import SURROGATES, Network, Surrogate


def test_exponential_in_float64() -> None:
    """Within 1 unit in the last place of NumPy's, whose own error is below 0.6 (AVX-512: 1)."""
    y = np.concatenate([np.linspace(-708, 0, 300_001), -np.logspace(-320, 0, 2001)])
    got = np.empty_like(y)
    kernels.exponential(y, got)
    expected = np.exp(y)
    assert (np.abs(got - expected) <= 1 * np.spacing(expected)).all()
    assert (got == expected).mean() > 0.8


def test_exponential_in_float32() -> None:
    """Against the double result: half a unit of rounding, and a half for its own error."""
    y = np.linspace(-87, 0, 300_001).astype(np.float32)
    got = np.empty_like(y)
    kernels.exponential(y, got)
    expected = np.exp(y.astype(np.float64))
    assert (np.abs(got - expected) <= 1.0 * np.spacing(expected.astype(np.float32))).all()


@pytest.mark.parametrize(("dtype", "most"), [(np.float64, 1e-300), (np.float32, 1e-37)])
def test_exponential_far_down(dtype: Any, most: float) -> None:
    y = np.array([-1e4, -1e30, -np.inf], dtype)
    got = np.empty_like(y)
    kernels.exponential(y, got)
    assert ((got >= 0) & (got < most)).all()


@pytest.mark.parametrize(
    "surrogate",
    [
        *(Surrogate(kind=kind, sigma=0.3) for kind in SURROGATES),
        *(Surrogate(kind="stein", sigma=0.3, samples=k) for k in (1, 2, 3, 63, 65, 1000)),
    ],
    ids=lambda s: f"{s.kind}-{s.samples}",
)
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-15), (np.float32, 5e-7)])
def test_slopes_agree_with_numpy(surrogate: Surrogate, dtype: Any, tolerance: float) -> None:
    """On a grid of 1/1024 steps, whose points are exact in both types, 0 and +-sigma too."""
    network = Network(layers=[1, 1, 1], surrogate=surrogate)
    (slope,) = slopes_of([network], (3,))
    x = (np.arange(-3072, 3073) / 1024).astype(dtype)
    got = x.copy()
    neuron = CompiledHidden(network, np.dtype(dtype)).neurons(slope)[0]
    kernels.slope(got, np.empty(len(x), np.int32), neuron)
    expected = slope(x.astype(np.float64))
    np.testing.assert_allclose(got, expected, rtol=0, atol=tolerance * expected.max())


def test_slopes_of_diverged_membranes() -> None:
    """A run that diverges must end in an error line, not in memory that is not its own."""
    x = np.array([np.nan, np.inf, -np.inf, 1e300])
    for kind in SURROGATES:
        network = Network(layers=[1, 1, 1], surrogate=Surrogate(kind=kind))
        (slope,) = slopes_of([network], (3,))
        got = x.copy()
        neuron = CompiledHidden(network, np.dtype(np.float64)).neurons(slope)[0]
        kernels.slope(got, np.empty(4, np.int32), neuron)
        assert (got[1:] < 1e-290).all()
