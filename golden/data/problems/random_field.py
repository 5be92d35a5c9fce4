"""Gaussian random fields on points of a line: the random functions of the operator problems."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from dualspike.golden.data.portable import exponential, rounded
from dualspike.golden.data.ranges import check_real
from dualspike.golden.numeric import Doubles
from dualspike.model.errors import BadInput

Kernel = Literal["gaussian", "matern12", "matern32", "matern52"]

CUT = 1e-12
"""What the factor leaves of the variance at any point, relative to the variance."""


@dataclass(frozen=True)
class RandomField:
    """Stationary Gaussian random field of mean 0 in one dimension.

    Covariance at distance d, with r = d / ``length`` (Rasmussen and Williams, Gaussian Processes
    for Machine Learning, 2006, equations 4.9 and 4.14 to 4.17):

    - gaussian (squared exponential): variance exp(-r^2 / 2)
    - matern12: variance exp(-r)
    - matern32: variance (1 + sqrt(3) r) exp(-sqrt(3) r)
    - matern52: variance (1 + sqrt(5) r + 5 r^2 / 3) exp(-sqrt(5) r)

    ``length`` is in the unit of the points, in [1e-3, 1e3]; ``variance`` in [1e-6, 1e6]. Raises
    BadInput for values outside and for unknown kernels.
    """

    kernel: Kernel = "gaussian"
    length: float = 1.0
    variance: float = 1.0

    def __post_init__(self) -> None:
        if self.kernel not in get_args(Kernel):
            raise BadInput(f"kernel must be {' | '.join(get_args(Kernel))}, not {self.kernel}")
        check_real("length", self.length, 1e-3, 1e3)
        check_real("variance", self.variance, 1e-6, 1e6)

    def covariance(self, points: Doubles) -> Doubles:
        """The covariance [n, n] of the field's values at ``points`` [n]."""
        r = np.abs(points[:, None] - points) / self.length
        match self.kernel:
            case "gaussian":
                shape = exponential(-(r * r) / 2)
            case "matern12":
                shape = exponential(-r)
            case "matern32":
                r = math.sqrt(3) * r
                shape = (1 + r) * exponential(-r)
            case "matern52":
                r = math.sqrt(5) * r
                shape = (1 + r + r * r / 3) * exponential(-r)
        return self.variance * shape

    def sample(self, points: Doubles, count: int, key: Sequence[int]) -> Doubles:
        """``count`` independent fields [count, n] at ``points`` [n], drawn by default_rng(key).

        f = L z with L L^T the covariance but for 1e-12 of the variance, and z standard normal,
        rounded to multiples of 2^-30. The same bits on every machine.
        """
        factor = pivoted_cholesky(self.covariance(points), CUT * self.variance)
        normal = rounded(np.random.default_rng(key).standard_normal((count, factor.shape[1])))
        fields = np.zeros((count, len(points)))
        for column, weights in zip(factor.T, normal.T, strict=True):
            fields += weights[:, None] * column
        return fields


def pivoted_cholesky(covariance: Doubles, cut: float) -> Doubles:
    """L [n, rank] with L L^T = covariance [n, n] but for ``cut``, the covariance left unchanged.

    The next pivot is the largest remaining variance; it ends once that is ``cut`` or less. What
    remains is positive semidefinite, so no entry of it exceeds ``cut``: no jitter on the diagonal
    is needed however smooth the kernel, and the samples are as smooth as the kernel. Source:
    Harbrecht, Peters, Schneider, Applied Numerical Mathematics 62 (2012). O(n^2 rank).
    """
    left = covariance.copy()
    columns: list[Doubles] = []
    while len(columns) < len(left):
        pivot = int(np.argmax(left.diagonal()))
        if left[pivot, pivot] <= cut:
            break
        column = left[:, pivot] / math.sqrt(left[pivot, pivot])
        left -= column[:, None] * column
        columns.append(column)
    return np.stack(columns, axis=1)
