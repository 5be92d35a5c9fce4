"""What comes back to the neurons of a hidden layer for a sample: a signal for each of them.

d = v j, the mean over the layer's own lanes; v is drawn once more (docs/online_chip.md).
"""

from math import ceil, log2

from amaranth.hdl import Cat, Module, Mux, Signal, Value, signed
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from dualspike.hw.layer.online.shapes import signal_shape
from dualspike.hw.stream.arithmetic import add, round_half_up, saturate
from dualspike.hw.stream.buffers.credit_buffer import CreditBuffer
from dualspike.hw.stream.buffers.row_buffer import RowBuffer
from dualspike.hw.stream.counters import count_on, counter_shape
from dualspike.hw.stream.delay import bit_later, later
from dualspike.hw.stream.layouts import ArrayLayout
from dualspike.hw.stream.lfsr import leap, output_bits
from dualspike.model.description.part import Part
from dualspike.model.interface.lfsr import SIGNS, WORD
from dualspike.model.sizes.layers import Layer


class SampleFeedback(wiring.Component):
    """Rows of ``signals``, ``next_simd`` neurons each, of one sample after the other.

    ``errors`` are the slopes of the loss along the layer's own lanes, once a sample; those of
    ``lag`` samples and one more wait. ``load`` and ``word`` are those of the
    `PerturbedNeuron`. ``clipped`` pulses.
    Latency: 3 cycles from slopes to their first row. Throughput: a row a cycle.
    """

    def __init__(self, part: Part, layer: Layer) -> None:
        self._layer, self._lanes = layer, part.own_lanes
        self._signal = signal_shape(part, layer)
        slopes = ArrayLayout(signed(part.formats.cotangent.bits), self._lanes)
        signals = ArrayLayout(self._signal, layer.next_simd)
        super().__init__(
            {
                "errors": In(stream.Signature(slopes)),
                "signals": Out(stream.Signature(signals)),
                "load": In(self._lanes),
                "word": In(WORD),
                "clipped": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        layer, width = self._layer, self._layer.next_simd
        m.submodules.waiting = errors = RowBuffer(self.errors.payload.shape(), layer.lag + 1)
        m.submodules.buffer = buffer = CreditBuffer(self.signals.payload.shape(), 3)
        connect(m, flipped(self.errors), errors.inputs)
        connect(m, buffer.outputs, flipped(self.signals))
        place = Signal(counter_shape(layer.rows - 1))
        taken = Signal()
        last_place = place == layer.rows - 1
        there = bit_later(m, taken, 1, "taken")
        m.d.comb += [
            taken.eq(errors.outputs.valid & buffer.room),
            errors.outputs.ready.eq(taken & last_place),
            buffer.taken.eq(taken),
            buffer.inputs.valid.eq(there),
        ]
        with m.If(taken):
            count_on(m, place, layer.rows - 1, last_place)
        signs = [self._signs(m, taken, last_place, q) for q in range(self._lanes)]
        slopes, clipped = errors.outputs.payload, list[Value]()
        for slot in range(width):
            terms = [Mux(signs[q][slot], -slopes[q], slopes[q]) for q in range(self._lanes)]
            total: Value = add(*terms)
            if (layer.rows - 1) * width + slot >= layer.n_out:
                total = Mux(last_place, 0, total)
            total = later(m, total, 1, f"sum_{slot}")
            rounded = round_half_up(total, ceil(log2(self._lanes)))
            signal, clips = saturate(m, rounded, self._signal.width, f"rounded_{slot}")
            clipped.append(clips)
            m.d.comb += buffer.inputs.payload[slot].eq(signal)
        over = Signal(len(clipped))
        m.d.sync += over.eq(Mux(there, Cat(clipped), 0))
        m.d.comb += self.clipped.eq(over.any())
        return m

    def _signs(self, m: Module, taken: Signal, last_place: Value, lane: int) -> Value:
        """The row's signs of one lane, 1 for -1."""
        layer, width = self._layer, self._layer.next_simd
        state = Signal(SIGNS.length, name=f"state_{lane}", reset_less=True)
        rest = layer.n_out - (layer.rows - 1) * width
        with m.If(self.load[lane]):
            m.d.sync += state.eq(self.word)
        with m.Elif(taken):
            ahead, end = (leap(SIGNS, state, count) for count in (width, rest))
            m.d.sync += state.eq(Mux(last_place, end, ahead))
        return output_bits(SIGNS, state, 0, width)
