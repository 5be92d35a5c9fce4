"""A two-place queue that cuts the combinational path of ``ready``."""

from amaranth.hdl import Module, ShapeLike, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out


class SkidBuffer(wiring.Component):
    """Passes a stream on; neither ``valid`` nor ``ready`` runs through it unregistered.

    Latency: 1 cycle. Throughput: one payload a cycle.
    """

    def __init__(self, shape: ShapeLike) -> None:
        super().__init__(
            {
                "inputs": In(stream.Signature(shape)),
                "outputs": Out(stream.Signature(shape)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        payload = Signal.like(self.inputs.payload, reset_less=True)
        spare = Signal.like(payload, reset_less=True)
        waiting = Signal()
        moves = ~self.outputs.valid | self.outputs.ready
        taken = self.inputs.valid & self.inputs.ready
        m.d.comb += [self.inputs.ready.eq(~waiting), self.outputs.payload.eq(payload)]
        with m.If(moves):
            m.d.sync += [self.outputs.valid.eq(taken | waiting), waiting.eq(0)]
            with m.If(waiting):
                m.d.sync += payload.eq(spare)
            with m.Elif(taken):
                m.d.sync += payload.eq(self.inputs.payload)
        with m.Elif(taken):
            m.d.sync += [spare.eq(self.inputs.payload), waiting.eq(1)]
        return m
