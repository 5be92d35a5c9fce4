"""Online pseudo-zeroth-order training (OPZO), and with an intermediate readout (IGL)."""

import numpy as np

from dualspike.golden.numeric import Floats
from dualspike.golden.online.network import OnlineNetwork
from dualspike.golden.online.rules.feedback import average, bring, no_feedback
from dualspike.golden.online.rules.local_learning import Readout
from dualspike.golden.online.rules.noise import Noise, Noisy
from dualspike.golden.online.rules.rule import Step
from dualspike.model.errors import BadInput


class PseudoZerothOrder(Noisy):
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
        super().__init__(noise)
        self.matrices = no_feedback(network)
        self._momentum, self._divided = momentum, divided

    def signals(self, step: Step) -> list[Floats]:
        """See Rule.signals; M_l takes in the step before it is used."""
        self._learn(self.matrices, step.output)
        return bring(self.matrices, step.error)

    def _learn(self, matrices: list[Floats], output: Floats) -> None:
        """Move the matrices of the first layers by what their noise did to an output [B, n_out]."""
        share = (1 - self._momentum) / len(output)
        if self._divided:
            share /= self._noise.alpha
        for matrix, n in zip(matrices, self._noise.values, strict=False):
            average(matrix, n, output, self._momentum, share)


class IntermediateGlobal(PseudoZerothOrder):
    """OPZO whose middle layer has a readout too, with feedback of its own to the layers below.

    With r = R S_m of hidden layer m = ``middle``, counted from 1 and not the last one,
    dL/dS_l ~ M_l e + scale N_l dL(r)/dr for l < m, where N_l learns from n_l r^T as M_l does from
    n_l o~^T; layer m itself adds scale R^T dL(r)/dr. ``rate`` is the readout's own. Source: Xiao
    et al., OPZO, appendix C.1.
    """

    def __init__(
        self,
        network: OnlineNetwork,
        noise: Noise,
        momentum: float,
        rng: np.random.Generator,
        *,
        middle: int,
        scale: float,
        rate: float,
        divided: bool = False,
    ) -> None:
        super().__init__(network, noise, momentum, divided=divided)
        if not 1 <= middle < len(network.hidden):
            most = len(network.hidden)
            raise BadInput(f"middle must be in [1, {most}), not {middle}")
        if not 0 <= scale < np.inf:
            raise BadInput(f"scale must be in [0, inf), not {scale}")
        self.lower = no_feedback(network)[: middle - 1]
        self.readout = Readout(network, middle - 1, rate, rng)
        self._middle, self._scale = middle, scale

    def signals(self, step: Step) -> list[Floats]:
        """See Rule.signals."""
        found = super().signals(step)
        output = step.spikes[self._middle - 1] @ self.readout.weights.T
        error, own = self.readout.read(step, self._middle - 1)
        self._learn(self.lower, output)
        for layer, signal in enumerate([*bring(self.lower, error), own]):
            found[layer] += self._scale * signal
        return found
