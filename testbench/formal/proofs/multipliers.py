"""Products some clocks after their operands: exact, whatever the widths and signs.

That the blocks of a device which stand for them are equal is proved in `tests/hw/emit`.
"""

from functools import partial

from amaranth.hdl import Shape, Signal, signed, unsigned

from dualspike.hw.layer.macs.multiplier import LATENCIES, Multiplier
from dualspike.testbench.formal.claims import Claims, Proof

FAMILY = "multipliers"


def multiplies(c: Claims, left: Shape, right: Shape, latency: int) -> None:
    """The product of what the operands were so many clocks before; a reset changes none of it."""
    unit = Multiplier(left, right, latency)
    c.opened(unit)
    given = [c.anything(left, "left_given"), c.anything(right, "right_given")]
    c.m.d.comb += [unit.left.eq(given[0]), unit.right.eq(given[1])]
    then = Signal(range(LATENCIES[-1] + 1), name="clocks", reset_less=True)
    with c.m.If(then != latency):
        c.m.d.sync += then.eq(then + 1)
    for n in range(latency):
        kept = [Signal.like(one, name=f"{one.name}_{n}", reset_less=True) for one in given]
        c.m.d.sync += [one.eq(before) for one, before in zip(kept, given, strict=True)]
        given = kept
    product = given[0] * given[1]
    c.always(f"the product of {latency} clocks ago", (then != latency) | (unit.product == product))
    c.always("no more clocks are waited for", then <= latency)


KINDS = [(signed(3), signed(4)), (unsigned(4), signed(2)), (unsigned(3), unsigned(3))]

PROOFS = [
    Proof(
        f"multiplier_{n}_{latency}",
        FAMILY,
        partial(multiplies, left=left, right=right, latency=latency),
        5,
    )
    for n, (left, right) in enumerate(KINDS)
    for latency in LATENCIES
]
