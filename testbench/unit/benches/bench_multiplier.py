"""`Multiplier`: every pair of small operands, a new one in each clock, at every latency."""

from itertools import product

import cocotb
from amaranth.hdl import Module, Shape, signed, unsigned
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from cocotb.handle import HierarchyObject

from dualspike.hw.layer.macs.multiplier import LATENCIES, Multiplier
from dualspike.testbench.unit.tb import TB

SHAPES = {
    "ss": (signed(4), signed(3)),
    "su": (signed(4), unsigned(3)),
    "us": (unsigned(4), signed(1)),
    "uu": (unsigned(3), unsigned(4)),
}
KINDS = [(name, latency) for name in SHAPES for latency in LATENCIES]
TOP = "multipliers"
CASES = [{}]


class Multipliers(wiring.Component):
    """Each pair of shapes at each latency, on the same operands; ``count`` keeps a clock."""

    def __init__(self) -> None:
        self._units = {(name, n): Multiplier(*SHAPES[name], n) for name, n in KINDS}
        outs = {
            f"product_{name}_{n}": Out(unit.product.shape())
            for (name, n), unit in self._units.items()
        }
        super().__init__({"left": In(signed(4)), "right": In(signed(4)), "clocks": Out(1), **outs})

    def elaborate(self, platform: object) -> Module:
        """The units side by side."""
        m = Module()
        m.d.sync += self.clocks.eq(~self.clocks)
        for (name, n), unit in self._units.items():
            m.submodules[f"{name}_{n}"] = unit
            m.d.comb += [
                unit.left.eq(self.left),
                unit.right.eq(self.right),
                getattr(self, f"product_{name}_{n}").eq(unit.product),
            ]
        return m


def component() -> Multipliers:
    """The multipliers under test."""
    return Multipliers()


def read(bits: int, shape: Shape) -> int:
    """The number that these bits are in a shape."""
    low = bits % (1 << shape.width)
    return low - (shape.signed and low >> (shape.width - 1)) * (1 << shape.width)


@cocotb.test()
async def products_of_all_pairs_come_in_turn(dut: HierarchyObject) -> None:
    """A pair a clock, and its product exactly ``latency`` clocks later."""
    tb = await TB.start(dut)
    pairs = [*product(range(-8, 8), repeat=2)]
    for now, (left, right) in enumerate([*pairs, *pairs[: LATENCIES[-1]]]):
        tb.set(left=left, right=right)
        await tb.settle()
        for name, latency in KINDS:
            if latency <= now < len(pairs) + latency:
                then = zip(pairs[now - latency], SHAPES[name], strict=True)
                a, b = (read(bits, shape) for bits, shape in then)
                assert tb.get(f"product_{name}_{latency}") == a * b, (name, latency, a, b)
        await tb.edge()
