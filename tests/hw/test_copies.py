"""Copies of a register: equal from the second cycle on, and not joined by synthesis."""

from pathlib import Path
from typing import Any

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from dualspike.boards.flow.synthesis import synthesise
from dualspike.hw.emit.generate import to_verilog
from dualspike.hw.stream.copies import SINKS, copies
from dualspike.model.cost.devices import DEVICES
from tests.hw.simulated import simulate


class Spread(wiring.Component):
    """A bit a cycle later, as many times as places need it."""

    def __init__(self, sinks: int) -> None:
        self._sinks = sinks
        super().__init__({"bit": In(1), "copied": Out(max(1, -(-sinks // SINKS)))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        now = Signal()
        m.d.sync += now.eq(self.bit)
        m.d.comb += self.copied.eq(Cat(copies(m, self.bit, now, self._sinks, "bit", spread=True)))
        return m


def test_copies_are_equal() -> None:
    spread, seen = Spread(3 * SINKS), list[int]()
    bits = [1, 0, 0, 1, 1, 0]

    async def bench(ctx: Any) -> None:
        for bit in bits:
            ctx.set(spread.bit, bit)
            await ctx.tick()
            seen.append(ctx.get(spread.copied))

    simulate(spread, bench)
    assert seen == [0b111 * bit for bit in bits]


def test_synthesis_keeps_each_of_them(tmp_path: Path) -> None:
    verilog, family = to_verilog(Spread(7 * SINKS + 1), "spread"), DEVICES["ecp5-25f"].family
    cells = synthesise(verilog, "spread", "ecp5", family, tmp_path)
    assert cells["TRELLIS_FF"] == 8
