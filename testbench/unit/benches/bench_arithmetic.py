"""`hw.stream.arithmetic`: every operand of small formats, against fractions."""

import math
from fractions import Fraction
from itertools import product
from typing import Any

from amaranth.hdl import Module, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from dualspike.hw.stream.arithmetic import (
    add,
    add_counted,
    round_half_up,
    round_saturate,
    saturate,
    turned,
)
from dualspike.testbench.unit.benches.reference import clipped
from dualspike.testbench.unit.tb import TB

BITS, FRACTION = 5, 2
SHIFTS = range(-2, 7)
WIDTHS = range(1, 8)
TERMS = range(8)


class Arithmetic(wiring.Component):
    """Everything that `hw.stream.arithmetic` makes of two Q2.2 numbers, a cycle later."""

    a: In(signed(BITS))
    b: In(signed(BITS))
    rounded: Out(data.ArrayLayout(signed(BITS + 2), len(SHIFTS)))
    clipped: Out(data.ArrayLayout(signed(8), len(WIDTHS)))
    clips: Out(len(WIDTHS))
    product: Out(signed(BITS))
    overflow: Out(1)
    sums: Out(data.ArrayLayout(signed(BITS + 3), len(TERMS)))
    turned: Out(data.ArrayLayout(signed(BITS + 4), len(TERMS) - 1))

    def elaborate(self, platform: object) -> Module:
        """Registers after the functions."""
        m = Module()
        for n, shift in enumerate(SHIFTS):
            m.d.sync += self.rounded[n].eq(round_half_up(self.a, shift))
        for n, width in enumerate(WIDTHS):
            value, over = saturate(m, self.a, width, f"narrow_{width}")
            m.d.sync += [self.clipped[n].eq(value), self.clips[n].eq(over)]
        value, over = round_saturate(m, self.a * self.b, FRACTION, BITS, "exact")
        m.d.sync += [self.product.eq(value), self.overflow.eq(over)]
        for n, count in enumerate(TERMS):
            m.d.sync += self.sums[n].eq(add(*terms(self.a, self.b, count)))
        for n, count in enumerate(TERMS[1:]):
            bits = [self.a[place % BITS] for place in range(count)]
            given = map(turned, terms(self.a, self.b, count), bits)
            value, bit = add_counted(*given)
            m.d.sync += self.turned[n].eq(value + bit)
        return m


def terms(a: Any, b: Any, count: int) -> list[Any]:
    """``count`` terms in turns: a, b, a, ..."""
    return ([a, b] * count)[:count]


TOP = "arithmetic"
CASES: list[dict[str, Any]] = [{}]


def component() -> Arithmetic:
    """The functions under test."""
    return Arithmetic()


def half_up(value: Fraction) -> int:
    """The nearest integer, halves up."""
    return math.floor(value + Fraction(1, 2))


@TB.test()
async def reset_leaves_zeros(tb: TB) -> None:
    """In every register, whatever has been in it."""
    results = [n for n, way in Arithmetic().signature.members.items() if way.flow is Out]
    for a, b in ((-1, -1), (-1 << BITS - 1, (1 << BITS - 1) - 1), (5, 10)):
        tb.set(a=a, b=b)
        await tb.cycle()
        await tb.settle()
        assert any(tb.bits(name) for name in results)
        await tb.reset()
        tb.set(a=0, b=0)
        await tb.settle()
        assert not any(tb.bits(name) for name in results)
        await tb.edge()


@TB.test()
async def rounds_and_saturates_exactly(tb: TB) -> None:
    """All 1024 pairs of operands."""
    half = 1 << (BITS - 1)
    for a, b in product(range(-half, half), repeat=2):
        tb.set(a=a, b=b)
        await tb.cycle()
        await tb.settle()
        assert tb.get("rounded") == [half_up(a * Fraction(2) ** -shift) for shift in SHIFTS]
        pairs = [clipped(a, width) for width in WIDTHS]
        assert tb.get("clipped") == [value for value, _ in pairs]
        assert tb.get("clips") == sum(over << n for n, (_, over) in enumerate(pairs))
        exact = Fraction(a, 1 << FRACTION) * Fraction(b, 1 << FRACTION)
        value, over = clipped(half_up(exact * (1 << FRACTION)), BITS)
        assert (tb.get("product"), tb.get("overflow")) == (value, over)
        assert tb.get("sums") == [sum(terms(a, b, count)) for count in TERMS]
        signs = [1 - 2 * (a >> place % BITS & 1) for place in range(max(TERMS))]
        assert tb.get("turned") == [
            sum(sign * one for sign, one in zip(signs, terms(a, b, count), strict=False))
            for count in TERMS[1:]
        ]
        await tb.edge()
