"""The surrogate as the chip has it: one stored integer for every bin."""

from fractions import Fraction
from math import floor

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.surrogate import slopes_of
from dualspike.model.network import Surrogate
from dualspike.model.part import Part


def surrogate_table(part: Part) -> NDArray[np.int64]:
    """The surrogate at the bin centres, in its format, with a 0 put before and behind.

    Halves are rounded up. Values of triangle, rectangle and fast_sigmoid are exact fractions of
    sigma as a float has it; those of gaussian and stein come from float64. Stein draws with
    ``learning.seed``, and saturates where its draws lift it above the format.
    """
    s, form = part.network.surrogate, part.formats.surrogate
    if s.kind in ("gaussian", "stein"):
        centres = (np.arange(s.entries) + 0.5) * (2 * s.span / s.entries) - s.span
        values = np.exp(-(centres**2) / (2 * s.sigma**2)) * s.peak
        if s.kind == "stein":
            values = slopes_of([part.network], (part.seed,))[0](centres)
        table = np.floor(values * 2**form.fraction + 0.5).astype(np.int64)
    else:
        width = Fraction(2 * s.span, s.entries)
        exact = [_exact(s, (n + Fraction(1, 2)) * width - s.span) for n in range(s.entries)]
        table = np.array([floor(f * 2**form.fraction + Fraction(1, 2)) for f in exact], np.int64)
    return np.pad(np.minimum(table, form.highest), 1)


def _exact(s: Surrogate, x: Fraction) -> Fraction:
    """f(x) of the kinds that are fractions."""
    sigma = Fraction(s.sigma)
    if s.kind == "triangle":
        return max(Fraction(0), 1 - abs(x) / sigma) / sigma
    if s.kind == "rectangle":
        return 1 / (2 * sigma) if abs(x) < sigma else Fraction(0)
    return 1 / (2 * sigma * (1 + abs(x) / sigma) ** 2)
