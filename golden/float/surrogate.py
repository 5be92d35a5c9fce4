"""Derivatives that stand in for that of the step: `model.description.network.Surrogate`.

Sources: gaussian (SG) and stein (WSG): Wan, Zhang, Karniadakis, arXiv 2411.07057 (2024);
fast_sigmoid: Zenke and Ganguli, "SuperSpike", 2018; triangle: Esser et al., 2016, Bellec et al.,
2018; rectangle: Wu et al., "Spatio-temporal backpropagation", 2018. All are scaled to integrate
to 1, as the derivative of a unit step must.

The Stein form here is the symmetric one, with H(x + d) - H(x - d) halved in place of
H(x + d) - H(x): same expectation, less variance (no draw is on the wrong side of 0). Then
f(x) = sum over k of |d_k| / (2 K sigma^2) (|x| < |d_k|): for given draws a staircase in |x|.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.keys import Purpose, generator
from dualspike.golden.numeric import Floats
from dualspike.model.description.network import Network, Surrogate

Shape = Callable[[NDArray[Any], Any], NDArray[Any]]
"""f(x) of membranes minus threshold, any shape, and sigma."""


def gaussian(x: Floats, sigma: float) -> Floats:
    """exp(-x^2 / (2 sigma^2)) / (sqrt(2 pi) sigma) of membranes minus threshold, any shape."""
    y = np.square(x)
    y *= -0.5 / sigma**2
    np.exp(y, out=y)
    y *= 1 / (math.sqrt(2 * math.pi) * sigma)
    return y


RATIONAL: dict[str, Shape] = {
    "fast_sigmoid": lambda x, sigma: 1 / (2 * sigma) / np.square(1 + np.abs(x) / sigma),
    "triangle": lambda x, sigma: np.maximum(0, 1 - np.abs(x) / sigma) / sigma,
    "rectangle": lambda x, sigma: (np.abs(x) < sigma) * x.dtype.type(1 / (2 * sigma)),
}
"""Shapes that are exact for fractions, too."""
SHAPES: dict[str, Shape] = {"gaussian": gaussian, **RATIONAL}


@dataclass(frozen=True, eq=False)
class Staircase:
    """f(x) = heights[number of steps <= |x|]: the Stein form for given draws.

    ``steps`` [K]: the draws' sizes |d|, ascending. ``heights`` [K + 1]: heights[i] is the sum of
    steps[k] / (2 K sigma^2) over k >= i.
    """

    steps: Floats
    heights: Floats

    @classmethod
    def of(cls, draws: Floats, sigma: float) -> "Staircase":
        """The staircase of draws [K] from N(0, sigma^2)."""
        steps = np.sort(np.abs(draws))
        terms = steps / (2 * len(steps) * sigma**2)
        return cls(steps, np.append(np.cumsum(terms[::-1])[::-1], 0.0))

    def __call__(self, x: Floats) -> Floats:
        """f(x), any shape."""
        index = np.searchsorted(self.steps, np.abs(x), side="right")
        return self.heights[index].astype(x.dtype)


@dataclass(frozen=True, eq=False)
class Slope:
    """A network's surrogate, ready to be evaluated: with its draws where it has any."""

    surrogate: Surrogate
    staircase: Staircase | None = None

    def __call__(self, x: Floats) -> Floats:
        """f(x) for membranes minus threshold, any shape, in the type of x."""
        if self.staircase is not None:
            return self.staircase(x)
        return SHAPES[self.surrogate.kind](x, self.surrogate.sigma)


def slopes_of(networks: list[Network], key: tuple[int, ...]) -> list[Slope]:
    """Every network's surrogate; fixed draws depend on key[0], the run's seed, fresh ones on all.

    Network p draws ``samples`` standard normals, times sigma, from the key with p after it.
    """
    slopes: list[Slope] = []
    for part, network in enumerate(networks):
        s = network.surrogate
        used = key if s.draws == "fresh" else key[:1]
        drawn = _staircase(s.sigma, s.samples, (*used, part)) if s.kind == "stein" else None
        slopes.append(Slope(s, drawn))
    return slopes


@lru_cache(maxsize=64)
def _staircase(sigma: float, samples: int, key: tuple[int, ...]) -> Staircase:
    draws = generator(key, Purpose.SURROGATE).standard_normal(samples)
    return Staircase.of(sigma * draws, sigma)
