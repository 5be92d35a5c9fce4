"""Shift registers: many steps at once are single steps, none of them ends in a rut."""

from functools import partial, reduce
from operator import xor

from amaranth.hdl import Cat, Signal, Value

from dualspike.hw.stream.lfsr import back, leap, output_bits
from dualspike.model.interface.lfsr import DRAWER, SIGNS, Lfsr
from dualspike.testbench.formal.claims import Claims, Proof

FAMILY = "random words"


def _step(lfsr: Lfsr, state: Value) -> Value:
    return Cat(state[1:], reduce(xor, (state[tap] for tap in lfsr.taps)))


def steps_on(c: Claims, lfsr: Lfsr) -> None:
    """A single step, and the way back."""
    state = c.anything(lfsr.length, "state")
    after = _step(lfsr, state)
    c.always("a leap of 1 is a step", leap(lfsr, state, 1) == after)
    c.always("a step back undoes it", back(lfsr, after, 1) == state)
    c.always("no state but 0 leads to 0", (after == 0) == (state == 0))


def leaps(c: Claims, lfsr: Lfsr, steps: int) -> None:
    """A leap is one that is a step shorter, and a step: so it is as many steps."""
    state = c.anything(lfsr.length, "state")
    before = Signal(lfsr.length)
    c.m.d.comb += before.eq(leap(lfsr, state, steps - 1))
    c.always(
        f"a leap of {steps} is one of {steps - 1} and a step",
        leap(lfsr, state, steps) == _step(lfsr, before),
    )
    bits = output_bits(lfsr, state, 0, steps)
    c.always(
        f"bit {steps - 1} of many at once is that after {steps - 1} steps", bits[-1] == before[0]
    )


PROOFS = [
    *(
        Proof(f"{name}_steps", FAMILY, partial(steps_on, lfsr=lfsr))
        for name, lfsr in (("signs", SIGNS), ("drawer", DRAWER))
    ),
    *(
        Proof(f"{name}_{steps}", FAMILY, partial(leaps, lfsr=lfsr, steps=steps))
        for name, lfsr in (("signs", SIGNS), ("drawer", DRAWER))
        for steps in (2, 8, 16, 25, 32, 48)
    ),
]
