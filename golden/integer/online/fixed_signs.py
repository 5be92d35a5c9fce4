"""The signs by which errors come back to hidden layers without lanes; they never change."""

import numpy as np

from dualspike.golden.integer.lfsr import RandomWords, bits
from dualspike.golden.numeric import Matrix
from dualspike.model.description.description import Description
from dualspike.model.interface.lfsr import SIGNS, feedback_state


def fixed_signs(d: Description) -> Matrix:
    """B [hidden, widest, n_out], +1 or -1 where there is a neuron; empty with feedback forward."""
    layers, n_out = d.network.layers, d.basis
    fixed = np.ones((len(layers) - 2, max(layers), n_out), np.int64)
    if d.parts[0].own_lanes:
        return fixed[:0]
    starts = RandomWords(feedback_state(d.learning.seed)).words(len(fixed))
    for signs, start, width in zip(fixed, starts, layers[1:-1], strict=True):
        drawn = bits(SIGNS, [start], width * n_out)[0].reshape(width, n_out)
        signs[:width] = 1 - 2 * drawn.astype(np.int64)
    return fixed
