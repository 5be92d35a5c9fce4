"""Zeroth order from a single point (ZO)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.online.network import Injection, OnlineNetwork
from dualspike.golden.online.noise import Noise
from dualspike.golden.online.rule import Step

Floats = NDArray[np.floating[Any]]


class SinglePoint:
    """dL/dS_l ~ L(alpha n) / alpha n_l: one noisy pass, one number of feedback per sample.

    Source: Xiao et al., OPZO, equation 4, with perturbed nodes in place of weights. Unbiased for
    alpha -> 0, of a variance that grows with L^2 / alpha^2.
    """

    def __init__(self, noise: Noise) -> None:
        self._noise = noise

    def inject(self, network: OnlineNetwork, step: int, batch: int) -> Injection:
        """See Rule.inject."""
        return self._noise.draw(network, step, batch)

    def signals(self, step: Step) -> list[Floats]:
        """See Rule.signals."""
        size = (step.loss / self._noise.alpha)[:, None]
        return [size * n for n in self._noise.values]
