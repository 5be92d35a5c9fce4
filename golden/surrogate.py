"""The derivative that stands in for that of the step function (SG, arXiv 2411.07057)."""

import math

import numpy as np
from numpy.typing import NDArray


def gaussian(x: NDArray[np.float64], sigma: float) -> NDArray[np.float64]:
    """Gaussian surrogate f(x) = exp(-x^2 / (2 sigma^2)) / (sqrt(2 pi) sigma), of any shape.

    ``x`` is the membrane minus the threshold. f integrates to 1, as the derivative of a unit step
    must. Source: Wan, Zhang, Karniadakis, arXiv 2411.07057 (2024), method SG.
    """
    y = np.square(x)
    y *= -0.5 / sigma**2
    np.exp(y, out=y)
    y *= 1 / (math.sqrt(2 * math.pi) * sigma)
    return y
