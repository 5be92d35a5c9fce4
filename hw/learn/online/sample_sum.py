"""Signals of a still input over a sample: its weights change once a sample.

D = round(sum over t of d[t] kappa[t]), kappa the trace of the constant 1 (docs/online_chip.md).
"""

from amaranth.hdl import Cat, Module, Mux, Signal, Value, signed
from amaranth.lib import memory, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from dualspike.hw.layer.macs.multiplier import multiplied
from dualspike.hw.layer.online.shapes import signal_shape
from dualspike.hw.stream.arithmetic import round_saturate
from dualspike.hw.stream.buffers.credit_buffer import CreditBuffer
from dualspike.hw.stream.counters import count_on, counter_shape
from dualspike.hw.stream.delay import bit_later, later
from dualspike.hw.stream.layouts import ArrayLayout
from dualspike.hw.stream.queue import Queue
from dualspike.model.description.part import TRACE_FRACTION, Part
from dualspike.model.sizes.layers import SAMPLE_LAG, Layer
from dualspike.model.sizes.online import constant_trace


class SampleSum(wiring.Component):
    """T frames of rows of ``inputs``, one frame of rows of ``outputs``; ``clipped`` pulses.

    Sums of `SAMPLE_LAG` samples have places, so that steps of the samples after them go on.
    Latency: 4 + ``multiply`` cycles, in the last of the T frames. Throughput: a row a cycle.
    """

    def __init__(self, part: Part, layer: Layer) -> None:
        self._part, self._layer = part, layer
        self._sum = signal_shape(part, layer)
        width = layer.next_simd
        steps = ArrayLayout(signed(part.formats.cotangent.bits), width)
        super().__init__(
            {
                "inputs": In(stream.Signature(steps)),
                "outputs": Out(stream.Signature(ArrayLayout(self._sum, width))),
                "clipped": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        layer, steps = self._layer, self._part.network.time_steps
        clocks, shape = layer.multiply, self.outputs.payload.shape()
        m.submodules.buffer = buffer = CreditBuffer(shape, clocks + 2)
        m.submodules.waiting = waiting = Queue(shape, SAMPLE_LAG * layer.rows)
        connect(m, buffer.outputs, waiting.inputs)
        connect(m, waiting.outputs, flipped(self.outputs))
        place = Signal(counter_shape(layer.rows - 1))
        step = Signal(counter_shape(steps - 1))
        taken = Signal()
        last_place = place == layer.rows - 1
        last_step = step == steps - 1
        m.d.comb += [
            self.inputs.ready.eq(buffer.room | ~last_step),
            taken.eq(self.inputs.valid & self.inputs.ready),
            buffer.taken.eq(taken & last_step),
            buffer.inputs.valid.eq(bit_later(m, buffer.taken, clocks, "ends")),
        ]
        with m.If(taken):
            count_on(m, place, layer.rows - 1, last_place)
            with m.If(last_place):
                count_on(m, step, steps - 1, last_step)
        factor = self._factor(m, taken & last_place, last_step)
        ahead = later(m, place, clocks - 1, "ahead")
        at = later(m, ahead, 1, "place")
        first = bit_later(m, step == 0, clocks, "first")
        moves = bit_later(m, taken, clocks, "taken")
        clipped: list[Value] = []
        for slot in range(layer.next_simd):
            product = multiplied(m, self.inputs.payload[slot], factor, f"times_{slot}", clocks)
            m.submodules[f"sums_{slot}"] = sums = memory.Memory(
                shape=signed(self._sum.width + len(factor)),
                depth=layer.rows,
                init=[],
            )
            write = sums.write_port()
            # A single row may come again in the clock in which its sum is written.
            read = sums.read_port(transparent_for=[write] if layer.rows == 1 else [])
            total = Mux(first, 0, read.data) + product
            m.d.comb += [
                read.addr.eq(ahead),
                write.addr.eq(at),
                write.data.eq(total),
                write.en.eq(moves),
            ]
            done, clips = round_saturate(
                m, write.data, TRACE_FRACTION, self._sum.width, f"rounded_{slot}"
            )
            m.d.comb += buffer.inputs.payload[slot].eq(done)
            clipped.append(clips)
        over = Signal(len(clipped))
        m.d.sync += over.eq(Mux(buffer.inputs.valid, Cat(clipped), 0))
        m.d.comb += self.clipped.eq(over.any())
        return m

    def _factor(self, m: Module, ends: Value, last_step: Value) -> Signal:
        """kappa of the present step."""
        one = 1 << TRACE_FRACTION
        factor = Signal(range(max(constant_trace(self._part)) + 1), init=one)
        lost = factor >> self._part.leak_shift if self._part.leak_shift else 0
        with m.If(ends):
            m.d.sync += factor.eq(Mux(last_step, one, factor - lost + one))
        return factor
