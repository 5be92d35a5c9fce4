"""Leaky integrate-and-fire neurons of the online networks, and what stands for their derivative."""

import math
from dataclasses import dataclass

import numpy as np

from dualspike.golden.float.kernels import exponential
from dualspike.golden.numeric import Floats
from dualspike.golden.online import kernels
from dualspike.model.errors import BadInput


@dataclass(frozen=True)
class LifNeuron:
    """U[t] = leak (U[t-1] - threshold S[t-1]) + I[t]; S[t] = 1 where U[t] >= threshold, else 0.

    ``leak`` in [0, 1], ``threshold`` > 0, ``width`` > 0 of the surrogate derivative. The defaults
    are those of Xiao et al., OPZO, section 3.1 and appendix C.2.2. A subclass may fire otherwise.
    """

    leak: float = 0.5
    threshold: float = 1.0
    width: float = 0.25

    def __post_init__(self) -> None:
        if not 0 <= self.leak <= 1:
            raise BadInput(f"leak must be in [0, 1], not {self.leak}")
        if not 0 < self.threshold < np.inf:
            raise BadInput(f"threshold must be in (0, inf), not {self.threshold}")
        if not 0 < self.width < np.inf:
            raise BadInput(f"width must be in (0, inf), not {self.width}")

    def charge(self, membrane: Floats, spikes: Floats, current: Floats) -> tuple[Floats, Floats]:
        """U[t] and S[t] from U[t-1], S[t-1], I[t], all [B, n]; U[t] takes the current's memory."""
        fired = np.empty_like(current)
        leak, threshold = np.array([self.leak, self.threshold], current.dtype)
        last = membrane.ravel(), spikes.ravel()
        kernels.charge(*last, leak, threshold, current.ravel(), fired.ravel())
        return current, fired

    def slope(self, membrane: Floats) -> Floats:
        """For dS/dU [B, n]: p (1 - p) / width with p = 1 / (1 + exp(-(U - threshold) / width)).

        Source: Xiao et al., "Online training through time", 2022: the sigmoid-like surrogate.
        """
        found = np.empty_like(membrane)
        flat = found.ravel()
        threshold, width = np.array([self.threshold, self.width], membrane.dtype)
        kernels.exponents(membrane.ravel(), threshold, width, flat)
        exponential(flat, flat)
        kernels.bells(width, flat)
        return found


class GaussianNeuron(LifNeuron):
    """The same with the surrogate of the RFG paper, a gaussian whose deviation is ``width``."""

    def slope(self, membrane: Floats) -> Floats:
        """For dS/dU [B, n]; the function of `golden.float.surrogate.gaussian`."""
        found = np.empty_like(membrane)
        flat = found.ravel()
        threshold, width = np.array([self.threshold, self.width], membrane.dtype)
        kernels.squares(membrane.ravel(), threshold, width, flat)
        exponential(flat, flat)
        found *= 1 / (math.sqrt(2 * math.pi) * self.width)
        return found


class GatedNeuron(LifNeuron):
    """The same with the gate of a chip: 1 closer to the threshold than ``width``, else 0."""

    def slope(self, membrane: Floats) -> Floats:
        """See LifNeuron.slope; the height of the rectangle is left to the rate."""
        return (np.abs(membrane - self.threshold) < self.width).astype(membrane.dtype)
