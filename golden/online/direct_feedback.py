"""Direct feedback alignment (DFA)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.online.feedback import bring, random_feedback
from dualspike.golden.online.network import OnlineNetwork
from dualspike.golden.online.rule import Silent, Step

Floats = NDArray[np.floating[Any]]


class DirectFeedback(Silent):
    """dL/dS_l ~ B_l e with random matrices B_l that never change.

    Source: Nokland, "Direct feedback alignment provides learning in deep neural networks", 2016.
    """

    def __init__(self, network: OnlineNetwork, rng: np.random.Generator) -> None:
        self.matrices = random_feedback(network, rng)

    def signals(self, step: Step) -> list[Floats]:
        """See Rule.signals."""
        return bring(self.matrices, step.error)
