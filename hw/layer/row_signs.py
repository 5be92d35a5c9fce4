"""The signs of the row that comes next, out of many, as a walk goes over them."""

from amaranth.hdl import Module, Mux, Signal, Value

from dualspike.hw.stream.delay import later

EACH = 8
"""Rows of which one is chosen in a clock; among as many at a time in the clocks before."""


def signs_of_row(
    m: Module, signs: Value, width: int, place: Value, last: Value, step_on: Value, name: str
) -> Value:
    """Word ``place`` of ``width`` bits out of ``signs``, by way of registers for `EACH` rows.

    ``place`` goes on by 1 in clocks of ``step_on``, from the ``last`` to 0. ``signs`` may change
    only while it is 0, and what is chosen follows 1 clock later, in other rows 2.
    """
    at, inside = place.shift_right(EACH.bit_length() - 1), place % EACH
    bits = EACH * width
    after = later(m, at + 1, 1, f"block_after_{name}")
    coming = later(m, signs.word_select(after, bits), 1, f"signs_coming_{name}")
    here = Signal(bits, name=f"signs_here_{name}", reset_less=True)
    ends = step_on & (last | (inside == EACH - 1))
    m.d.sync += here.eq(
        Mux(ends, Mux(last, signs[:bits], coming), Mux(at == 0, signs[:bits], here))
    )
    return here.word_select(inside, width)
