"""Random numbers without state: a key and a purpose name a generator, whoever asks and when.

A key is a tuple of integers that begins with the run's seed, usually (seed, update).
"""

import numpy as np

from dualspike.model.keys import Purpose


def generator(key: tuple[int, ...], purpose: Purpose) -> np.random.Generator:
    """``numpy.random.default_rng([*key, purpose])``."""
    return np.random.default_rng([*key, purpose])
