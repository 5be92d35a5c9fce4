"""The product Q_n of a prefix and a row of an axis that is not the last, term by term."""

from amaranth.hdl import Module, Signal, signed
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from dualspike.hw.head.product.axis import pairs_of
from dualspike.hw.stream.arithmetic import round_saturate
from dualspike.model.description.description import Description
from dualspike.model.sizes.head import ProductSizes


class ChainProduct(wiring.Component):
    """Pairs of terms in, their products, rounded to the format factor, out.

    ``overflow`` pulses where one was clipped. Latency: 2 cycles. Throughput: a term a cycle.
    """

    def __init__(self, description: Description, geometry: ProductSizes) -> None:
        self._bits, self._exact = description.formats.factor.bits, geometry.chain
        super().__init__(
            {
                "pairs": In(stream.Signature(pairs_of(description, 1))),
                "outputs": Out(stream.Signature(signed(self._bits))),
                "overflow": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        into = self.pairs.payload[0]
        advance = Signal()
        valid = Signal()
        product = Signal(signed(2 * self._bits), reset_less=True)
        rounded, clips = round_saturate(m, product, self._exact.shift, self._bits, "rounded")
        m.d.comb += [
            self.pairs.ready.eq(advance),
            advance.eq(~self.outputs.valid | self.outputs.ready),
            self.overflow.eq(advance & valid & clips),
        ]
        with m.If(advance):
            m.d.sync += [
                valid.eq(self.pairs.valid),
                product.eq(into.prefix * into.factor),
                self.outputs.valid.eq(valid),
                self.outputs.payload.eq(rounded),
            ]
        return m
