"""How far an integer chip may be from the float model, and its parameters as the model has them."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.float.surrogate import gaussian
from dualspike.golden.numeric import Doubles
from dualspike.model.description.description import Description
from dualspike.model.interface.memory_map import in_turn

FINE = {
    "weight": "s1.8",
    "input": "s1.6",
    "membrane": "s5.14",
    "tangent": "s8.14",
    "surrogate": "u0.18",
    "target": "s1.14",
}
"""The membrane holds weight times input exactly, so that all spikes are those of the floats."""


def slope_error(d: Description, part: int = 0) -> float:
    """Largest difference between the chip's table and the surrogate f.

    Within a bin of width w, |x - centre| <= w / 2, so |f(x) - f(centre)| <= w / 2 max |f'|, and
    rounding adds half a last bit; max |f'| = |f'(sigma)| = f(0) e^(-1/2) / sigma. Beyond the span
    the chip takes 0 for f, which is wrong by f(span) at most.
    """
    s = d.networks[part].surrogate
    steepest = s.peak * math.exp(-0.5) / s.sigma
    inside = s.span / s.entries * steepest + 0.5 * float(d.formats.surrogate.lsb)
    return max(inside, float(gaussian(np.array([s.span * 1.0]), s.sigma)[0]))


def flat(weights: Sequence[NDArray[Any]], biases: Sequence[NDArray[Any]], *lanes: int) -> Doubles:
    """Weights and biases in turn, layer by layer, in one row; or a row for each of ``lanes``."""
    parts = [one.reshape(*lanes, -1) for one in in_turn(weights, biases)]
    return np.concatenate(parts, axis=-1).astype(float)
