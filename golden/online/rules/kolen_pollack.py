"""Direct Kolen-Pollack learning (DKP)."""

import numpy as np

from dualspike.golden.numeric import Floats
from dualspike.golden.online.network import OnlineNetwork
from dualspike.golden.online.rules.feedback import bring, random_feedback
from dualspike.golden.online.rules.rule import Silent, Step
from dualspike.model.errors import BadInput


class DirectKolenPollack(Silent):
    """dL/dS_l ~ B_l e; then B_l <- (1 - decay) B_l - rate S_l e^T, averaged over the batch.

    The last hidden layer's matrix moves like the readout's transpose under plain descent with the
    same rate and decay: what both forget of their start makes them meet. ``rate`` >= 0, ``decay``
    in [0, 1]. Sources: Kolen and Pollack, "Backpropagation without weight transport", 1994;
    Webster, Choi, Ahn, "Learning the connections in direct feedback alignment", 2020.
    """

    def __init__(
        self, network: OnlineNetwork, rng: np.random.Generator, rate: float, decay: float
    ) -> None:
        if not 0 <= rate < np.inf:
            raise BadInput(f"rate must be in [0, inf), not {rate}")
        if not 0 <= decay <= 1:
            raise BadInput(f"decay must be in [0, 1], not {decay}")
        self.matrices = random_feedback(network, rng)
        self._rate, self._decay = rate, decay

    def signals(self, step: Step) -> list[Floats]:
        """See Rule.signals."""
        found = bring(self.matrices, step.error)
        for matrix, S in zip(self.matrices, step.spikes, strict=True):
            matrix *= 1 - self._decay
            matrix -= self._rate / len(S) * (S.T @ step.error)
        return found
