"""Where what a pipeline without enables gives waits, and the count that keeps it from overflow."""

from amaranth.hdl import Module, ShapeLike, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from dualspike.hw.stream.buffers.row_buffer import RowBuffer


class CreditBuffer(wiring.Component):
    """A `RowBuffer` that has a place for everything in the pipeline before it.

    What is ``taken`` into the pipeline, only while ``room`` is 1, comes to ``inputs`` some cycles
    later and waits for nobody: ``ready`` there is not looked at. ``room`` is a register.
    Latency: 1 cycle. Throughput: one payload a cycle, if ``places`` are 2 more than the cycles of
    the pipeline.
    """

    def __init__(self, shape: ShapeLike, places: int) -> None:
        self._places = places
        super().__init__(
            {
                "taken": In(1),
                "room": Out(1),
                "inputs": In(stream.Signature(shape)),
                "outputs": Out(stream.Signature(shape)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.buffer = buffer = RowBuffer(self.inputs.payload.shape(), self._places)
        connect(m, flipped(self.inputs), buffer.inputs)
        connect(m, buffer.outputs, flipped(self.outputs))
        room = Signal(init=1)
        inside = Signal(range(self._places + 1))
        next_inside = Signal.like(inside)
        leaves = self.outputs.valid & self.outputs.ready
        m.d.comb += [self.room.eq(room), next_inside.eq(inside + self.taken - leaves)]
        m.d.sync += [inside.eq(next_inside), room.eq(next_inside != self._places)]
        return m
