"""Frames that came whole: checked, kept in a ring until they are carried out, or forgotten."""

from amaranth.hdl import Module, Signal, unsigned
from amaranth.lib import memory, stream, wiring
from amaranth.lib.wiring import In, Out

from dualspike.boards.gateware.link.protocol import CRC, HEADER, PAYLOAD, SLOT, WINDOW, Op

_PLACES = WINDOW * SLOT
_CODE = 2


class RxFrameBuffer(wiring.Component):
    """Octets of frames (`SlipDecoder`) to ``records``: length, sequence number, code, payload.

    A frame counts if its length and its CRC are right and if there is room for it, which there is
    for WINDOW of them. Any other is forgotten, and ``lost`` pulses. Nothing of a frame is seen in
    ``records`` before it has been checked. A frame with code RESET forgets all records before it,
    and ``reset`` pulses, from a register as ``lost``. A record's bytes come at most every third
    clock. An octet comes at least two clocks after the end before it, for which any line is slow
    enough.
    """

    octet: In(8)
    valid: In(1)
    ended: In(1)
    spoilt: In(1)
    records: Out(stream.Signature(8))
    reset: Out(1)
    lost: Out(1)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.ring = ring = memory.Memory(shape=unsigned(8), depth=_PLACES, init=[])
        writer, reader = ring.write_port(), ring.read_port()
        write = Signal(range(_PLACES))
        kept = Signal(range(_PLACES))
        read = Signal(range(_PLACES))
        m.submodules.crc = crc = CRC(8).create()
        count = Signal(8)
        length = Signal(8)
        code = Signal(8)
        full = Signal()
        following = Signal.like(write)
        begins = Signal.like(write)
        # An end counts a clock later, when all that it depends on is known.
        ends = Signal()
        spoilt = Signal()
        good = Signal()
        resets = Signal()
        whole = (count == length + (HEADER + 2)) & (length <= PAYLOAD)
        right = whole & crc.match_detected & ~full & ~self.spoilt
        m.d.sync += [ends.eq(self.ended), spoilt.eq(self.spoilt), good.eq(right)]
        m.d.sync += [self.lost.eq(0), resets.eq(0)]
        m.d.comb += [
            self.reset.eq(resets),
            following.eq(write + 1),
            crc.data.eq(self.octet),
            crc.valid.eq(self.valid),
            crc.start.eq(ends),
            writer.addr.eq(write),
            writer.data.eq(self.octet),
            writer.en.eq(self.valid & ~full),
        ]
        with m.If(self.valid):
            m.d.sync += [write.eq(following), count.eq(count + 1)]
            with m.If((following == read) | (count == 0xFF)):
                m.d.sync += full.eq(1)
            with m.If(count == 0):
                m.d.sync += length.eq(self.octet)
            with m.If(count == _CODE):
                m.d.sync += code.eq(self.octet)
        with m.If(ends):
            m.d.sync += [count.eq(0), full.eq(0), write.eq(kept)]
            with m.If(good):
                m.d.sync += [write.eq(write - 2), kept.eq(write - 2), begins.eq(kept)]
                m.d.sync += resets.eq(code == Op.RESET)
            with m.Elif((count != 0) | spoilt):
                m.d.sync += self.lost.eq(1)
        # A block RAM is slow: what it gives is used from a register.
        fetched = Signal()
        byte = Signal(8)
        m.d.comb += [reader.addr.eq(read), self.records.payload.eq(byte)]
        moves = self.records.valid & self.records.ready
        stays = ~moves & ~resets
        m.d.sync += [
            byte.eq(reader.data),
            fetched.eq((read != kept) & stays),
            self.records.valid.eq(fetched & stays),
        ]
        with m.If(resets):
            m.d.sync += read.eq(begins)
        with m.Elif(moves):
            m.d.sync += read.eq(read + 1)
        return m
