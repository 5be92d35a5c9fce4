"""AXI4-Stream around the core's own streams (Arm IHI 0051).

Every number of a payload has a place of 8, 16, 32 or 64 bits, the narrowest that holds it, the
first number lowest: the words of an array of C integers, as a DMA engine moves them.
"""

from amaranth.hdl import Module, Shape, ShapeLike, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from dualspike.hw.stream.buffers.skid_buffer import SkidBuffer
from dualspike.hw.stream.counters import count_on, counter_shape


def _numbers(shape: ShapeLike) -> tuple[Shape, int]:
    """What stands in a payload: a shape, and how often."""
    if isinstance(shape, data.ArrayLayout):
        return Shape.cast(shape.elem_shape), shape.length
    return Shape.cast(shape), 1


def place_bits(bits: int) -> int:
    """Width of the place of a number of 1 to 64 bits."""
    return max(8, 1 << (bits - 1).bit_length())


def places(shape: ShapeLike) -> tuple[int, int]:
    """Width of the places of a payload, and how many there are."""
    number, count = _numbers(shape)
    return place_bits(number.width), count


class AxiStreamSignature(wiring.Signature):
    """The transmitter's side, for payloads of ``shape``; with TLAST if wanted."""

    def __init__(self, shape: ShapeLike, *, last: bool = False) -> None:
        place, count = places(shape)
        members = {
            "tdata": Out(place * count),
            "tvalid": Out(1),
            "tready": In(1),
        }
        super().__init__(members | ({"tlast": Out(1)} if last else {}))


class FromAxiStream(wiring.Component):
    """Receiver ``axis``, inner stream ``outputs``; what lies above a number is ignored.

    Latency: 1 cycle. Throughput: one payload a cycle. A queue of two places (`SkidBuffer`) keeps
    inputs and outputs apart.
    """

    def __init__(self, shape: ShapeLike) -> None:
        self._shape = shape
        super().__init__(
            {
                "axis": In(AxiStreamSignature(shape)),
                "outputs": Out(stream.Signature(shape)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        place, count = places(self._shape)
        m.submodules.skid = skid = SkidBuffer(self._shape)
        inside = skid.inputs.payload
        for n in range(count):
            slot = inside[n] if isinstance(self._shape, data.ArrayLayout) else inside
            m.d.comb += slot.eq(self.axis.tdata.word_select(n, place))
        m.d.comb += [
            skid.inputs.valid.eq(self.axis.tvalid),
            self.axis.tready.eq(skid.inputs.ready),
        ]
        connect(m, skid.outputs, flipped(self.outputs))
        return m


class ToAxiStream(wiring.Component):
    """Inner stream ``inputs``, transmitter ``axis``; TLAST with every ``frame``-th payload.

    Numbers are extended by their sign. Latency: 1 cycle. Throughput: one payload a cycle.
    """

    def __init__(self, shape: ShapeLike, frame: int) -> None:
        self._shape, self._frame = shape, frame
        super().__init__(
            {
                "inputs": In(stream.Signature(shape)),
                "axis": Out(AxiStreamSignature(shape, last=True)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        place, count = places(self._shape)
        m.submodules.skid = skid = SkidBuffer(self._shape)
        connect(m, flipped(self.inputs), skid.inputs)
        outside = skid.outputs.payload
        for n in range(count):
            slot = outside[n] if isinstance(self._shape, data.ArrayLayout) else outside
            m.d.comb += self.axis.tdata.word_select(n, place).eq(slot)
        sent = Signal(counter_shape(self._frame - 1))
        m.d.comb += [
            self.axis.tvalid.eq(skid.outputs.valid),
            skid.outputs.ready.eq(self.axis.tready),
            self.axis.tlast.eq(sent == self._frame - 1),
        ]
        with m.If(self.axis.tvalid & self.axis.tready):
            count_on(m, sent, self._frame - 1, self.axis.tlast)
        return m
