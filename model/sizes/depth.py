"""How many registers deep a chip is, by the clock that is wanted of it and the FPGA it is for.

Depth changes no result and no register map: only how many clocks a sample takes from end to end.
"""

from dataclasses import dataclass

SPREAD = 1.04
"""Delays of place and route with one seed over those with another."""


@dataclass(frozen=True)
class Delays:
    """Nanoseconds that a factor needs to a block whose only register is the one after the product.

    ``source``: from the clock to the factor, out of a flip-flop or a memory. ``wire``: the longest
    from there to a multiplier, in a big core. ``operand``: from the block's input to its register.
    """

    source: float
    wire: float
    operand: float

    @property
    def fastest_shallow(self) -> float:
        """MHz up to which a product is done between two registers, a slope chosen and shifted."""
        return 1000 / (SPREAD * (self.source + self.wire + self.operand))


ECP5 = Delays(5.83, 14.2, 3.49)
"""Speed grade 6, as nextpnr 0.11 times it: a weight from a block RAM, which takes 5.83 ns, or with
its output register 0.96.

A MULT18X18D takes 3.93 ns from operand to product, 3.49 from operand to its register after the
product, and with registers on both sides 0.74 from the clock to the product. The wire is that of
2-128-128-1 with pe 16 on a ULX3S-85F, 23.5 ns in all; the preset hat, whose weights are in tables
of 0.52 ns, has 8.0. 24 multiply-accumulates by themselves come to 66 MHz without a register in the
block, to 125 with one after the product, to 128 with one before it as well
(`benchmarks/multipliers.py`, means of three seeds).
"""
ICE40UP = Delays(1.39, 6.0, 9.05)
"""iCE40UP5K, the flip-flop as nextpnr 0.11 times it.

The wire is an estimate: nextpnr has 3 ns to a block close by, and 6 across an empty chip. Weights
come from flip-flops here: no core has been placed that learns from block RAMs on this FPGA.

An SB_MAC16 takes 9.05 ns from operand to product, and with registers on both sides 2.01 from the
clock to the product: Project IceStorm, ``timings_up5k.txt``, which is Lattice's own timing. nextpnr
counts 0.1 ns for both, whatever registers there are, so it does not see what a register before the
product gains.
"""
DELAYS = {
    **dict.fromkeys(("ecp5-12f", "ecp5-25f", "ecp5-45f", "ecp5-85f"), ECP5),
    "ice40-up5k": ICE40UP,
    **dict.fromkeys(("ice40-hx8k", "artix7-35t", "artix7-100t", "gw1nr-9", "gw2a-18"), ECP5),
}
"""By device; those that were not measured count as an ECP5."""


DEEP = 2048
"""Bits from which on a memory of weights is a block RAM, where a device has any."""
LONG = 64
"""Words from which on a memory of rows or states is one."""
WIDEST_FACTOR = 18
"""Bits of a factor up to which a product is one of a device's blocks, and not a sum of several."""


@dataclass(frozen=True)
class Depth:
    """``multiply``: clocks that a product of arrays, neurons and loss takes, 1 or 2.

    The first is the register after it, the second one before it (`hw.layer.macs.multiplier`), a
    third that of a wide product's sum.
    ``learner``: 2 if the choice of a lane's slope takes a clock and its shift two, 0 if all of it
    is done in one.
    ``membrane``: 1 if its sum and all that comes of it take a clock each, where rows of neurons
    are enough for that (`Layer.integrate`), 0 if one.
    ``fetch``: 1 if block RAMs have their row from a register and give their word to one, 0 if what
    reads them waits for neither.
    """

    multiply: int = 1
    learner: int = 0
    membrane: int = 0
    fetch: int = 0

    @property
    def spread(self) -> bool:
        """Whether wires are so short of time that registers with many places to go to are copied.

        In a chip without them registers take nothing but what is valid, so that what is idle is
        still: their enables come as late as ``valid`` and ``ready`` do.
        """
        return self.multiply > 1

    def product(self, *factors: int) -> int:
        """Clocks of a product of factors of so many bits: one more to add it up if it is wide."""
        return self.multiply + (self.multiply > 1 and max(factors) > WIDEST_FACTOR)

    def __str__(self) -> str:
        return f"products take {self.multiply} clock{'s' if self.multiply > 1 else ''}"


def is_deep(bits: int, words: int) -> bool:
    """Whether a device has blocks for so many words of weights, and not tables."""
    return bits * words >= DEEP


def depth_at(clock: float | None, device: str | None = None) -> Depth:
    """What a clock of so many MHz needs on one of `DELAYS`, or else on an ECP5.

    None: as few registers as there can be.
    """
    delays = ECP5 if device is None else DELAYS[device]
    shallow = clock is None or clock <= delays.fastest_shallow
    return Depth() if shallow else Depth(multiply=2, learner=2, membrane=1, fetch=1)
