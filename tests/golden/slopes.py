"""Surrogates at the centres of their bins, from their formulas."""

import math
from fractions import Fraction

import numpy as np

from dualspike.model.description.description import Description
from dualspike.model.description.network import Surrogate
from dualspike.model.keys import Purpose

HALF = Fraction(1, 2)


def half_up(value: Fraction) -> int:
    """The nearest whole number, halves up."""
    return math.floor(value + HALF)


def table(d: Description, s: Surrogate) -> list[Fraction]:
    """What the chip has for every bin."""
    form, width = d.formats.surrogate, Fraction(2 * s.span, s.entries)
    centres = [(n + HALF) * width - s.span for n in range(s.entries)]
    stored = [half_up(Fraction(surrogate(s, x, d.learning.seed)) / form.lsb) for x in centres]
    return [min(one, form.highest) * form.lsb for one in stored]


def surrogate(s: Surrogate, x: Fraction, seed: int) -> Fraction | float:
    """f(x), exact but for gaussian and stein."""
    sigma, size = Fraction(s.sigma), abs(x)
    if s.kind == "gaussian":
        return math.exp(-(float(x) ** 2) / (2 * s.sigma**2)) / math.sqrt(2 * math.pi) / s.sigma
    if s.kind == "triangle":
        return (sigma - size) / sigma**2 if size < sigma else 0.0
    if s.kind == "rectangle":
        return 1 / (2 * sigma) if size < sigma else 0.0
    if s.kind == "fast_sigmoid":
        return 1 / (2 * sigma * (1 + size / sigma) ** 2)
    key = [seed, 0, Purpose.SURROGATE]
    draws = np.abs(s.sigma * np.random.default_rng(key).standard_normal(s.samples))
    return math.fsum(draws[draws > float(size)]) / (2 * s.samples * s.sigma**2)
