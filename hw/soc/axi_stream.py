"""AXI4-Stream around the core's own streams (Arm IHI 0051).

Every number of a payload has a place of 8, 16, 32 or 64 bits, the narrowest that holds it, the
first number lowest: the words of an array of C integers, as a DMA engine moves them.
"""

from amaranth.hdl import Module, Mux, Shape, ShapeLike, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from dualspike.hw.stream.buffers.skid_buffer import SkidBuffer
from dualspike.hw.stream.layouts import StructLayout
from dualspike.model.interface.feeds import place_bits
from dualspike.model.interface.packets import packet_bits


def _numbers(shape: ShapeLike) -> tuple[Shape, int]:
    """What stands in a payload: a shape, and how often."""
    if isinstance(shape, data.ArrayLayout):
        return Shape.cast(shape.elem_shape), shape.length
    return Shape.cast(shape), 1


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
    """Inner stream ``inputs``, transmitter ``axis``; TLAST with the last payload of a packet.

    A packet has ``packet`` payloads, 0 stands for all numbers of its bits; ``row`` after reset.
    ``set_packet`` takes ``packet_data``, and the next payload that comes in begins a packet: what
    is inside keeps its TLAST. Numbers are extended by their sign. Latency: 1 cycle. Throughput: one
    payload a cycle.
    """

    def __init__(self, shape: ShapeLike, row: int) -> None:
        self._shape, self._row = shape, row
        bits = packet_bits(row)
        super().__init__(
            {
                "inputs": In(stream.Signature(shape)),
                "axis": Out(AxiStreamSignature(shape, last=True)),
                "set_packet": In(1),
                "packet_data": In(bits),
                "packet": Out(bits),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        place, count = places(self._shape)
        inside = StructLayout({"number": self._shape, "last": 1})
        m.submodules.skid = skid = SkidBuffer(inside)
        length = Signal.like(self.packet, name="length", init=self._row)
        left = Signal.like(self.packet, name="left", init=self._row - 1)
        last = left == 0
        m.d.comb += [
            self.packet.eq(length),
            skid.inputs.valid.eq(self.inputs.valid),
            self.inputs.ready.eq(skid.inputs.ready),
            skid.inputs.payload.number.eq(self.inputs.payload),
            skid.inputs.payload.last.eq(last),
        ]
        with m.If(self.set_packet):
            m.d.sync += [length.eq(self.packet_data), left.eq(self.packet_data - 1)]
        with m.Elif(self.inputs.valid & self.inputs.ready):
            m.d.sync += left.eq(Mux(last, length, left) - 1)
        outside = skid.outputs.payload.number
        for n in range(count):
            slot = outside[n] if isinstance(self._shape, data.ArrayLayout) else outside
            m.d.comb += self.axis.tdata.word_select(n, place).eq(slot)
        m.d.comb += [
            self.axis.tvalid.eq(skid.outputs.valid),
            skid.outputs.ready.eq(self.axis.tready),
            self.axis.tlast.eq(skid.outputs.payload.last),
        ]
        return m
