"""Zeroth order from a single point (ZO)."""

from dualspike.golden.numeric import Floats
from dualspike.golden.online.rules.noise import Noisy
from dualspike.golden.online.rules.rule import Step


class SinglePoint(Noisy):
    """dL/dS_l ~ L(alpha n) / alpha n_l: one noisy pass, one number of feedback per sample.

    Source: Xiao et al., OPZO, equation 4, with perturbed nodes in place of weights. Unbiased for
    alpha -> 0, of a variance that grows with L^2 / alpha^2.
    """

    def signals(self, step: Step) -> list[Floats]:
        """See Rule.signals."""
        size = (step.loss / self._noise.alpha)[:, None]
        return [size * n for n in self._noise.values]
