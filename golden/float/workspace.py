"""Arrays that are used again: fresh memory costs more than many a result is worth."""

import math
from typing import Any

import numpy as np

from dualspike.golden.numeric import Floats


class Workspace:
    """Memory by name, of one floating type; it grows to the largest array asked for.

    An array holds whatever was left in it, and is good until its name is asked for again.
    """

    def __init__(self, dtype: np.dtype[np.floating[Any]]) -> None:
        self._dtype = dtype
        self._held: dict[str, Floats] = {}

    def array(self, name: str, *shape: int) -> Floats:
        """An array of that shape."""
        size = math.prod(shape)
        held = self._held.get(name)
        if held is None or held.size < size:
            held = self._held[name] = np.empty(size, self._dtype)
        return held[:size].reshape(shape)
