"""What a chip makes of its inputs: constant currents, or T frames of spikes of either sign.

Source of the codings: `golden.float.coding`, which has them in real numbers.
"""

import numpy as np

from dualspike.golden.integer.lfsr import running_bits
from dualspike.golden.numeric import Ints
from dualspike.model.description.part import Part
from dualspike.model.interface.lfsr import CODER, coder_state


class Coder:
    """The coding of a description's inputs; ``state`` of its register, 0 where it has none."""

    def __init__(self, part: Part) -> None:
        self._d = part
        drawn = part.network.coding == "bernoulli"
        self.state = coder_state(part.learning.seed) if drawn else 0

    def frames(self, x: Ints) -> Ints:
        """Stored inputs x [B, n_in] as the first layer's values: x itself, or [T, B, n_in].

        - rate: sign(x) at step t = 1 ... T where floor(t |x|) > floor((t - 1) |x|), otherwise 0
        - bernoulli: sign(x) where |x| > r, otherwise 0, with r in [0, 1) of as many fraction bits
          as x, drawn for every sample, step and input in this order, last bit first

        Inputs beyond [-1, 1] fire at every step, as 1 does.
        """
        network, fraction = self._d.network, self._d.formats.input.fraction
        if network.coding == "direct":
            return x
        size = np.abs(x.astype(np.int64))
        if network.coding == "rate":
            steps = np.arange(network.time_steps + 1)[:, None, None]
            fired = np.diff((steps * size) >> fraction, axis=0) > 0
        else:
            shape = (len(x), network.time_steps, x.shape[1], fraction)
            drawn, self.state = running_bits(CODER, self.state, int(np.prod(shape)))
            numbers = drawn.reshape(shape) @ (1 << np.arange(fraction))
            fired = size > numbers.swapaxes(0, 1)
        return np.sign(x) * fired
