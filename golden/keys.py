"""Random numbers without state: a key and a purpose name a generator, whoever asks and when.

A key is a tuple of integers that begins with the run's seed, usually (seed, update).
"""

from enum import IntEnum

import numpy as np


class Purpose(IntEnum):
    """What is drawn; large, so that no number of updates in a key comes near."""

    DIRECTIONS = 0x64697265
    SURROGATE = 0x7375726F
    CODING = 0x636F6465


def generator(key: tuple[int, ...], purpose: Purpose) -> np.random.Generator:
    """``numpy.random.default_rng([*key, purpose])``."""
    return np.random.default_rng([*key, purpose])
