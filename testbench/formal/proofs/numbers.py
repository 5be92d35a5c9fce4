"""Rounding, saturation and sums, against what they are in mathematics, for all operands."""

from functools import partial

from amaranth.hdl import Cat, Value, signed

from dualspike.hw.stream.arithmetic import (
    add,
    add_counted,
    round_half_up,
    round_saturate,
    saturate,
    turned,
)
from dualspike.testbench.formal.claims import Claims, Proof

FAMILY = "numbers"


def rounded(c: Claims, bits: int) -> None:
    """r = floor(v / 2^s + 1/2) is the whole number with 2^s r <= v + 2^(s-1) < 2^s (r + 1)."""
    value = c.anything(signed(bits), "value")
    for shift in range(-2, bits + 2):
        result = round_half_up(value, shift)
        if shift <= 0:
            right = result == value * (1 << -shift)
        else:
            half, whole = 1 << (shift - 1), 1 << shift
            right = (result * whole <= value + half) & (value + half < (result + 1) * whole)
        c.always(f"{bits} bits divided by 2^{shift} are rounded half up", right)


def clipped(c: Claims, bits: int) -> None:
    """The nearest number of so many bits, and whether it is another."""
    value = c.anything(signed(bits), "value")
    for to in range(1, bits + 2):
        low, high = -1 << (to - 1), (1 << (to - 1)) - 1
        result, clips = saturate(c.m, value, to, f"clipped_{to}")
        c.always(
            f"{bits} bits clipped to {to} are the nearest",
            ((value < low) & (result == low))
            | ((value > high) & (result == high))
            | ((value >= low) & (value <= high) & (result == value)),
        )
        c.always(f"{bits} bits clipped to {to}: told if it is another", clips == (result != value))


def requantized(c: Claims, bits: int, shift: int) -> None:
    """Rounded, then clipped: never wrapped, though rounding may take a bit more."""
    value = c.anything(signed(bits), "value")
    for to in range(1, bits + 1):
        low, high = -1 << (to - 1), (1 << (to - 1)) - 1
        result, _ = round_saturate(c.m, value, shift, to, f"requantized_{to}")
        half, whole = 1 << (shift - 1), 1 << shift
        below = value + half < low * whole
        above = value + half >= (high + 1) * whole
        near = (result * whole <= value + half) & (value + half < (result + 1) * whole)
        c.always(
            f"{bits} bits by 2^{shift} into {to} are the nearest there",
            (below & (result == low)) | (above & (result == high)) | (~below & ~above & near),
        )


def summed(c: Claims, terms: int) -> None:
    """Balanced sums lose nothing, whatever the widths; carries count."""
    values = [c.anything(signed(3 + n % 3), f"value_{n}") for n in range(terms)]
    negatives = [c.anything(1, f"negative_{n}") for n in range(terms)]
    plain: Value = values[0]
    counted: Value = values[0] + negatives[0]
    for value, negative in zip(values[1:], negatives[1:], strict=True):
        plain, counted = plain + value, counted + value + negative
    c.always(f"the balanced sum of {terms} is their sum", add(*values) == plain)
    total, carry = add_counted(*zip(values, negatives, strict=True))
    c.always(f"the sum of {terms} and of their carries is all of it", total + carry == counted)


def negated(c: Claims, bits: int) -> None:
    """The complement and a bit are the negative."""
    value, negative = c.anything(signed(bits), "value"), c.anything(1, "negative")
    kept, carry = turned(value, negative)
    c.always(
        f"{bits} bits turned are themselves or their negative",
        Cat(kept + carry == value, kept + carry == -value).bit_select(negative, 1),
    )


WIDTHS = range(2, 10)

PROOFS = [
    *(Proof(f"rounded_{bits}", FAMILY, partial(rounded, bits=bits)) for bits in WIDTHS),
    *(Proof(f"clipped_{bits}", FAMILY, partial(clipped, bits=bits)) for bits in WIDTHS),
    *(
        Proof(f"requantized_{bits}_{shift}", FAMILY, partial(requantized, bits=bits, shift=shift))
        for bits, shift in ((5, 1), (6, 3), (8, 2), (8, 5))
    ),
    *(Proof(f"summed_{terms}", FAMILY, partial(summed, terms=terms)) for terms in (2, 3, 5)),
    *(Proof(f"negated_{bits}", FAMILY, partial(negated, bits=bits)) for bits in (2, 7)),
]
