"""Spatial back-propagation with a surrogate (BP)."""

from dualspike.golden.numeric import Floats
from dualspike.golden.online.rules.rule import Silent, Step


class SpatialBackpropagation(Silent):
    """dL/dS_L = W_out^T e, dL/dS_{l-1} = W_l^T (f'(U_l) dL/dS_l), within one time step.

    Source: Xiao et al., "Online training through time" (OTTT), 2022.
    """

    def signals(self, step: Step) -> list[Floats]:
        """See Rule.signals."""
        last = len(step.slopes)
        found = [step.network.back(last, step.error)]
        for layer in range(last - 1, 0, -1):
            found.append(step.network.back(layer, found[-1] * step.slopes[layer]))
        return found[::-1]
