"""Presynaptic traces as late as the changes that they take part in.

a[t] = a[t-1] - floor(a[t-1] / 2^k) + S[t], 0 before a sample, with 6 fraction bits. Traces are not
kept for the steps between: inputs are, and the trace follows them late. Source: Xiao, Meng, Zhang,
He, Lin, "Online Training Through Time for Spiking Neural Networks", 2022.
"""

from amaranth.hdl import Cat, Module, Mux, Shape, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from dualspike.hw.layer.online.shapes import trace_shape
from dualspike.hw.stream.arithmetic import wire
from dualspike.hw.stream.buffers.registered_memory import RegisteredMemory
from dualspike.hw.stream.counters import count_on, counter_shape
from dualspike.hw.stream.layouts import ArrayLayout
from dualspike.model.description.part import TRACE_FRACTION, Part
from dualspike.model.sizes.layers import Layer
from dualspike.model.sizes.online import follows

TRACED = 3
"""Cycles from a chunk to the trace that belongs to it."""


class Traces(wiring.Component):
    """``traces`` of the chunk at the present place of a pass, ``lag`` passes late.

    ``advance`` with ``chunk``, ``group`` and ``last_row`` follows a walk over the weights; in it
    ``values`` are the chunk's inputs, which are kept. ``due`` says that the frame of ``lag`` passes
    before belongs to a change; ``start``, before a batch, that the next one of these is the first
    of a sample. A frame comes once in `weights.AGAIN` cycles.
    Latency: 3 cycles, also with pauses. Throughput: a chunk a cycle.
    """

    def __init__(self, part: Part, layer: Layer) -> None:
        self._part, self._layer = part, layer
        self._shape = trace_shape(part, layer)
        self._follows = follows(layer)
        self._value = Shape(layer.value_bits, layer.value_signed)
        super().__init__(
            {
                "start": In(1),
                "advance": In(1),
                "due": In(1),
                "chunk": In(counter_shape(layer.chunks - 1)),
                "group": In(counter_shape(layer.groups - 1)),
                "last_row": In(1),
                "values": In(ArrayLayout(self._value, layer.simd)),
                "traces": Out(ArrayLayout(self._shape, layer.simd)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        layer = self._layer
        ends = wire(m, self.advance & self.last_row, "ends")
        late = self._late(m, ends)
        if not self._follows:
            m.d.sync += self.traces.eq(late)
            return m
        fresh = Signal(init=1)
        bank = Signal()
        step = Signal(counter_shape(self._part.network.time_steps - 1))
        last_step = step == self._part.network.time_steps - 1
        with m.If(self.start):
            m.d.sync += [step.eq(0), fresh.eq(1)]
        with m.Elif(ends & self.due):
            count_on(m, step, self._part.network.time_steps - 1, last_step)
            m.d.sync += [fresh.eq(last_step), bank.eq(~bank)]
        bits = layer.simd * self._shape.width
        width = len(self.chunk)
        m.submodules.held = held = RegisteredMemory(bits, 2 << width)
        stages: list[Value] = [
            Cat(self.chunk, ~bank, fresh, self.advance & self.due & (self.group == 0))
        ]
        for n in range(TRACED):
            stage = Signal(width + 3, name=f"stage_{n}", reset_less=n < TRACED - 1)
            m.d.sync += stage.eq(stages[-1])
            stages.append(stage)
        m.d.comb += [
            held.address.eq(Cat(self.chunk, bank)),
            held.place.eq(stages[TRACED][: width + 1]),
            held.written.eq(self.traces),
            held.write.eq(stages[TRACED][width + 2]),
        ]
        begun = stages[2][width + 1]
        for s in range(layer.simd):
            before = held.word.word_select(s, self._shape.width)
            before = before.as_signed() if self._shape.signed else before
            before = wire(m, Mux(begun, 0, before), f"before_{s}")
            value = late.word_select(s, self._value.width)
            value = value.as_signed() if self._value.signed else value
            m.d.sync += self.traces[s].eq(self._after(before, value))
        return m

    def _after(self, before: Value, value: Value) -> Value:
        """A trace a step later."""
        kept, shift = before, self._part.leak_shift
        if shift:
            kept = before - before.shift_right(shift)
        return kept + value.shift_left(TRACE_FRACTION)

    def _late(self, m: Module, ends: Value) -> Value:
        """The chunk of ``lag`` passes before, 2 cycles later; it is one frame after the newest."""
        layer, frames = self._layer, self._layer.lag + 1
        depth = frames * layer.chunks
        m.submodules.ring = ring = RegisteredMemory(layer.simd * self._value.width, depth)
        newest, oldest = (
            Signal(range(depth), init=init, name=name)
            for name, init in (("newest", 0), ("oldest", layer.chunks))
        )
        with m.If(ends):
            after = Mux(oldest == depth - layer.chunks, 0, oldest + layer.chunks)
            m.d.sync += [newest.eq(oldest), oldest.eq(after)]
        m.d.comb += [
            ring.address.eq(oldest + self.chunk),
            ring.place.eq(newest + self.chunk),
            ring.written.eq(self.values),
            ring.write.eq(self.advance),
        ]
        return ring.word
