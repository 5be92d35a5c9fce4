"""Forward direct feedback alignment (FDFA): the matrices of DFA, found by forward mode."""

import numpy as np

from dualspike.golden.numeric import Floats
from dualspike.golden.online.network import OnlineNetwork
from dualspike.golden.online.rules.feedback import average, bring, no_feedback
from dualspike.golden.online.rules.lanes import Lanes, followed
from dualspike.golden.online.rules.rule import Silent, Step
from dualspike.model.errors import BadInput


class ForwardDirectFeedback(Silent):
    """M_l <- momentum M_l + (1 - momentum) v dy^T from M_l = 0; dL/dS_l ~ M_l e.

    dy is the output's tangent for dS_l = v, signs fresh in every step; v dy^T is averaged over the
    batch and K ``lanes``. Like the matrices of OPZO they estimate the transpose of the expected
    Jacobian do/dS_l, from exact tangents in place of noisy outputs. ``momentum`` in [0, 1).
    Source: Bacho and Chu, "Forward direct feedback alignment for online gradient estimates of
    spiking neural networks", arXiv 2403.08804.
    """

    def __init__(
        self,
        network: OnlineNetwork,
        rng: np.random.Generator,
        momentum: float,
        lanes: int = 1,
    ) -> None:
        if not 0 <= momentum < 1:
            raise BadInput(f"momentum must be in [0, 1), not {momentum}")
        self.matrices = no_feedback(network)
        self._lanes, self._momentum = Lanes(lanes, rng), momentum

    def signals(self, step: Step) -> list[Floats]:
        """See Rule.signals; M_l takes in the step before it is used."""
        drawn = self._lanes.draw(step.network, len(step.error))
        for layer, (matrix, v) in enumerate(zip(self.matrices, drawn, strict=True)):
            n, moved = (a.reshape(-1, a.shape[-1]) for a in (v, followed(step, layer, v)))
            average(matrix, n, moved, self._momentum, (1 - self._momentum) / len(n))
        return bring(self.matrices, step.error)
