"""Local learning (LL): a readout at every hidden layer, next to any other rule."""

import math

import numpy as np

from dualspike.golden.numeric import Floats
from dualspike.golden.online.network import Injection, OnlineNetwork
from dualspike.golden.online.rules.rule import Rule, Step
from dualspike.model.errors import BadInput


class Readout:
    """r = R S of one layer's spikes, or their mean so far where answers are averages.

    R [n_out, n] descends its own loss, L(r), at every step.
    """

    def __init__(
        self, network: OnlineNetwork, layer: int, rate: float, rng: np.random.Generator
    ) -> None:
        if not 0 <= rate < np.inf:
            raise BadInput(f"rate must be in [0, inf), not {rate}")
        n, n_out = network.hidden[layer], network.layers[-1]
        drawn = rng.uniform(-1, 1, (n_out, n)) * math.sqrt(3 / n)
        self.weights: Floats = drawn.astype(network.theta.dtype)
        self._rate = rate

    def read(self, step: Step, layer: int) -> tuple[Floats, Floats]:
        """dL/dr [B, n_out] and R^T dL/dr [B, n]; afterwards R moves by -rate dL/dR."""
        heard = step.heard[layer]
        error = step.judge(heard @ self.weights.T)[1]
        signal = error @ self.weights
        self.weights -= self._rate / len(heard) * (error.T @ heard)
        return error, signal


class LocalLearning:
    """dL/dS_l ~ the other rule's estimate + scale R_l^T dL(R_l S_l)/dr.

    ``scale`` >= 0 weighs the local losses; ``rate`` is the readouts' own. The last hidden layer has
    one too. Source: Xiao et al., OPZO, appendix C.1, with symmetric weights as there.
    """

    def __init__(
        self,
        network: OnlineNetwork,
        rule: Rule,
        rng: np.random.Generator,
        scale: float,
        rate: float,
    ) -> None:
        if not 0 <= scale < np.inf:
            raise BadInput(f"scale must be in [0, inf), not {scale}")
        self._rule, self._scale = rule, scale
        self.readouts = [Readout(network, layer, rate, rng) for layer in range(len(network.hidden))]

    def inject(self, network: OnlineNetwork, step: int, batch: int) -> Injection | None:
        """See Rule.inject: the other rule's."""
        return self._rule.inject(network, step, batch)

    def signals(self, step: Step) -> list[Floats]:
        """See Rule.signals."""
        local = [readout.read(step, layer)[1] for layer, readout in enumerate(self.readouts)]
        both = zip(self._rule.signals(step), local, strict=True)
        return [signal + self._scale * own for signal, own in both]
