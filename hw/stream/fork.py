"""One stream for two: a payload moves on when both have it."""

from amaranth.hdl import Module, ShapeLike, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out


class Fork(wiring.Component):
    """Gives each payload to ``outputs`` and, while ``on``, to ``copies``; each takes it once.

    ``on`` changes only while nothing is offered. Latency 0. Throughput: a payload a cycle.
    """

    def __init__(self, shape: ShapeLike) -> None:
        super().__init__(
            {
                "inputs": In(stream.Signature(shape)),
                "outputs": Out(stream.Signature(shape)),
                "copies": Out(stream.Signature(shape)),
                "on": In(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        given = Signal()
        copied = Signal()
        m.d.comb += [
            self.outputs.payload.eq(self.inputs.payload),
            self.copies.payload.eq(self.inputs.payload),
            self.outputs.valid.eq(self.inputs.valid & ~given),
            self.copies.valid.eq(self.inputs.valid & ~copied & self.on),
            self.inputs.ready.eq(
                (given | self.outputs.ready) & (copied | self.copies.ready | ~self.on)
            ),
        ]
        with m.If(self.inputs.valid & self.inputs.ready):
            m.d.sync += [given.eq(0), copied.eq(0)]
        with m.Elif(self.inputs.valid):
            m.d.sync += [
                given.eq(given | self.outputs.ready),
                copied.eq(copied | self.copies.ready),
            ]
        return m
