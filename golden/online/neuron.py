"""Leaky integrate-and-fire neurons of the online networks, and what stands for their derivative."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dualspike.model.errors import BadInput

Floats = NDArray[np.floating[Any]]


def heaviside(x: Floats) -> Floats:
    """1 where x >= 0, otherwise 0, in the type of x."""
    return (x >= 0).astype(x.dtype)


def sigmoid_slope(x: Floats, width: float = 0.25) -> Floats:
    """Derivative of 1 / (1 + exp(-x / width)): p (1 - p) / width, 1 at x = 0 for width 0.25.

    Source: Xiao et al., "Online training through time", 2022: the sigmoid-like surrogate.
    """
    small = np.exp(-np.abs(x) / width)
    return small / (width * np.square(1 + small))


@dataclass(frozen=True)
class Neuron:
    """U[t] = leak (U[t-1] - threshold S[t-1]) + I[t], S[t] = fire(U[t] - threshold).

    ``leak`` in [0, 1), ``threshold`` > 0. ``slope`` stands for the derivative of ``fire``, both of
    arrays of any shape. The defaults are those of Xiao et al. (OPZO), section 3.1.
    """

    leak: float = 0.5
    threshold: float = 1.0
    fire: Callable[[Floats], Floats] = heaviside
    slope: Callable[[Floats], Floats] = sigmoid_slope

    def __post_init__(self) -> None:
        if not 0 <= self.leak < 1:
            raise BadInput(f"leak must be in [0, 1), not {self.leak}")
        if not 0 < self.threshold < np.inf:
            raise BadInput(f"threshold must be in (0, inf), not {self.threshold}")
