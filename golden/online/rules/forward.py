"""Forward gradients along neurons, in space: no matrix is used backwards, none is kept."""

import numpy as np

from dualspike.golden.numeric import Floats
from dualspike.golden.online.rules.lanes import Lanes, followed
from dualspike.golden.online.rules.rule import Silent, Step


class ForwardByNeurons(Silent):
    """delta_l = f^(1/2) v <e, dy>, the mean over K ``lanes``, for dy by dS_l = f^(1/2) v.

    v has a sign for every neuron, fresh in every step and for every sample; f = f'(U_l). E[v v^T] =
    I makes it the spatial gradient f dL/dS_l in the mean. For a rectangle f^(1/2) is its gate,
    neurons that cannot learn move nothing: the form that a chip has. Of all ways to share f
    between the two places this one varies least where dL/dS_l has no preferred neurons. Summed
    over the neurons of a layer, sample and step, the variance is

        (1 / K) ((sum of f) (sum of f (dL/dS)^2) - sum of (f dL/dS)^2).

    Sources: Ren, Kornblith, Liao, Hinton, "Scaling forward gradient with local losses", arXiv
    2210.03310, for networks of rates; traces in time as in OTTT.
    """

    def __init__(self, rng: np.random.Generator, lanes: int = 1) -> None:
        self._lanes = Lanes(lanes, rng)

    def signals(self, step: Step) -> list[Floats]:
        """See Rule.signals: v <e, dy> / f^(1/2), 0 where f is, as the caller multiplies by f."""
        drawn = self._lanes.draw(step.network, len(step.error))
        found: list[Floats] = []
        for layer, (v, f) in enumerate(zip(drawn, step.slopes, strict=True)):
            gate = np.sqrt(f)
            j = np.einsum("kbo,bo->kb", followed(step, layer, gate * v), step.error)
            mean = np.einsum("kb,kbi->bi", j, v) / len(v)
            found.append(np.divide(mean, gate, out=np.zeros_like(gate), where=gate > 0))
        return found


def predicted_variance(step: Step, signals: list[Floats]) -> list[Floats]:
    """K times the variance of delta_l for every sample [B], summed over the layer's neurons.

    ``signals``: dL/dS_l itself, of `SpatialBackpropagation`.
    """
    return [
        f.sum(axis=1) * (f * g**2).sum(axis=1) - np.square(f * g).sum(axis=1)
        for f, g in zip(step.slopes, signals, strict=True)
    ]
