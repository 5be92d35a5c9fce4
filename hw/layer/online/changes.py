"""From products of signals and traces to changes of weights, rounded at random.

W loses floor((d a + u) / 2^s), u = (r XOR c) mod 2^s (docs/online_chip.md).
"""

from amaranth.hdl import Module, Shape, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from dualspike.hw.layer.online.weights import SPARE
from dualspike.hw.stream.arithmetic import saturate
from dualspike.hw.stream.layouts import ArrayLayout
from dualspike.model.interface.lfsr import DITHER

SHIFT = range(DITHER + 1)
ROUNDED = 3
"""Cycles from a product to its change."""


class Changes(wiring.Component):
    """``changes``[s pe + p] of ``products``[s pe + p], ``rows``[p] and ``columns``[s].

    ``shift`` in [0, 24] stays as it is for 2 cycles before the products and while they come.
    Changes are clipped to ``bits`` bits, those of a word and `weights.SPARE` more.
    Latency: 3 cycles. Throughput: all of them in every cycle.
    """

    def __init__(self, product: Shape, pe: int, simd: int, bits: int) -> None:
        self._product, self._pe, self._simd, self._bits = product, pe, simd, bits + SPARE
        super().__init__(
            {
                "products": In(ArrayLayout(product, pe * simd)),
                "rows": In(ArrayLayout(DITHER, pe)),
                "columns": In(ArrayLayout(DITHER, simd)),
                "shift": In(range(SHIFT.stop)),
                "changes": Out(ArrayLayout(signed(self._bits), pe * simd)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        mask, shift = Signal(DITHER), Signal.like(self.shift)
        m.d.sync += shift.eq(self.shift)
        m.d.sync += [mask[n].eq(self.shift > n) for n in range(DITHER)]
        for s in range(self._simd):
            for p in range(self._pe):
                bank = s * self._pe + p
                dither = (self.rows[p] ^ self.columns[s]) & mask
                total = self.products[bank] + dither
                summed = Signal(total.shape(), name=f"summed_{bank}", reset_less=True)
                shifted = Signal.like(summed, name=f"shifted_{bank}", reset_less=True)
                change, _ = saturate(m, shifted, self._bits, f"change_{bank}")
                m.d.sync += [
                    summed.eq(total),
                    shifted.eq(summed >> shift),
                    self.changes[bank].eq(change),
                ]
        return m
