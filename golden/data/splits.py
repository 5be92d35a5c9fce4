"""Which samples of a file are held out to be tested on, where it has no test samples of its own."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

HELD_OUT = 5
"""One sample in so many is tested on."""

SPLIT_SEED = 0
"""The same whatever ``learning.seed`` is, so that runs with different seeds compare."""

HELD_OUT_PART = "held-out part"
BY_CLASS = f"one sample in {HELD_OUT} of every class, drawn with seed {SPLIT_SEED}"
OF_ALL = f"one sample in {HELD_OUT}, drawn with seed {SPLIT_SEED}"
LAST = f"the last of the file, one function in {HELD_OUT}"


def held_out(groups: NDArray[np.integer[Any]]) -> NDArray[np.bool_]:
    """Which samples are tested on, [N]: of each of the ``groups`` [N] one in `HELD_OUT`.

    Rounded down: the first of its samples in the order of ``default_rng(0).permutation(N)``.
    """
    order = np.random.default_rng(SPLIT_SEED).permutation(len(groups))
    out = np.zeros(len(groups), bool)
    for one in range(int(groups.max()) + 1):
        own = order[groups[order] == one]
        out[own[: len(own) // HELD_OUT]] = True
    return out
