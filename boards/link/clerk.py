"""Carries requests out, each once and in their order, and writes the answers."""

from amaranth.hdl import Cat, Module, Mux, Signal, unsigned
from amaranth.lib import data, memory, stream, wiring
from amaranth.lib.wiring import In, Out

from dualspike.boards.link.outbox import FIRST, LENGTH, STATUS
from dualspike.boards.link.protocol import PAYLOAD, SLOT, WINDOW, WORD, Op, Status
from dualspike.hw.bus import BusSignature
from dualspike.hw.streams import counter_shape

_ARGUMENTS = {Op.IDENTIFY: 3, Op.WRITE: 3, Op.READ: 4, Op.INFER: 1}
_STEP = 2


class Clerk(wiring.Component):
    """Records of the `Inbox` to accesses of the bus, samples, and answers in the `Outbox`.

    A request whose number is the one ``expected`` is carried out; one of the WINDOW before it has
    been, and its answer is sent once more; any other is refused with the number expected. RESET
    sets that number. ``busy`` is the core's, ``block`` the identity. LEARN, INFER and WAIT end
    with STALLED when nothing has moved for ``patience`` clocks. ``active`` while there is
    anything to do; ``refused`` pulses with each answer that is not DONE.
    """

    def __init__(self, registers: int, block: bytes, *, learns: bool, patience: int) -> None:
        self._registers, self._block = registers, block
        self._learns, self._patience = learns, patience
        super().__init__(
            {
                "records": In(stream.Signature(8)),
                "bus": Out(BusSignature(counter_shape(registers - 1).width)),
                "busy": In(1),
                "learn": Out(1),
                "feed": Out(stream.Signature(8)),
                "collected": In(stream.Signature(8)),
                "sequence": Out(8),
                "place": Out(range(SLOT)),
                "data": Out(8),
                "write": Out(1),
                "send": Out(1),
                "refuse": Out(1),
                "sending": In(1),
                "active": Out(1),
                "refused": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.block = block = memory.Memory(
            shape=unsigned(8), depth=len(self._block), init=self._block
        )
        identity = block.read_port()
        records, octet = self.records, self.records.payload
        length, left, code = Signal(8), Signal(8), Signal(8)
        expected, sequence = Signal(8), Signal(8)
        arguments, taken = Signal(data.ArrayLayout(8, 4)), Signal(range(5))
        address, count = Signal(16), Signal(8)
        word, byte = Signal(8 * WORD), Signal(range(WORD))
        fresh, status, place = Signal(), Signal(8), Signal(range(SLOT))
        learn, idle = Signal(), Signal(range(self._patience + 1))
        inside = address < self._registers
        given = Cat(arguments[0], arguments[1])
        first = self.records.valid & self.records.ready
        m.d.comb += [
            self.learn.eq(learn),
            self.place.eq(place),
            self.bus.address.eq(address),
            self.bus.write_data.eq(word),
            self.bus.write.eq(code == Op.WRITE),
            identity.addr.eq(address),
            self.sequence.eq(sequence),
        ]

        def put(value: object) -> None:
            """One byte of the answer."""
            m.d.comb += [self.data.eq(value), self.write.eq(1)]
            m.d.sync += place.eq(place + 1)

        def fail(reason: Status) -> None:
            """The rest of the request is left out."""
            m.d.sync += status.eq(reason)
            m.next = "DRAIN"

        with m.FSM() as fsm:
            m.d.comb += self.active.eq(~fsm.ongoing("LENGTH") | self.sending | records.valid)
            with m.State("LENGTH"):
                m.d.comb += records.ready.eq(1)
                m.d.sync += [place.eq(FIRST), status.eq(Status.DONE), taken.eq(0), byte.eq(0)]
                m.d.sync += [idle.eq(0), length.eq(octet), left.eq(octet)]
                with m.If(first):
                    m.next = "SEQUENCE"
            with m.State("SEQUENCE"):
                m.d.comb += records.ready.eq(1)
                m.d.sync += sequence.eq(octet)
                with m.If(first):
                    m.next = "CODE"
            with m.State("CODE"):
                m.d.comb += records.ready.eq(1)
                m.d.sync += [code.eq(octet), fresh.eq(0)]
                with m.If(first):
                    m.next = "DRAIN"
                    with m.If((octet == Op.RESET) | (sequence == expected)):
                        m.d.sync += [fresh.eq(1), expected.eq(sequence + 1)]
                        m.next = "CHECK"
            with m.State("CHECK"):
                right = Signal()
                with m.Switch(code):
                    for op in (Op.IDENTIFY, Op.READ):
                        with m.Case(op):
                            m.d.comb += right.eq(length == _ARGUMENTS[op])
                    with m.Case(Op.WRITE):
                        m.d.comb += right.eq(length[:2] == _ARGUMENTS[Op.WRITE])
                    with m.Case(Op.INFER):
                        m.d.comb += right.eq(length != 0)
                    with m.Case(Op.WAIT):
                        m.d.comb += right.eq(length == 0)
                    with m.Default():
                        m.d.comb += right.eq(1)
                m.next = "ARGUMENTS"
                with m.If(~right):
                    fail(Status.LENGTH)
                unknown = code > Op.INFER
                if not self._learns:
                    unknown |= code == Op.LEARN
                with m.If(unknown):
                    fail(Status.UNKNOWN)
            with m.State("ARGUMENTS"):
                wanted = Signal(range(5))
                with m.Switch(code):
                    for op, number in _ARGUMENTS.items():
                        with m.Case(op):
                            m.d.comb += wanted.eq(number)
                m.d.comb += records.ready.eq(taken != wanted)
                m.d.sync += address.eq(given)
                with m.If(first):
                    m.d.sync += [
                        arguments[taken].eq(octet),
                        taken.eq(taken + 1),
                        left.eq(left - 1),
                    ]
                with m.If(taken == wanted):
                    m.next = "DRAIN"
                    with m.Switch(code):
                        with m.Case(Op.RESET):
                            m.next = "ECHO"
                        with m.Case(Op.IDENTIFY):
                            m.d.sync += count.eq(arguments[2])
                            m.next = "IDENTITY"
                            with m.If(given + arguments[2] > len(self._block)):
                                fail(Status.ADDRESS)
                            with m.If(arguments[2] > PAYLOAD):
                                fail(Status.LENGTH)
                        with m.Case(Op.READ):
                            m.d.sync += count.eq(arguments[3])
                            m.next = "READ"
                            with m.If(arguments[3] > PAYLOAD // WORD):
                                fail(Status.LENGTH)
                        with m.Case(Op.WRITE):
                            m.next = "WORD"
                        with m.Case(Op.WAIT):
                            m.next = "WAIT"
                        with m.Case(Op.LEARN):
                            m.d.sync += [learn.eq(1), count.eq(0)]
                            m.next = "STREAM"
                        with m.Case(Op.INFER):
                            m.d.sync += [learn.eq(0), count.eq(arguments[0])]
                            m.next = "STREAM"
                            with m.If(arguments[0] > PAYLOAD):
                                fail(Status.LENGTH)
            with m.State("ECHO"):
                m.d.comb += records.ready.eq(left != 0)
                with m.If(left == 0):
                    m.next = "DRAIN"
                with m.Elif(records.valid):
                    put(octet)
                    m.d.sync += left.eq(left - 1)
            with m.State("IDENTITY"):
                m.next = "IDENTITY BYTE"
                with m.If(count == 0):
                    m.next = "DRAIN"
            with m.State("IDENTITY BYTE"):
                put(identity.data)
                m.d.sync += [address.eq(address + 1), count.eq(count - 1)]
                m.next = "IDENTITY"
            with m.State("READ"):
                with m.If(count == 0):
                    m.next = "DRAIN"
                with m.Elif(~inside):
                    fail(Status.ADDRESS)
                with m.Else():
                    m.d.comb += self.bus.request.eq(1)
                    m.d.sync += word.eq(self.bus.read_data)
                    with m.If(self.bus.done):
                        m.d.sync += [count.eq(count - 1), byte.eq(0)]
                        m.d.sync += address.eq(address + arguments[_STEP][0])
                        m.next = "ANSWER"
            with m.State("ANSWER"):
                put(word[:8])
                m.d.sync += [word.eq(word >> 8), byte.eq(byte + 1)]
                with m.If(byte == WORD - 1):
                    m.next = "READ"
            with m.State("WORD"):
                m.d.comb += records.ready.eq(left != 0)
                with m.If(first):
                    m.d.sync += [word.eq(Cat(word[8:], octet)), byte.eq(byte + 1)]
                    m.d.sync += left.eq(left - 1)
                    with m.If(byte == WORD - 1):
                        m.next = "WRITE"
                with m.Elif(left == 0):
                    m.next = "DRAIN"
            with m.State("WRITE"):
                with m.If(~inside):
                    fail(Status.ADDRESS)
                with m.Else():
                    m.d.comb += self.bus.request.eq(1)
                    with m.If(self.bus.done):
                        m.d.sync += address.eq(address + arguments[_STEP][0])
                        m.next = "WORD"
            with m.State("WAIT"):
                m.d.sync += idle.eq(idle + 1)
                with m.If(~self.busy):
                    m.next = "DRAIN"
                with m.Elif(idle == self._patience):
                    fail(Status.STALLED)
            with m.State("STREAM"):
                m.d.sync += idle.eq(idle + 1)
                m.d.comb += [
                    self.feed.payload.eq(octet),
                    self.feed.valid.eq(records.valid & (left != 0)),
                    records.ready.eq(self.feed.ready & (left != 0)),
                    self.collected.ready.eq(count != 0),
                ]
                with m.If(first):
                    m.d.sync += [left.eq(left - 1), idle.eq(0)]
                with m.If(self.collected.valid & self.collected.ready):
                    put(self.collected.payload)
                    m.d.sync += [count.eq(count - 1), idle.eq(0)]
                with m.If((left == 0) & (count == 0)):
                    m.next = "DRAIN"
                with m.Elif(idle == self._patience):
                    fail(Status.STALLED)
            with m.State("DRAIN"):
                m.d.comb += records.ready.eq(left != 0)
                with m.If(first):
                    m.d.sync += left.eq(left - 1)
                with m.If(left == 0):
                    m.d.sync += [place.eq(LENGTH), count.eq(place - FIRST)]
                    m.next = "SEND"
                    with m.If(fresh):
                        m.next = "CLOSE"
            with m.State("CLOSE"):
                put(Mux(place == LENGTH, count, status))
                with m.If(place == STATUS):
                    m.d.comb += self.refused.eq(status != Status.DONE)
                    m.next = "SEND"
            with m.State("SEND"):
                behind = Signal(8)
                m.d.comb += behind.eq(expected - sequence)
                known = (behind != 0) & (behind <= WINDOW)
                m.d.comb += [
                    self.refuse.eq(~known),
                    self.sequence.eq(Mux(known, sequence, expected)),
                ]
                with m.If(~self.sending):
                    m.d.comb += [self.send.eq(1), self.refused.eq(~known)]
                    m.next = "LENGTH"
        return m
