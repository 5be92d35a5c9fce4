"""Answers: one slot for each request of the window, so that any of them can be given again."""

from amaranth.hdl import Cat, Module, Mux, Signal, Value, unsigned
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from dualspike.boards.gateware.link.protocol import CRC, SLOT, WINDOW, Status
from dualspike.boards.gateware.link.slip import SlipEncoder
from dualspike.hw.stream.buffers.skid_buffer import SkidBuffer
from dualspike.hw.stream.payloads import counter_shape

LENGTH, STATUS, FIRST = 0, 1, 2
"""Places in a slot: length of the payload, status, first byte of the payload."""


class TxFrameBuffer(wiring.Component):
    """Writes answers into slots and sends them as frames.

    ``write`` puts ``data`` at ``place`` of the slot of ``sequence``. ``send``, while not ``busy``,
    sends that slot; with ``refuse`` it sends a frame without payload instead, with the number
    ``sequence`` and status ORDER, and touches no slot. ``bytes`` goes to the line.
    """

    def __init__(self) -> None:
        self._encoder = SlipEncoder()
        super().__init__(
            {
                "sequence": In(8),
                "place": In(range(SLOT)),
                "data": In(8),
                "write": In(1),
                "send": In(1),
                "refuse": In(1),
                "busy": Out(1),
                "bytes": self._encoder.signature.members["bytes"],
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.slots = slots = memory.Memory(shape=unsigned(8), depth=WINDOW * SLOT, init=[])
        writer, reader = slots.write_port(), slots.read_port()
        m.submodules.encoder = encoder = self._encoder
        connect(m, encoder.bytes, flipped(self.bytes))
        m.submodules.crc = crc = CRC(8).create()
        slot = counter_shape(WINDOW - 1).width
        sequence = Signal(8)
        place = Signal(range(SLOT))
        bare = Signal()
        left = Signal(8)
        length = Signal(8)
        byte = Signal(8)
        low = Signal()
        # What is escaped, and how fast, comes too late in a clock for all that waits for it.
        m.submodules.skid_octets = skid = SkidBuffer(encoder.octets.payload.shape())
        connect(m, skid.outputs, encoder.octets)
        octet = skid.inputs
        # A block RAM is slow: what it gives is used from a register, 2 clocks after its place.
        fetched = Signal(8)
        m.d.sync += fetched.eq(reader.data)
        moves = octet.valid & octet.ready
        m.d.comb += [
            writer.addr.eq(Cat(self.place, self.sequence[:slot])),
            writer.data.eq(self.data),
            writer.en.eq(self.write),
            reader.addr.eq(Cat(place, sequence[:slot])),
            crc.data.eq(octet.payload.octet),
        ]

        def give(value: Value) -> None:
            """An octet that the sum of the frame covers."""
            m.d.comb += [octet.payload.octet.eq(value), octet.valid.eq(1), crc.valid.eq(moves)]

        with m.FSM() as fsm:
            m.d.comb += self.busy.eq(~fsm.ongoing("IDLE"))
            with m.State("IDLE"):
                m.d.comb += crc.start.eq(1)
                m.d.sync += [sequence.eq(self.sequence), bare.eq(self.refuse), place.eq(LENGTH)]
                with m.If(self.send):
                    m.next = "LENGTH"
            with m.State("LENGTH"):
                m.next = "FETCH LENGTH"
            with m.State("FETCH LENGTH"):
                m.next = "SEND LENGTH"
            with m.State("SEND LENGTH"):
                m.d.comb += length.eq(Mux(bare, 0, fetched))
                give(length)
                with m.If(moves):
                    m.d.sync += [left.eq(length), place.eq(STATUS)]
                    m.next = "SEND SEQUENCE"
            with m.State("SEND SEQUENCE"):
                give(sequence)
                with m.If(moves):
                    m.next = "STATUS"
            with m.State("STATUS"):
                m.next = "SEND STATUS"
            with m.State("SEND STATUS"):
                m.d.comb += byte.eq(Mux(bare, Status.ORDER, fetched))
                give(byte)
                with m.If(moves):
                    m.d.sync += place.eq(place + 1)
                    m.next = "NEXT"
            with m.State("NEXT"):
                m.next = "FETCH"
                with m.If(left == 0):
                    m.next = "CRC"
            with m.State("FETCH"):
                m.next = "PAYLOAD"
            with m.State("PAYLOAD"):
                give(fetched)
                with m.If(moves):
                    m.d.sync += [place.eq(place + 1), left.eq(left - 1)]
                    m.next = "NEXT"
            with m.State("CRC"):
                m.d.comb += octet.payload.octet.eq(crc.crc.word_select(~low, 8))
                m.d.comb += [octet.payload.last.eq(low), octet.valid.eq(1)]
                with m.If(moves):
                    m.d.sync += low.eq(~low)
                    with m.If(low):
                        m.next = "IDLE"
        return m
