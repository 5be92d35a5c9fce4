"""`hw.stream.lfsr`: leaps and ways back against single steps, taken one bit at a time."""

import random

from amaranth.hdl import Module
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from dualspike.golden.integer.lfsr import bits, leap
from dualspike.hw.stream import lfsr as hw
from dualspike.model.interface.lfsr import DRAWER, SIGNS, Lfsr
from dualspike.testbench.unit.tb import TB

COUNT = 80
STEPS = (0, 1, 7, 16, 32, 61, 100)
BACK = (0, 1, 2, 4, 8, 61)


class Leaps(wiring.Component):
    """The first output bits and the states a few distances from ``state``, a cycle later."""

    def __init__(self, lfsr: Lfsr) -> None:
        self._lfsr = lfsr
        super().__init__(
            {
                "state": In(lfsr.length),
                "bits": Out(COUNT),
                "ahead": Out(data.ArrayLayout(lfsr.length, len(STEPS))),
                "behind": Out(data.ArrayLayout(lfsr.length, len(BACK))),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Registers after the functions."""
        m = Module()
        m.d.sync += self.bits.eq(hw.output_bits(self._lfsr, self.state, 0, COUNT))
        for n, steps in enumerate(STEPS):
            m.d.sync += self.ahead[n].eq(hw.leap(self._lfsr, self.state, steps))
        for n, steps in enumerate(BACK):
            m.d.sync += self.behind[n].eq(hw.back(self._lfsr, self.state, steps))
        return m


TOP = "leaps"
CASES = [
    {"length": one.length, "taps": list(one.taps)}
    for one in (DRAWER, SIGNS, Lfsr(16, (0, 2, 3, 5)))
]


def component(length: int, taps: list[int]) -> Leaps:
    """The functions for one register."""
    return Leaps(Lfsr(length, tuple(taps)))


@TB.test()
async def equals_single_steps(tb: TB) -> None:
    """Random and one-bit states against a register stepped here, and against golden."""
    given = tb.case
    length, taps = given["length"], given["taps"]
    rng = random.Random(1)
    states = [1 << n for n in range(length)] + [rng.getrandbits(length) for _ in range(100)]
    for state in states:
        tb.set(state=state)
        await tb.cycle()
        await tb.settle()
        stepped, out, ahead = state, 0, {}
        for n in range(max(COUNT, *STEPS) + 1):
            ahead[n] = stepped
            out |= (stepped & 1) << n
            entering = sum(stepped >> tap for tap in taps) & 1
            stepped = stepped >> 1 | entering << (length - 1)
        assert tb.get("bits") == out & ((1 << COUNT) - 1)
        assert tb.get("ahead") == [ahead[steps] for steps in STEPS]
        register = Lfsr(length, tuple(taps))
        golden = bits(register, [state], COUNT)[0]
        assert tb.get("bits") == sum(int(bit) << n for n, bit in enumerate(golden))
        assert tb.get("ahead") == [leap(register, state, steps) for steps in STEPS]
        behind = tb.get("behind")
        assert [leap(register, one, n) for one, n in zip(behind, BACK, strict=True)] == (
            [state] * len(BACK)
        )
        await tb.edge()
