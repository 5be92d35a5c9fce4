"""How often each input of a layer has come in a sample, as late as the change it takes part in.

a = sum over t of S[t] (docs/online_chip.md).
"""

from amaranth.hdl import Cat, Module, Mux, Shape, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from dualspike.hw.layer.online.shapes import trace_shape
from dualspike.hw.layer.online.traces import TRACED
from dualspike.hw.stream.arithmetic import wire
from dualspike.hw.stream.buffers.registered_memory import RegisteredMemory
from dualspike.hw.stream.counters import counter_shape
from dualspike.hw.stream.layouts import ArrayLayout
from dualspike.model.description.part import Part
from dualspike.model.sizes.layers import Layer


class InputCounts(wiring.Component):
    """``traces`` of the chunk at the present place of a ``first`` pass, ``lag`` samples late.

    Members as those of `Traces`; ``first`` and ``last`` say whether the pass is so of a sample. In
    later passes ``traces`` are of no use: then the place of the memory that is read is that of the
    present sample, whose counts go on.
    Latency: 3 cycles, also with pauses. Throughput: a chunk a cycle.
    """

    def __init__(self, part: Part, layer: Layer) -> None:
        self._part, self._layer = part, layer
        self._shape = trace_shape(part, layer)
        value = Shape(layer.value_bits, layer.value_signed)
        super().__init__(
            {
                "start": In(1),
                "advance": In(1),
                "due": In(1),
                "first": In(1),
                "last": In(1),
                "chunk": In(counter_shape(layer.chunks - 1)),
                "group": In(counter_shape(layer.groups - 1)),
                "last_row": In(1),
                "values": In(ArrayLayout(value, layer.simd)),
                "traces": Out(ArrayLayout(self._shape, layer.simd)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        layer, bits = self._layer, self._shape.width
        depth = (layer.lag + 1) * layer.chunks
        m.submodules.counts = counts = RegisteredMemory(layer.simd * bits, depth)
        newest, oldest = (
            Signal(range(depth), init=init, name=name)
            for name, init in (("newest", 0), ("oldest", layer.chunks))
        )
        with m.If(self.advance & self.last_row & self.last):
            after = Mux(oldest == depth - layer.chunks, 0, oldest + layer.chunks)
            m.d.sync += [newest.eq(oldest), oldest.eq(after)]
        place = Signal(range(depth))
        m.d.comb += place.eq(newest + self.chunk)
        counted = self.advance & (self.group == 0)
        stages: list[Value] = [Cat(place, self.first, counted, *self.values)]
        for n in range(TRACED):
            stage = Signal(len(stages[0]), name=f"stage_{n}", reset_less=n < TRACED - 1)
            m.d.sync += stage.eq(stages[-1])
            stages.append(stage)
        m.d.comb += [
            counts.address.eq(Mux(self.first, oldest, newest) + self.chunk),
            counts.place.eq(stages[TRACED][: len(place)]),
            counts.write.eq(stages[TRACED][len(place) + 1]),
        ]
        begun, width = stages[2][len(place)], layer.value_bits
        written: list[Value] = []
        for s in range(layer.simd):
            before = counts.word.word_select(s, bits)
            value = stages[2][len(place) + 2 :].word_select(s, width)
            if layer.value_signed:
                before, value = before.as_signed(), value.as_signed()
            kept = wire(m, Mux(begun, 0, before), f"kept_{s}")
            total = Signal(self._shape, name=f"total_{s}", reset_less=True)
            m.d.sync += [total.eq(kept + value), self.traces[s].eq(before)]
            written.append(total)
        m.d.comb += counts.written.eq(Cat(written))
        return m
