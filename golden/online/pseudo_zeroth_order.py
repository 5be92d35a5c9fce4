"""Online pseudo-zeroth-order training (OPZO)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.online.feedback import bring, no_feedback
from dualspike.golden.online.network import Injection, OnlineNetwork
from dualspike.golden.online.noise import Noise
from dualspike.golden.online.rule import Step
from dualspike.model.errors import BadInput

Floats = NDArray[np.floating[Any]]


class PseudoZerothOrder:
    """M_l <- momentum M_l + (1 - momentum) n_l o~^T / alpha from M_l = 0; dL/dS_l ~ M_l e.

    o~ is the output of the noisy pass and e the loss's derivative there; n_l o~^T is averaged over
    the batch. M_l estimates the transpose of the expected Jacobian do/dS_l. ``momentum`` in [0, 1).
    ``divided``: with the factor 1 / alpha; without it, as the authors train (appendix C.2), signals
    are alpha times as large. Source: Xiao et al., OPZO, equations 6 to 8.
    """

    def __init__(
        self, network: OnlineNetwork, noise: Noise, momentum: float, *, divided: bool = False
    ) -> None:
        if not 0 <= momentum < 1:
            raise BadInput(f"momentum must be in [0, 1), not {momentum}")
        self.matrices = no_feedback(network)
        self._noise, self._momentum, self._divided = noise, momentum, divided

    def inject(self, network: OnlineNetwork, step: int, batch: int) -> Injection:
        """See Rule.inject."""
        return self._noise.draw(network, step, batch)

    def signals(self, step: Step) -> list[Floats]:
        """See Rule.signals; M_l takes in the step before it is used."""
        share = (1 - self._momentum) / len(step.output)
        if self._divided:
            share /= self._noise.alpha
        for matrix, n in zip(self.matrices, self._noise.values, strict=True):
            matrix *= self._momentum
            matrix += share * (n.T @ step.output)
        return bring(self.matrices, step.error)
