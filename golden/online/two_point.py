"""Simultaneous perturbation from two points (SPSA)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.online.network import Injection, OnlineNetwork
from dualspike.golden.online.noise import Noise
from dualspike.golden.online.rule import Step

Floats = NDArray[np.floating[Any]]


class TwoPoint:
    """dL/dS_l ~ (L(alpha n) - L(-alpha n)) / (2 alpha) n_l.

    The network goes on from the pass with +alpha n; the other one is a replay. Source: Spall, 1992;
    Xiao et al., OPZO, equation 2, with perturbed nodes in place of weights.
    """

    def __init__(self, noise: Noise) -> None:
        self._noise = noise

    def inject(self, network: OnlineNetwork, step: int, batch: int) -> Injection:
        """See Rule.inject."""
        return self._noise.draw(network, step, batch)

    def signals(self, step: Step) -> list[Floats]:
        """See Rule.signals."""
        other = step.replay(self._noise.injection(-1))
        size = ((step.loss - other) / (2 * self._noise.alpha))[:, None]
        return [size * n for n in self._noise.values]
