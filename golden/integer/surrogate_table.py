"""The surrogate as the chip has it: one stored integer for every bin."""

from fractions import Fraction
from math import floor

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.float.surrogate import RATIONAL, slopes_of
from dualspike.model.description.part import Part
from dualspike.model.once import once

_HALF = Fraction(1, 2)


@once
def surrogate_table(part: Part) -> NDArray[np.int64]:
    """The surrogate at the bin centres, in its format, with a 0 put before and after.

    Halves are rounded up. Values of `RATIONAL` shapes are exact fractions of sigma as a float has
    it; the others come from float64. Stein draws with ``learning.seed``, and saturates where its
    draws lift it above the format.
    """
    s, form = part.network.surrogate, part.formats.surrogate
    width = Fraction(2 * s.span, s.entries)
    centres = np.array([(n + _HALF) * width - s.span for n in range(s.entries)])
    if s.kind in RATIONAL:
        values = RATIONAL[s.kind](centres, Fraction(s.sigma))
    else:
        values = slopes_of([part.network], (part.learning.seed,))[0](centres.astype(np.float64))
    stored = [floor(Fraction(value) * 2**form.fraction + _HALF) for value in values.tolist()]
    return np.pad(np.minimum(np.array(stored, np.int64), form.highest), 1)
