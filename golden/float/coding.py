"""How an input enters the first layer: as a constant current, or as spikes of either sign."""

import numpy as np

from dualspike.golden.numeric import Floats
from dualspike.model.description.network import Network
from dualspike.model.errors import BadInput


def encode(x: Floats, network: Network, rng: np.random.Generator | None) -> Floats:
    """What inputs x [B, n_in] feed into the first layer, [T, B, n_in], or [1, B, n_in] if constant.

    - direct: x itself, at every step the same.
    - bernoulli: sign(x) with probability |x|, otherwise 0, each step by itself, from ``rng``.
    - rate: sign(x) at step t = 1 ... T where floor(t |x|) > floor((t - 1) |x|), otherwise 0:
      floor(T |x|) spikes as evenly spaced as can be, those of an integrate-and-fire neuron.

    A mean over steps has the expectation x (bernoulli), or is within 1 / T of it (rate). Raises
    BadInput for a spike coding of inputs outside [-1, 1], and for bernoulli without ``rng``.
    """
    if network.coding == "direct":
        return x[None]
    size = np.abs(x)
    if x.size and not size.max() <= 1:
        raise BadInput(
            f"inputs must be in [-1, 1] for coding {network.coding}, not {x.flat[size.argmax()]:g}"
        )
    steps = network.time_steps
    if network.coding == "bernoulli":
        if rng is None:
            raise BadInput("rng must be given for coding bernoulli, not None")
        fired = rng.random((steps, *x.shape)) < size
    else:
        count = np.floor(np.arange(steps + 1.0)[:, None, None] * size.astype(np.float64))
        fired = np.diff(count, axis=0) > 0
    return np.sign(x) * fired
