"""Bytes to the numbers of the core's streams, and results to bytes.

A number takes as few bytes as hold it, lowest first; a result is extended by its sign.
"""

from amaranth.hdl import Cat, Module, Shape, Signal, signed
from amaranth.lib import data, stream, wiring
from amaranth.lib.fifo import SyncFIFOBuffered
from amaranth.lib.wiring import In, Out

from dualspike.hw.stream.payloads import counter_shape
from dualspike.model.ceil_div import ceil_div
from dualspike.model.description.description import Description
from dualspike.model.description.format import Format
from dualspike.model.sizes.geometry import geometry


def number_bytes(form: Format) -> int:
    """Bytes of a number on the link."""
    return ceil_div(form.bits, 8)


class SampleUnpacker(wiring.Component):
    """Bytes to samples: all inputs, filled up to whole chunks, and with ``learn`` the targets.

    Targets wait in a queue of a few samples, so that a sample may enter while the one before it
    still has to meet its target.
    """

    def __init__(self, description: Description) -> None:
        self._d = description
        self._layer = geometry(description.parts[0]).layers[0]
        d = description
        inputs = data.ArrayLayout(signed(d.formats.input.bits), self._layer.simd)
        members = {
            "bytes": In(stream.Signature(8)),
            "learn": In(1),
            "inputs": Out(stream.Signature(inputs)),
        }
        if d.learns:
            members["targets"] = Out(stream.Signature(signed(d.target_format.bits)))
        super().__init__(members)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        d, layer = self._d, self._layer
        place = number_bytes(d.formats.input)
        chunks = layer.chunks * d.network.frames
        chunk = Signal(8 * place * layer.simd)
        byte = Signal(counter_shape(layer.simd * place))
        number = Signal(counter_shape(chunks))
        for n in range(layer.simd):
            m.d.comb += self.inputs.payload[n].eq(chunk.word_select(n, 8 * place))
        with m.FSM():
            with m.State("CHUNK"):
                m.d.comb += self.bytes.ready.eq(1)
                with m.If(self.bytes.valid):
                    m.d.sync += [chunk.eq(Cat(chunk[8:], self.bytes.payload)), byte.eq(byte + 1)]
                    with m.If(byte == layer.simd * place - 1):
                        m.d.sync += byte.eq(0)
                        m.next = "OFFER"
            with m.State("OFFER"):
                m.d.comb += self.inputs.valid.eq(1)
                with m.If(self.inputs.ready):
                    m.d.sync += number.eq(number + 1)
                    m.next = "CHUNK"
                    with m.If(number == chunks - 1):
                        m.d.sync += number.eq(0)
                        if d.learns:
                            with m.If(self.learn):
                                m.next = "TARGET"
            if d.learns:
                self._targets(m)
        return m

    def _targets(self, m: Module) -> None:
        d = self._d
        form, width = d.target_format, d.target_width
        place = number_bytes(form)
        m.submodules.queue = queue = SyncFIFOBuffered(
            width=form.bits, depth=width * (d.n_layers + 2)
        )
        target = Signal(8 * place)
        byte = Signal(counter_shape(place))
        number = Signal(counter_shape(width))
        m.d.comb += [
            queue.w_data.eq(target),
            self.targets.payload.eq(queue.r_data.as_signed()),
            self.targets.valid.eq(queue.r_rdy),
            queue.r_en.eq(self.targets.ready),
        ]
        with m.State("TARGET"):
            m.d.comb += self.bytes.ready.eq(1)
            with m.If(self.bytes.valid):
                m.d.sync += [target.eq(Cat(target[8:], self.bytes.payload)), byte.eq(byte + 1)]
                with m.If(byte == place - 1):
                    m.d.sync += byte.eq(0)
                    m.next = "QUEUE"
        with m.State("QUEUE"):
            m.d.comb += queue.w_en.eq(1)
            with m.If(queue.w_rdy):
                m.d.sync += number.eq(number + 1)
                m.next = "TARGET"
                with m.If(number == width - 1):
                    m.d.sync += number.eq(0)
                    m.next = "CHUNK"


class ResultPacker(wiring.Component):
    """Results to bytes, ``place`` of them for each."""

    def __init__(self, form: Format) -> None:
        self._place = number_bytes(form)
        super().__init__(
            {
                "results": In(stream.Signature(signed(form.bits))),
                "bytes": Out(stream.Signature(8)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        held = Signal(Shape(8 * self._place, True))
        left = Signal(range(self._place + 1))
        m.d.comb += [
            self.results.ready.eq(left == 0),
            self.bytes.valid.eq(left != 0),
            self.bytes.payload.eq(held[:8]),
        ]
        with m.If(self.results.valid & self.results.ready):
            m.d.sync += [held.eq(self.results.payload), left.eq(self._place)]
        with m.Elif(self.bytes.valid & self.bytes.ready):
            m.d.sync += [held.eq(held >> 8), left.eq(left - 1)]
        return m
