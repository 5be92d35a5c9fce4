"""Slopes of a part that learns online: for every row and lane the sum of E dA over its outputs."""

from amaranth.hdl import Cat, Module, Signal, signed
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from dualspike.hw.head.product.slopes import Slopes
from dualspike.hw.stream.arithmetic import round_saturate
from dualspike.hw.stream.buffers.credit_buffer import CreditBuffer
from dualspike.hw.stream.delay import bit_later
from dualspike.hw.stream.layouts import ArrayLayout
from dualspike.model.description.description import Description
from dualspike.model.sizes.cycles import part_frames
from dualspike.model.sizes.head import product_sizes


class RowSlopes(wiring.Component):
    """`Slopes` of part ``number``, row by row, rounded and saturated in the format cotangent.

    E of each output goes on by ``errors``, the slopes of a row, one for each lane, leave by
    ``back``. ``finished`` pulses with the last E of a row added; ``clipped`` where a slope was.
    Latency: 3 cycles from the last E of a row to its slopes. Throughput: a row every
    outputs * lanes + 1 cycles.
    """

    def __init__(self, description: Description, number: int) -> None:
        d, f = description, description.formats
        self._slope = product_sizes(d).slope
        self._bits, self._lanes = f.cotangent.bits, d.parts[number].output_lanes
        rows, words = part_frames(d, number)
        self.slopes = Slopes(
            rows, words, self._lanes, f.tangent.bits, f.cotangent.bits, self._slope.bits
        )
        mean = stream.Signature(signed(self._bits))
        super().__init__(
            {
                "tangents": self.slopes.signature.members["tangents"],
                "means": In(mean),
                "errors": Out(mean),
                "back": Out(stream.Signature(ArrayLayout(signed(self._bits), self._lanes))),
                "finished": Out(1),
                "clipped": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.slopes = slopes = self.slopes
        m.submodules.buffer = buffer = CreditBuffer(self.back.payload.shape(), 3)
        connect(m, flipped(self.tangents), slopes.tangents)
        connect(m, buffer.outputs, flipped(self.back))
        able = Signal()
        there = bit_later(m, slopes.finished, 1, "there")
        # What is added next comes a clock after the sums were cleared.
        m.d.comb += [
            able.eq(buffer.room & ~slopes.finished),
            slopes.means.valid.eq(self.means.valid & able & self.errors.ready),
            slopes.means.payload.eq(self.means.payload),
            self.means.ready.eq(slopes.means.ready & able & self.errors.ready),
            self.errors.valid.eq(self.means.valid & slopes.means.ready & able),
            self.errors.payload.eq(self.means.payload),
            slopes.clear.eq(there),
            buffer.taken.eq(slopes.finished),
            buffer.inputs.valid.eq(there),
            self.finished.eq(slopes.finished),
        ]
        clipped = Signal(self._lanes)
        for k in range(self._lanes):
            slope, clips = round_saturate(
                m, slopes.jvp[k], self._slope.shift, self._bits, f"rounded_{k}"
            )
            m.d.comb += buffer.inputs.payload[k].eq(slope)
            m.d.sync += clipped[k].eq(there & clips)
        m.d.comb += self.clipped.eq(Cat(clipped).any())
        return m
