"""Direct feedback alignment (DFA)."""

import numpy as np

from dualspike.golden.numeric import Floats
from dualspike.golden.online.network import OnlineNetwork
from dualspike.golden.online.rules.feedback import bring, random_feedback
from dualspike.golden.online.rules.rule import Silent, Step


class DirectFeedback(Silent):
    """dL/dS_l ~ B_l e with random matrices B_l that never change.

    Source: Nokland, "Direct feedback alignment provides learning in deep neural networks", 2016.
    """

    def __init__(self, network: OnlineNetwork, rng: np.random.Generator) -> None:
        self.matrices = random_feedback(network, rng)

    def signals(self, step: Step) -> list[Floats]:
        """See Rule.signals."""
        return bring(self.matrices, step.error)
