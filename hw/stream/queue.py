"""A queue of many places, in a block RAM where it is large."""

from amaranth.hdl import Module, Shape, ShapeLike
from amaranth.lib import stream, wiring
from amaranth.lib.fifo import SyncFIFOBuffered
from amaranth.lib.wiring import In, Out


class Queue(wiring.Component):
    """Amaranth's queue with registers after it, for payloads of any shape.

    Latency: 2 cycles. Throughput: a payload a cycle.
    """

    def __init__(self, shape: ShapeLike, places: int) -> None:
        self._places = places
        super().__init__(
            {"inputs": In(stream.Signature(shape)), "outputs": Out(stream.Signature(shape))}
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        bits = Shape.cast(self.inputs.payload.shape()).width
        m.submodules.places = places = SyncFIFOBuffered(width=bits, depth=self._places)
        m.d.comb += [
            places.w_data.eq(self.inputs.payload),
            places.w_en.eq(self.inputs.valid),
            self.inputs.ready.eq(places.w_rdy),
            self.outputs.payload.eq(places.r_data),
            self.outputs.valid.eq(places.r_rdy),
            places.r_en.eq(self.outputs.ready),
        ]
        return m
