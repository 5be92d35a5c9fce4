"""Drawn words on their way to the layers' dither, as many steps earlier as products are shifted."""

from amaranth.hdl import Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from dualspike.hw.layer.online.rounding.scaling import below_top
from dualspike.hw.stream.arithmetic import wire
from dualspike.hw.stream.layouts import ArrayLayout
from dualspike.hw.stream.lfsr import back
from dualspike.model.interface.lfsr import SIGNS, WORD


class Rewinder(wiring.Component):
    """``word`` for the layer of which ``load`` is set, top - ``shifts``[layer] steps earlier.

    ``reaches`` are the right shifts that the layers reach, top the last of them.
    Latency: 1 cycle, of ``given`` to ``word`` and of ``load`` to ``loads``.
    """

    def __init__(self, reaches: list[range]) -> None:
        self._reaches = reaches
        layers = len(reaches)
        super().__init__(
            {
                "given": In(WORD),
                "load": In(ArrayLayout(2, layers)),
                "shifts": In(ArrayLayout(7, layers)),
                "word": Out(WORD),
                "loads": Out(ArrayLayout(2, layers)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        steps: Value = Signal(range(max(map(len, self._reaches))), name="none")
        for n, reach in enumerate(self._reaches):
            k = below_top(m, self.shifts[n], reach, f"steps_{n}")
            steps = steps | Mux(self.load[n].any(), k, 0)
        steps = wire(m, steps, "steps")
        word: Value = self.given
        for n in range(len(steps)):
            word = wire(m, Mux(steps[n], back(SIGNS, word, 1 << n), word), f"back_{n}")
        m.d.sync += [self.word.eq(word), self.loads.eq(self.load)]
        return m
