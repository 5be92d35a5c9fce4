"""The surrogate's table. Written apart from the golden model on purpose."""

import math
from bisect import bisect_left
from collections.abc import Callable
from fractions import Fraction
from itertools import accumulate

import numpy as np

from dualspike.model.description.network import Surrogate
from dualspike.model.description.part import Part
from dualspike.model.keys import Purpose


def surrogate_table(part: Part) -> list[int]:
    """f at the centre of every bin, halves rounded up, ordered by the bin's two's complement."""
    s, form = part.network.surrogate, part.formats.surrogate
    half, one = s.entries // 2, 1 << form.fraction
    bins = [*range(half), *range(-half, 0)]
    f = _stein(s, part.learning.seed) if s.kind == "stein" else _SHAPES[s.kind]
    sizes = [abs(Fraction((2 * n + 1) * s.span, s.entries)) for n in bins]
    values = [f(x, Fraction(s.sigma)) for x in sizes]
    return [min(math.floor((2 * one * Fraction(y) + 1) / 2), form.highest) for y in values]


def _stein(s: Surrogate, seed: int) -> Callable[[Fraction, Fraction], Fraction]:
    """The sum of |d| / (2 K sigma^2) over the K draws with |d| > |x|, for the draws of ``seed``."""
    draws = np.random.default_rng([seed, 0, Purpose.SURROGATE]).standard_normal(s.samples)
    falling = sorted((abs(s.sigma * draw) for draw in draws.tolist()), reverse=True)
    totals = [Fraction(0), *accumulate(map(Fraction, falling))]

    def f(x: Fraction, sigma: Fraction) -> Fraction:
        larger = bisect_left(falling, -float(x), key=lambda d: -d)
        return totals[larger] / (2 * s.samples * sigma**2)

    return f


_SHAPES: dict[str, Callable[[Fraction, Fraction], Fraction | float]] = {
    "gaussian": lambda x, sigma: math.exp(-0.5 * (x / sigma) ** 2) / math.sqrt(2 * math.pi) / sigma,
    "fast_sigmoid": lambda x, sigma: sigma / (2 * (sigma + x) ** 2),
    "triangle": lambda x, sigma: max(sigma - x, Fraction(0)) / sigma**2,
    "rectangle": lambda x, sigma: Fraction(x < sigma) / (2 * sigma),
}
