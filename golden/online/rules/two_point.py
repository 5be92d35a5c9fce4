"""Simultaneous perturbation from two points (SPSA)."""

from dualspike.golden.numeric import Floats
from dualspike.golden.online.rules.noise import Noisy
from dualspike.golden.online.rules.rule import Step


class TwoPoint(Noisy):
    """dL/dS_l ~ (L(alpha n) - L(-alpha n)) / (2 alpha) n_l.

    The network goes on from the pass with +alpha n; the other one is a replay. Source: Spall, 1992;
    Xiao et al., OPZO, equation 2, with perturbed nodes in place of weights.
    """

    def signals(self, step: Step) -> list[Floats]:
        """See Rule.signals."""
        other = step.replay(self._noise.injection(-1))
        size = ((step.loss - other) / (2 * self._noise.alpha))[:, None]
        return [size * n for n in self._noise.values]
