"""SLIP (RFC 1055): END between frames, ESC before what stands for END and ESC inside them."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from dualspike.boards.gateware.link.protocol import END, ESC, ESC_END, ESC_ESC


class SlipDecoder(wiring.Component):
    """Bytes as they are ``received`` to the bytes of frames, in the same clock.

    ``valid`` pulses with each ``octet`` of a frame, ``ended`` at its end. With ``spoilt`` the frame
    so far cannot be right: a byte was ``broken``, or an escape stood before something else.
    """

    byte: In(8)
    received: In(1)
    broken: In(1)
    octet: Out(8)
    valid: Out(1)
    ended: Out(1)
    spoilt: Out(1)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        escaped = Signal()
        spoilt = Signal()
        end, esc = self.byte == END, self.byte == ESC
        known = (self.byte == ESC_END) | (self.byte == ESC_ESC)
        m.d.comb += [
            self.ended.eq(self.received & end),
            self.valid.eq(self.received & ~end & (escaped | ~esc)),
            self.octet.eq(Mux(escaped, Mux(self.byte == ESC_END, END, ESC), self.byte)),
            self.spoilt.eq(spoilt | escaped),
        ]
        with m.If(self.received):
            m.d.sync += escaped.eq(esc & ~escaped)
            with m.If(escaped & ~known):
                m.d.sync += spoilt.eq(1)
            with m.If(end):
                m.d.sync += [escaped.eq(0), spoilt.eq(0)]
        with m.If(self.broken):
            m.d.sync += spoilt.eq(1)
        return m


class SlipEncoder(wiring.Component):
    """Octets, with ``last`` at the end of each frame, to the bytes for the line.

    Throughput: a byte a clock; an escaped octet takes two, the ends of a frame one each.
    """

    octets: In(stream.Signature(data.StructLayout({"octet": 8, "last": 1})))
    bytes: Out(stream.Signature(8))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        octets, sent = self.octets, self.bytes
        octet = octets.payload.octet
        special = (octet == END) | (octet == ESC)
        moves = sent.valid & sent.ready
        with m.FSM():
            with m.State("OPEN"):
                m.d.comb += [sent.payload.eq(END), sent.valid.eq(octets.valid)]
                with m.If(moves):
                    m.next = "OCTET"
            with m.State("OCTET"):
                m.d.comb += [
                    sent.payload.eq(Mux(special, ESC, octet)),
                    sent.valid.eq(octets.valid),
                    octets.ready.eq(sent.ready & ~special),
                ]
                with m.If(moves & special):
                    m.next = "ESCAPED"
                with m.Elif(moves & octets.payload.last):
                    m.next = "CLOSE"
            with m.State("ESCAPED"):
                m.d.comb += [
                    sent.payload.eq(Mux(octet == END, ESC_END, ESC_ESC)),
                    sent.valid.eq(1),
                    octets.ready.eq(sent.ready),
                ]
                with m.If(moves):
                    m.next = "OCTET"
                    with m.If(octets.payload.last):
                        m.next = "CLOSE"
            with m.State("CLOSE"):
                m.d.comb += [sent.payload.eq(END), sent.valid.eq(1)]
                with m.If(moves):
                    m.next = "OPEN"
        return m
