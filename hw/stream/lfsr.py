"""Leap-ahead for the registers of `model.interface.lfsr`: many bits and steps in one clock."""

from functools import cache, reduce
from operator import xor

from amaranth.hdl import Cat, Value

from dualspike.model.interface.lfsr import Lfsr


@cache
def _masks(lfsr: Lfsr, count: int) -> tuple[int, ...]:
    """Output bit n as the set (bit mask) of present state bits whose XOR it is."""
    masks = [1 << n for n in range(lfsr.length)]
    for n in range(lfsr.length, count):
        masks.append(reduce(xor, (masks[n - lfsr.length + tap] for tap in lfsr.taps)))
    return tuple(masks[:count])


def output_bits(lfsr: Lfsr, state: Value, first: int, count: int) -> Value:
    """Output bits first ... first + count - 1, counted from the present state.

    Neighbours mostly come from neighbours: one XOR of slices serves a whole run of bits.
    """
    runs: list[tuple[int, int]] = []
    for mask in _masks(lfsr, max(first + count, lfsr.length))[first : first + count]:
        begin, length = runs[-1] if runs else (0, 0)
        if mask == begin << length:
            runs[-1] = (begin, length + 1)
        else:
            runs.append((mask, 1))
    return Cat(
        reduce(xor, (state[n : n + length] for n in range(lfsr.length) if mask >> n & 1))
        for mask, length in runs
    )


def back(lfsr: Lfsr, state: Value, steps: int) -> Value:
    """The state ``steps`` steps earlier: with tap 0 always there, a bit follows from later ones."""
    masks = [1 << n for n in range(lfsr.length)]
    for _ in range(steps):
        earlier = reduce(xor, (masks[tap - 1] for tap in lfsr.taps))
        masks = [earlier, *masks[:-1]]
    return Cat(
        reduce(xor, (state[n] for n in range(lfsr.length) if mask >> n & 1)) for mask in masks
    )


def leap(lfsr: Lfsr, state: Value, steps: int) -> Value:
    """The state ``steps`` steps later."""
    return output_bits(lfsr, state, steps, lfsr.length)
