"""Statistical tests that a right program passes but for a chance of 1 in 1,000."""

from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

FALSE_ALARM = 1e-3
"""Chance that what is right fails one test, were its seed not fixed."""


def bound(tests: int) -> float:
    """Largest |z| allowed for that many tests at once (Bonferroni)."""
    return NormalDist().inv_cdf(1 - FALSE_ALARM / (2 * tests))


def z_scores(estimates: NDArray[Any], truth: NDArray[Any]) -> NDArray[Any]:
    """(mean - truth) / standard error for estimates [K, N]."""
    error = estimates.std(axis=0, ddof=1) / np.sqrt(len(estimates))
    return (estimates.mean(axis=0) - truth) / error
