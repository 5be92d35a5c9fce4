"""Forward mode in space: tangents that begin at one hidden layer, followed to the output."""

import numpy as np

from dualspike.golden.numeric import Floats
from dualspike.golden.online.network import OnlineNetwork
from dualspike.golden.online.rules.rule import Step
from dualspike.model.errors import BadInput


class Lanes:
    """K lanes for every hidden layer, each with signs for its neurons, fresh in every step.

    ``count`` K in [1, 2^16]; signs are +1 or -1, each as likely, from ``rng``, layer by layer.
    """

    def __init__(self, count: int, rng: np.random.Generator) -> None:
        if not 1 <= count <= 2**16:
            raise BadInput(f"lanes must be in [1, {2**16}], not {count}")
        self._count, self._rng = count, rng

    def draw(self, network: OnlineNetwork, batch: int) -> list[Floats]:
        """Signs [K, B, n_l] for every hidden layer."""
        shapes = [(self._count, batch, n) for n in network.hidden]
        drawn = [1 - 2 * self._rng.integers(0, 2, shape, np.int8) for shape in shapes]
        return [signs.astype(network.theta.dtype) for signs in drawn]


def followed(step: Step, layer: int, tangents: Floats) -> Floats:
    """The output's tangents [K, B, n_out] from those of a hidden layer's spikes [K, B, n_l].

    Through the later layers of this step alone: dI = W dS, dS = f'(U) dI.
    """
    for above in range(layer + 1, len(step.slopes)):
        tangents = step.network.carry(above, tangents) * step.slopes[above]
    return step.network.carry(len(step.slopes), tangents)
