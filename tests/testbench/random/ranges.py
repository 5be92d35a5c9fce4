"""Draws over the whole ranges of docs/description.md: most are small, so that cores are too."""

import math
import random
from typing import Any

from dualspike.model.description.network import Surrogate, SurrogateKind


def size(r: random.Random, least: int, most: int) -> int:
    """A number in [least, most], its logarithm evenly spread; one in twelve is ``most``."""
    if not r.randrange(12):
        return most
    return min(most, int(least * ((most + 1) / least) ** r.random()))


def formats(r: random.Random, signed: dict[str, bool]) -> dict[str, str]:
    """A format of 2 to 24 bits, either end as often as all between, for every name.

    The point is anywhere in it, a target no finer than the membrane.
    """
    fractions: dict[str, int] = {}
    found: dict[str, str] = {}
    for name, sign in signed.items():
        bits = r.choice([2, 24, *(r.randint(2, 24) for _ in range(4))])
        fraction = r.randint(0, bits - sign)
        if name == "target":
            fraction = min(fraction, fractions["membrane"])
        fractions[name] = fraction
        found[name] = f"{'s' if sign else 'u'}{bits - sign - fraction}.{fraction}"
    return found


def parsed(form: str) -> tuple[int, int]:
    """Bits without the sign, and those after the point."""
    integer, fraction = form[1:].split(".")
    return int(integer) + int(fraction), int(fraction)


def surrogate(
    r: random.Random, kinds: list[SurrogateKind], membrane: str = "s3.16", table: str = "u0.8"
) -> dict[str, Any]:
    """Any kind, span, number of entries, and width whose peak the table holds."""
    kind, span = r.choice(kinds), 1 << r.randint(0, 6)
    bits, fraction = parsed(table)
    least = Surrogate(kind=kind, sigma=1).peak * 2**fraction / (2**bits - 1) + 1e-3
    least = min(16.0, max(0.01, least))
    finest = (2 * span).bit_length() - 1 + parsed(membrane)[1]
    return {
        "kind": kind,
        "sigma": r.choice([least, 16.0, *(least * (16 / least) ** r.random() for _ in range(4))]),
        "samples": size(r, 1, 65536) if kind == "stein" else 64,
        "entries": 1 << r.randint(1, min(12, finest)),
        "span": span,
    }


def threshold(r: random.Random, membrane: str = "s3.16") -> float:
    """Mostly about 1, else any that the membrane holds; at most its largest number."""
    bits, fraction = parsed(membrane)
    ends = math.ldexp(1, max(-16, -fraction)), min(2.0**16, (2**bits - 1) / 2.0**fraction)
    common = r.choice([0.5, 0.75, 1.0])
    rare = min(max(ends[0] * (ends[1] / ends[0]) ** r.random(), ends[0]), ends[1])
    return r.choice([min(max(common, ends[0]), ends[1])] * 3 + [rare, *ends])


def folding(r: random.Random, widths: list[int], widest: int) -> tuple[list[int], list[int]]:
    """``pe`` and ``simd`` of layers of these ``widths``, at most ``widest`` where that can be."""
    simd = [size(r, 1, min(widest, width)) for width in widths[:-1]]
    pe = []
    for width, after in zip(widths[1:], [*simd[1:], 1], strict=True):
        choices = [*range(after, width + 1, after), width]
        pe.append(r.choice([n for n in choices if n <= widest] or choices[:1]))
    return pe, simd
