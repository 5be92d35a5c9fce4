"""Event-driven inputs: frames of chunks without those that add nothing to any sum."""

from amaranth.hdl import Cat, Const, Module, Mux, Shape, Signal, Value
from amaranth.lib import data, memory, stream, wiring
from amaranth.lib.wiring import In, Out

from dualspike.hw.stream.counters import count_on, counter_shape
from dualspike.hw.stream.layouts import ArrayLayout
from dualspike.hw.stream.payloads import layer_input, sifted
from dualspike.model.sizes.layers import Layer


def silent(chunk: data.View, learn: Value) -> Value:
    """Whether a chunk has no spike and, while the core learns, no tangent either."""
    tangents = Cat(chunk.tangent).any() & learn if "tangent" in dict(chunk.shape()) else Const(0)
    return ~(Cat(chunk.value).any() | tangents)


class ZeroSkipper(wiring.Component):
    """Takes frames of ``chunks`` chunks and gives those worth a clock, ``groups`` times each frame.

    A frame that is silent throughout keeps its last chunk, since its sums are wanted all the same.
    ``learn`` says that tangents count. ``dropped`` pulses for each chunk left out, which saves
    ``groups`` clocks. A double buffer: while one frame is given the next is taken.
    Throughput: a chunk a cycle on both sides, so with ``kept`` chunks a frame every
    max(chunks, groups * kept) cycles. Latency: 2 cycles from a frame's last chunk in to its first
    chunk out.
    """

    def __init__(self, layer: Layer, lanes: int) -> None:
        self._layer, self._lanes = layer, lanes
        super().__init__(
            {
                "inputs": In(stream.Signature(layer_input(layer, lanes))),
                "outputs": Out(stream.Signature(sifted(layer, lanes))),
                "learn": In(1),
                "dropped": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        layer, out = self._layer, self.outputs.payload
        place = counter_shape(layer.chunks - 1)
        bits = Shape.cast(self.inputs.payload.shape()).width + place.width
        m.submodules.frames = frames = memory.Memory(shape=bits, depth=2 << place.width, init=[])
        write, read = frames.write_port(), frames.read_port()
        full = Signal(2)
        end = Signal(ArrayLayout(place, 2))

        in_bank = Signal()
        in_row = Signal(place)
        chunk = Signal(place)
        last_chunk = Signal()
        taken = Signal()
        keep = Signal()
        m.d.comb += [
            self.inputs.ready.eq(~full.bit_select(in_bank, 1)),
            taken.eq(self.inputs.valid & self.inputs.ready),
            last_chunk.eq(chunk == layer.chunks - 1),
            keep.eq(~silent(self.inputs.payload, self.learn) | (last_chunk & (in_row == 0))),
            self.dropped.eq(taken & ~keep),
            write.addr.eq(Cat(in_row, in_bank)),
            write.data.eq(Cat(self.inputs.payload, chunk)),
            write.en.eq(taken & keep),
        ]
        with m.If(taken):
            count_on(m, chunk, layer.chunks - 1, last_chunk)
            m.d.sync += in_row.eq(in_row + keep)
            with m.If(last_chunk):
                m.d.sync += [
                    in_row.eq(0),
                    in_bank.eq(~in_bank),
                    end[in_bank].eq(Mux(keep, in_row, in_row - 1)),
                    full.bit_select(in_bank, 1).eq(1),
                ]

        out_bank = Signal()
        out_row = Signal(place)
        time = Signal(counter_shape(layer.groups - 1))
        advance = Signal()
        waiting = Signal()
        last_row = Signal()
        m.d.comb += [
            advance.eq(~self.outputs.valid | self.outputs.ready),
            waiting.eq(full.bit_select(out_bank, 1)),
            last_row.eq(out_row == end[out_bank]),
            read.addr.eq(Cat(out_row, out_bank)),
            read.en.eq(advance),
            Cat(out.chunk, out.index).eq(read.data),
        ]
        with m.If(advance):
            m.d.sync += [self.outputs.valid.eq(waiting), out.last.eq(last_row)]
            with m.If(waiting):
                m.d.sync += out_row.eq(out_row + 1)
                with m.If(last_row):
                    m.d.sync += out_row.eq(0)
                    count_on(m, time, layer.groups - 1)
                    with m.If(time == layer.groups - 1):
                        m.d.sync += [
                            out_bank.eq(~out_bank),
                            full.bit_select(out_bank, 1).eq(0),
                        ]
        return m
