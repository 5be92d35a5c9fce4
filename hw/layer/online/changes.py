"""From products of signals and traces to changes of weights, rounded at random.

W loses floor((d a + u) / 2^s), u = (r XOR c) mod 2^s (docs/online_chip.md). Products come times
2^(top - s) (`hw.layer.online.rounding.scaling`) and r, c as many steps earlier, so their last bits
are not those of u: there the products have zeros, and no carry comes of them.
"""

from amaranth.hdl import Cat, Const, Module, Shape, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from dualspike.hw.layer.online.rounding.carry import DitherCarry
from dualspike.hw.stream.arithmetic import wire
from dualspike.hw.stream.layouts import ArrayLayout

ROUNDED = 1
"""Cycles from a product to its change."""


def change_bits(product: Shape, top: int) -> int:
    """Bits of a change, in halves."""
    return max(product.width - top, 1) + 1


class Changes(wiring.Component):
    """``changes``[s pe + p] of ``products``[s pe + p], ``rows``[p] and ``columns``[s].

    A change is (product + (row XOR column)) / 2^top, rounded down. It is given in halves: as n for
    ceil(n / 2), so that whoever subtracts it takes the carry of the dither along in one addition.
    Latency: 1 cycle. Throughput: all of them in every cycle.
    """

    def __init__(self, product: Shape, pe: int, simd: int, top: int) -> None:
        self._product, self._pe, self._simd, self._top = product, pe, simd, top
        super().__init__(
            {
                "products": In(ArrayLayout(product, pe * simd)),
                "rows": In(ArrayLayout(top, pe)),
                "columns": In(ArrayLayout(top, simd)),
                "changes": Out(ArrayLayout(signed(change_bits(product, top)), pe * simd)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        top, width = self._top, self._product.width
        for bank in range(self._pe * self._simd):
            s, p = divmod(bank, self._pe)
            product = self.products[bank]
            wide = wire(m, product, f"product_{bank}")
            if width <= top:
                wide = Cat(product, product[-1].replicate(top + 1 - width))
            carry = Const(0)
            if top:
                m.submodules[f"carry_{bank}"] = unit = DitherCarry(top)
                m.d.comb += [
                    unit.product.eq(wide[:top]),
                    unit.row.eq(self.rows[p]),
                    unit.column.eq(self.columns[s]),
                ]
                carry = unit.carry
            m.d.sync += self.changes[bank].eq(Cat(carry, wide[top:]))
        return m
