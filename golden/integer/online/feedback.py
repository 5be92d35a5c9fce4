"""What brings errors back to hidden layers: signs that never change, or matrices that learn."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.integer.lfsr import RandomWords, bits
from dualspike.golden.numeric import Matrix
from dualspike.model.description.description import Description
from dualspike.model.interface.lfsr import SIGNS, feedback_state


def fixed_signs(d: Description) -> Matrix:
    """B [hidden, widest, n_out], +1 or -1 where there is a neuron; empty with other feedback."""
    layers, n_out = d.network.layers, d.basis
    fixed = np.ones((len(layers) - 2, max(layers), n_out), np.int64)
    if d.learning.feedback != "signs":
        return fixed[:0]
    starts = RandomWords(feedback_state(d.learning.seed)).words(len(fixed))
    for signs, start, width in zip(fixed, starts, layers[1:-1], strict=True):
        drawn = bits(SIGNS, [start], width * n_out)[0].reshape(width, n_out)
        signs[:width] = 1 - 2 * drawn.astype(np.int64)
    return fixed


def no_feedback(d: Description) -> list[Matrix]:
    """Zeros [n_l, n_out] for every hidden layer where feedback is learned; else none."""
    hidden = d.network.layers[1:-1] if d.learning.keeps_feedback else []
    return [np.zeros((n, d.basis), np.int64) for n in hidden]


def padded(matrices: Sequence[NDArray[Any]], widest: int, n_out: int) -> NDArray[Any]:
    """A copy of matrices [n_l, n_out] as one array [hidden, widest, n_out]."""
    kinds = [matrix.dtype for matrix in matrices]
    held = np.zeros((len(matrices), widest, n_out), np.result_type(np.int64, *kinds))
    for place, matrix in zip(held, matrices, strict=True):
        place[: len(matrix)] = matrix
    return held
