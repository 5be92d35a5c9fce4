"""Carries requests out, each once and in their order, and writes the answers."""

from amaranth.hdl import Module, Mux, Signal, unsigned
from amaranth.lib import memory, stream, wiring
from amaranth.lib.wiring import In, Out

from dualspike.boards.gateware.link.protocol import PAYLOAD, SLOT, WINDOW, WORD, Op, Status
from dualspike.boards.gateware.link.request_operations import Operations, Request
from dualspike.boards.gateware.link.tx_frame_buffer import FIRST, LENGTH, STATUS
from dualspike.hw.chip.bus import BusSignature
from dualspike.hw.stream.payloads import counter_shape

_ARGUMENTS = {Op.IDENTIFY: 3, Op.WRITE: 3, Op.READ: 4, Op.INFER: 1}


class RequestHandler(wiring.Component):
    """Records of the `RxFrameBuffer` to accesses of the bus, samples, and answers.

    Answers go to the `TxFrameBuffer`.

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
        s = Request(self._patience)
        do = Operations(m, self, s, self._patience)
        m.d.sync += s.inside.eq(s.address < self._registers)
        m.d.comb += [
            self.learn.eq(s.learn),
            self.place.eq(s.place),
            self.bus.address.eq(s.address),
            self.bus.write_data.eq(s.word),
            self.bus.write.eq(s.code == Op.WRITE),
            identity.addr.eq(s.address),
            self.sequence.eq(s.sequence),
        ]
        with m.FSM() as fsm:
            m.d.comb += self.active.eq(~fsm.ongoing("LENGTH") | self.sending | self.records.valid)
            self._begin(m, s, do)
            self._check(m, s, do)
            self._arguments(m, s, do)
            do.echo()
            do.identify(identity.data)
            do.read()
            do.write()
            do.wait()
            do.stream()
            self._end(m, s, do)
        return m

    def _begin(self, m: Module, s: Request, do: Operations) -> None:
        """Length, number and code; whether the request is to be carried out."""
        octet = self.records.payload
        with m.State("LENGTH"):
            taken = do.take()
            m.d.sync += [
                s.place.eq(FIRST),
                s.status.eq(Status.DONE),
                s.taken.eq(0),
                s.byte.eq(0),
                s.idle.eq(0),
                s.length.eq(octet),
                s.left.eq(octet),
            ]
            with m.If(taken):
                m.next = "SEQUENCE"
        with m.State("SEQUENCE"):
            taken = do.take()
            m.d.sync += s.sequence.eq(octet)
            with m.If(taken):
                m.next = "CODE"
        with m.State("CODE"):
            taken = do.take()
            m.d.sync += [s.code.eq(octet), s.fresh.eq(0)]
            with m.If(taken):
                m.next = "DRAIN"
                with m.If((octet == Op.RESET) | (s.sequence == s.expected)):
                    m.d.sync += [s.fresh.eq(1), s.expected.eq(s.sequence + 1)]
                    m.next = "CHECK"

    def _check(self, m: Module, s: Request, do: Operations) -> None:
        """Is there such an operation, and can it have so many bytes?"""
        with m.State("CHECK"):
            right = Signal()
            m.d.sync += s.wanted.eq(0)
            with m.Switch(s.code):
                for op, number in _ARGUMENTS.items():
                    with m.Case(op):
                        m.d.sync += s.wanted.eq(number)
            with m.Switch(s.code):
                for op in (Op.IDENTIFY, Op.READ):
                    with m.Case(op):
                        m.d.comb += right.eq(s.length == _ARGUMENTS[op])
                with m.Case(Op.WRITE):
                    m.d.comb += right.eq(s.length[:2] == _ARGUMENTS[Op.WRITE])
                with m.Case(Op.INFER):
                    m.d.comb += right.eq(s.length != 0)
                with m.Case(Op.WAIT):
                    m.d.comb += right.eq(s.length == 0)
                with m.Default():
                    m.d.comb += right.eq(1)
            m.next = "ARGUMENTS"
            with m.If(~right):
                do.fail(Status.LENGTH)
            unknown = s.code > Op.INFER
            if not self._learns:
                unknown |= s.code == Op.LEARN
            with m.If(unknown):
                do.fail(Status.UNKNOWN)

    def _arguments(self, m: Module, s: Request, do: Operations) -> None:
        """Take the arguments, then on to the operation."""
        with m.State("ARGUMENTS"):
            taken = do.take(s.taken != s.wanted)
            m.d.sync += [
                s.address.eq(s.given),
                s.beyond.eq(s.given + s.arguments[2] > len(self._block)),
            ]
            with m.If(taken):
                m.d.sync += [
                    s.arguments[s.taken].eq(self.records.payload),
                    s.taken.eq(s.taken + 1),
                    s.left.eq(s.left - 1),
                ]
            with m.If(s.taken == s.wanted):
                m.next = "CHOOSE"
        with m.State("CHOOSE"):
            self._choose(m, s, do)

    def _choose(self, m: Module, s: Request, do: Operations) -> None:
        """The operation's first state, or refuse its arguments."""
        m.next = "DRAIN"
        with m.Switch(s.code):
            with m.Case(Op.RESET):
                m.next = "ECHO"
            with m.Case(Op.IDENTIFY):
                m.d.sync += s.count.eq(s.arguments[2])
                m.next = "IDENTITY"
                with m.If(s.beyond):
                    do.fail(Status.ADDRESS)
                with m.If(s.arguments[2] > PAYLOAD):
                    do.fail(Status.LENGTH)
            with m.Case(Op.READ):
                m.d.sync += s.count.eq(s.arguments[3])
                m.next = "READ"
                with m.If(s.arguments[3] > PAYLOAD // WORD):
                    do.fail(Status.LENGTH)
            with m.Case(Op.WRITE):
                m.next = "WORD"
            with m.Case(Op.WAIT):
                m.next = "WAIT"
            with m.Case(Op.LEARN):
                m.d.sync += [s.learn.eq(1), s.count.eq(0)]
                m.next = "STREAM"
            with m.Case(Op.INFER):
                m.d.sync += [s.learn.eq(0), s.count.eq(s.arguments[0])]
                m.next = "STREAM"
                with m.If(s.arguments[0] > PAYLOAD):
                    do.fail(Status.LENGTH)

    def _end(self, m: Module, s: Request, do: Operations) -> None:
        """Leave the rest of the record, complete the answer and have it sent."""
        with m.State("DRAIN"):
            taken = do.take(s.left != 0)
            with m.If(taken):
                m.d.sync += s.left.eq(s.left - 1)
            with m.If(s.left == 0):
                m.d.sync += [s.place.eq(LENGTH), s.count.eq(s.place - FIRST)]
                m.next = "SEND"
                with m.If(s.fresh):
                    m.next = "CLOSE"
        with m.State("CLOSE"):
            do.put(Mux(s.place == LENGTH, s.count, s.status))
            with m.If(s.place == STATUS):
                m.d.comb += self.refused.eq(s.status != Status.DONE)
                m.next = "SEND"
        with m.State("SEND"):
            behind = Signal(8)
            m.d.comb += behind.eq(s.expected - s.sequence)
            known = (behind != 0) & (behind <= WINDOW)
            m.d.comb += [
                self.refuse.eq(~known),
                self.sequence.eq(Mux(known, s.sequence, s.expected)),
            ]
            with m.If(~self.sending):
                m.d.comb += [self.send.eq(1), self.refused.eq(~known)]
                m.next = "LENGTH"
