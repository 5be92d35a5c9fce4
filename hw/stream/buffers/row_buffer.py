"""A queue of several places, with a register on either side."""

from amaranth.hdl import Module, Mux, Shape, ShapeLike, Signal
from amaranth.lib import memory, stream, wiring
from amaranth.lib.wiring import In, Out

from dualspike.hw.stream.counters import count_on, counter_shape


class RowBuffer(wiring.Component):
    """A `SkidBuffer` of ``places`` payloads: ``ready`` is a register, and 1 while one is free.

    ``ready_ahead`` is what it will be in the next cycle. One place is a register alone.
    Latency: 1 cycle. Throughput: one payload a cycle, of one place one in two cycles.
    """

    def __init__(self, shape: ShapeLike, places: int) -> None:
        self._spare = places - 1
        super().__init__(
            {
                "inputs": In(stream.Signature(shape)),
                "outputs": Out(stream.Signature(shape)),
                "ready_ahead": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        return self._queue() if self._spare else self._register()

    def _register(self) -> Module:
        m = Module()
        ready = Signal(init=1)
        payload = Signal.like(self.outputs.payload, reset_less=True)
        moves = ~self.outputs.valid | self.outputs.ready
        taken = self.inputs.valid & ready
        m.d.comb += [
            self.inputs.ready.eq(ready),
            self.outputs.payload.eq(payload),
            self.ready_ahead.eq(moves & ~taken),
        ]
        m.d.sync += ready.eq(self.ready_ahead)
        with m.If(moves):
            m.d.sync += self.outputs.valid.eq(taken)
        with m.If(taken):
            m.d.sync += payload.eq(self.inputs.payload)
        return m

    def _queue(self) -> Module:
        m = Module()
        bits = Shape.cast(self.inputs.payload.shape()).width
        m.submodules.spare = spare = memory.Memory(shape=bits, depth=self._spare, init=[])
        write, read = spare.write_port(), spare.read_port(domain="comb")
        ready = Signal(init=1)
        count = Signal(range(self._spare + 1))
        waiting = Signal()
        moves = ~self.outputs.valid | self.outputs.ready
        taken = self.inputs.valid & ready
        # The count if it moves, and if not: that comes late in a cycle, and only chooses.
        goes = Signal.like(count)
        stays = Signal.like(count)
        m.d.comb += [
            self.inputs.ready.eq(ready),
            # What moves on at once is written too, to a place that stays free.
            write.en.eq(taken),
            write.data.eq(self.inputs.payload),
            goes.eq(Mux(waiting, count - ~taken, 0)),
            stays.eq(count + taken),
            self.ready_ahead.eq(Mux(moves, goes != self._spare, stays != self._spare)),
        ]
        m.d.sync += [
            count.eq(Mux(moves, goes, stays)),
            waiting.eq(Mux(moves, goes != 0, stays != 0)),
            ready.eq(self.ready_ahead),
        ]
        payload = Signal.like(self.outputs.payload, reset_less=True)
        m.d.comb += self.outputs.payload.eq(payload)
        for port, steps in ((write, taken & (waiting | ~moves)), (read, waiting & moves)):
            place = Signal(counter_shape(self._spare - 1))
            m.d.comb += port.addr.eq(place)
            with m.If(steps):
                count_on(m, place, self._spare - 1)
        with m.If(moves):
            m.d.sync += [
                self.outputs.valid.eq(taken | waiting),
                payload.eq(Mux(waiting, read.data, self.inputs.payload)),
            ]
        return m
