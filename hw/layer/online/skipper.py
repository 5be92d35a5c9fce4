"""Passes over the weights of those chunks alone of which something comes: inputs, or changes.

A change of a weight is 0 where the signal of its neuron is, or the trace of its input
(docs/online_chip.md), so a group of neurons whose signals are all 0 takes the chunks that bring an
input, and another one also those that have a trace.
"""

from amaranth.hdl import Cat, Module, Mux, Shape, Signal, Value
from amaranth.lib import data, memory, stream, wiring
from amaranth.lib.wiring import In, Out

from dualspike.hw.layer.online.passes import Passes, spaced
from dualspike.hw.layer.online.rounding.dither import walk
from dualspike.hw.layer.online.shapes import trace_shape
from dualspike.hw.layer.online.traces import TRACED, Traces
from dualspike.hw.layer.online.weights import AGAIN
from dualspike.hw.stream.arithmetic import wire
from dualspike.hw.stream.counters import count_on, counter_shape
from dualspike.hw.stream.delay import bit_later, later
from dualspike.hw.stream.layouts import ArrayLayout
from dualspike.hw.stream.lfsr import output_bits
from dualspike.hw.stream.payloads import spikes
from dualspike.model.description.part import Part
from dualspike.model.interface.lfsr import SIGNS, WORD
from dualspike.model.sizes.layers import Layer

FOUND = 2
"""Cycles from a place of the walk to its row of weights and its chunk."""


class ChangingSkipper(wiring.Component):
    """Takes frames of ``chunks`` chunks, with all that changes need, and leads through each.

    ``inputs`` are taken a chunk a cycle, and with each goes its trace of ``lag`` passes before and
    its columns of the dither, ``bits`` for each input (`Traces`, `Dither`); ``start``, ``learn``,
    ``load`` and ``word`` are those of a `ChangingMacArray`. After the ``frames`` of a batch ``lag``
    more come without inputs.

    The walk: while ``offered`` is 1 a frame is there, and ``advance`` moves on in it, group after
    group, to the next chunk with an input or, while the core learns, a tangent; where the group is
    ``moving`` also to those with a trace. A group that has none takes its last chunk. ``moving``
    stays the same in a group. ``first_chunk`` and what is called ``last`` tell of the present
    place, ``left`` how many chunks its group leaves out. Its ``row`` of weights and its ``chunk``
    are there 2 cycles later, ``traces`` and ``columns`` 3.
    A double buffer: while the walk is in one frame the next is taken. Latency: 4 cycles from a
    frame's last chunk to its place in the walk. Throughput: a chunk a cycle on both sides, so with
    a walk of w clocks a frame every max(chunks, w, (chunks + w + 4) / 2) cycles.
    """

    def __init__(self, part: Part, layer: Layer, frames: int, bits: int) -> None:
        self._part, self._layer, self._frames, self._bits = part, layer, frames, bits
        chunk = spikes(layer, layer.simd)
        super().__init__(
            {
                "inputs": In(stream.Signature(chunk)),
                **dict.fromkeys(("start", "learn", "load"), In(1)),
                "word": In(WORD),
                **dict.fromkeys(("offered", "first_chunk", "last_chunk"), Out(1)),
                **dict.fromkeys(("last_group", "last_row"), Out(1)),
                **dict.fromkeys(("advance", "moving"), In(1)),
                "left": Out(counter_shape(layer.chunks - 1)),
                "row": Out(counter_shape(layer.cycles - 1)),
                "chunk": Out(chunk),
                "traces": Out(ArrayLayout(trace_shape(part, layer), layer.simd)),
                "columns": Out(ArrayLayout(bits, layer.simd)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        layer, last = self._layer, self._layer.chunks - 1
        place = counter_shape(last)
        m.submodules.passes = passes = Passes(self._frames, layer.lag)
        # Frames whose chunks may not be written over, and those that are there as a whole.
        held = Signal(2)
        full = Signal(2)
        bank = Signal()
        chunk = Signal(place)
        taken = Signal()
        last_chunk = wire(m, chunk == last, "last_taken")
        spare = spaced(m, chunk == 0, last_chunk, taken, layer.chunks, AGAIN)
        able = spare & ~passes.over & ~held.bit_select(bank, 1)
        given = self.inputs.payload
        m.d.comb += [
            passes.start.eq(self.start),
            passes.learn.eq(self.learn),
            passes.ended.eq(taken & last_chunk),
            self.inputs.ready.eq(able & ~passes.flush),
            taken.eq(able & (self.inputs.valid | passes.flush)),
        ]
        with m.If(taken):
            count_on(m, chunk, last, last_chunk)
            with m.If(last_chunk):
                m.d.sync += [bank.eq(~bank), held.bit_select(bank, 1).eq(1)]
        inputs = Mux(passes.flush, 0, given.as_value())
        known = self._known(m, passes, taken, chunk, last_chunk, given.value)
        # All of a chunk is known `TRACED` cycles after it was taken.
        loud = bit_later(m, self._loud(m, passes), TRACED, "loud")
        entered, ends = (
            bit_later(m, bit, TRACED, name)
            for bit, name in ((taken, "entered"), (taken & last_chunk, "ends"))
        )
        at = later(m, Cat(chunk, bank), TRACED, "at")
        lists = [
            self._list(m, name, keeps, entered, ends, at)
            for name, keeps in (("heard", loud), ("moved", loud | known[0].any()))
        ]
        with m.If(ends):
            m.d.sync += full.bit_select(at[-1], 1).eq(1)
        there = self._walk(m, full, held, lists)
        chunks = self._memory(m, "frames", inputs, Cat(chunk, bank), taken, there)
        tails = self._memory(m, "tails", Cat(*known), at, entered, there)
        m.d.comb += self.chunk.eq(chunks)
        tail = later(m, tails, 1, "tail")
        width = len(known[0])
        m.d.comb += self.traces.eq(tail[:width])
        for s in range(layer.simd):
            m.d.comb += self.columns[s].eq(tail[width + s : width + s + self._bits])
        return m

    def _loud(self, m: Module, passes: Passes) -> Value:
        """Whether a chunk brings an input or, while the core learns, a tangent."""
        given = self.inputs.payload
        tangents = [given[name].as_value().any() for name, _ in given.shape() if name != "value"]
        return wire(
            m,
            ~passes.flush & (given.value.as_value().any() | (self.learn & Cat(tangents).any())),
            "sounds",
        )

    def _known(
        self,
        m: Module,
        passes: Passes,
        taken: Value,
        chunk: Value,
        last_chunk: Value,
        values: data.View,
    ) -> tuple[Value, Value]:
        """Traces and columns of the dither of a chunk, `TRACED` cycles after it was taken."""
        m.submodules.traces = traces = Traces(self._part, self._layer)
        m.d.comb += [
            traces.start.eq(self.start),
            traces.advance.eq(taken),
            traces.due.eq(passes.due),
            traces.chunk.eq(chunk),
            traces.last_row.eq(last_chunk),
            traces.values.eq(values),
        ]
        moves, ends = (
            bit_later(m, passes.due & bit, TRACED - 1, name)
            for bit, name in ((taken, "columns_move"), (taken & last_chunk, "columns_end"))
        )
        simd, bits = self._layer.simd, self._bits
        here, _ = walk(m, "columns", self.load, self.word, (ends, moves, ends), simd)
        columns = Signal(bits + simd - 1, reset_less=True)
        m.d.sync += columns.eq(output_bits(SIGNS, here, 1, bits + simd - 1))
        return traces.traces.as_value(), columns

    def _list(
        self, m: Module, name: str, keeps: Value, entered: Value, ends: Value, at: Value
    ) -> tuple[memory.ReadPort, data.View]:
        """Numbers of the chunks that are kept of two frames, and the place of the last of each."""
        place = counter_shape(self._layer.chunks - 1)
        count, end = (
            Signal(place, name=f"{name}_count"),
            Signal(ArrayLayout(place, 2), name=f"{name}_end"),
        )
        keep = wire(m, keeps | (ends & (count == 0)), f"{name}_keep")
        m.submodules[name] = held = memory.Memory(shape=place, depth=2 << place.width, init=[])
        write = held.write_port()
        m.d.comb += [
            write.addr.eq(Cat(count, at[-1])),
            write.data.eq(at[:-1]),
            write.en.eq(entered & keep),
        ]
        with m.If(entered):
            m.d.sync += count.eq(Mux(ends, 0, count + keep))
            with m.If(ends):
                m.d.sync += end[at[-1]].eq(Mux(keep, count, count - 1))
        return held.read_port(), end

    def _walk(
        self,
        m: Module,
        full: Signal,
        held: Signal,
        lists: list[tuple[memory.ReadPort, data.View]],
    ) -> Value:
        """The present place, and a cycle later where its chunk lies."""
        layer = self._layer
        place = counter_shape(layer.chunks - 1)
        bank = Signal()
        position = Signal(place)
        first = Signal(init=1)
        group = Signal(counter_shape(layer.groups - 1))
        base = Signal.like(self.row)
        end = wire(m, Mux(self.moving, lists[1][1][bank], lists[0][1][bank]), "end")
        last_group = group == layer.groups - 1
        m.d.comb += [
            self.offered.eq(full.bit_select(bank, 1)),
            self.first_chunk.eq(first),
            self.last_chunk.eq(position == end),
            self.last_group.eq(last_group),
            self.last_row.eq(self.last_chunk & last_group),
            self.left.eq(layer.chunks - 1 - end),
        ]
        freed = Signal()
        done = Signal()
        m.d.sync += done.eq(self.advance & self.last_row)
        with m.If(done):
            m.d.sync += held.bit_select(freed, 1).eq(0)
        with m.If(self.advance):
            m.d.sync += [
                first.eq(self.last_chunk),
                position.eq(Mux(self.last_chunk, 0, position + 1)),
            ]
            with m.If(self.last_chunk):
                count_on(m, group, layer.groups - 1, last_group)
                m.d.sync += base.eq(Mux(last_group, 0, base + layer.chunks))
                with m.If(last_group):
                    m.d.sync += [full.bit_select(bank, 1).eq(0), bank.eq(~bank), freed.eq(bank)]
        for read, _ in lists:
            m.d.comb += read.addr.eq(Cat(position, bank))
        moved = bit_later(m, self.moving, 1, "moved_list")
        index = Mux(moved, lists[1][0].data, lists[0][0].data)
        m.d.sync += self.row.eq(later(m, base, 1, "base") + index)
        return Cat(index, bit_later(m, bank, 1, "walked"))

    def _memory(
        self, m: Module, name: str, word: Value, at: Value, write: Value, there: Value
    ) -> Value:
        """Words of the chunks of two frames; what lies ``there`` a cycle later."""
        depth = 2 << counter_shape(self._layer.chunks - 1).width
        bits = Shape.cast(word.shape()).width
        m.submodules[name] = held = memory.Memory(shape=bits, depth=depth, init=[])
        into, read = held.write_port(), held.read_port()
        m.d.comb += [
            into.addr.eq(at),
            into.data.eq(word),
            into.en.eq(write),
            read.addr.eq(there),
        ]
        return read.data
