"""What requests ask for: the states that carry each operation out, once its arguments are there."""

from amaranth.hdl import Cat, Module, Signal, Value, ValueLike
from amaranth.lib import data, wiring

from dualspike.boards.gateware.link.protocol import SLOT, WORD, Status

_STEP = 2


class Request:
    """Registers of the request that is under way.

    ``left`` bytes of its record are still to come, ``taken`` of its ``wanted`` arguments are there;
    ``count`` words or bytes are still to be answered. ``fresh``: it is carried out, and its answer
    written at ``place``. ``beyond``: it asks for bytes after the identity's last. ``inside``: there
    was a register at ``address`` a clock ago. ``octet``: what was ``got`` of a word a clock ago.
    """

    def __init__(self, patience: int) -> None:
        self.length = Signal(8)
        self.left = Signal(8)
        self.code = Signal(8)
        self.expected = Signal(8)
        self.sequence = Signal(8)
        self.arguments = Signal(data.ArrayLayout(8, 4))
        self.taken = Signal(range(5))
        self.wanted = Signal(range(5))
        self.address = Signal(16)
        self.beyond = Signal()
        self.inside = Signal()
        self.count = Signal(8)
        self.octet = Signal(8, reset_less=True)
        self.got = Signal()
        self.word = Signal(8 * WORD, reset_less=True)
        self.byte = Signal(range(WORD))
        self.fresh = Signal()
        self.status = Signal(8)
        self.place = Signal(range(SLOT))
        self.learn = Signal()
        self.idle = Signal(range(patience + 1))

    @property
    def given(self) -> Value:
        """The first two arguments: an address."""
        return Cat(self.arguments[0], self.arguments[1])


class Operations:
    """The states of a `RequestHandler`, whose members ``port`` has; parameters as there."""

    def __init__(self, m: Module, port: wiring.Component, request: Request, patience: int) -> None:
        self._m, self._port, self._s = m, port, request
        self._patience = patience

    def take(self, ready: ValueLike = 1) -> Value:
        """Take the record's next byte while ``ready``; whether it is taken.

        That is said of the present state alone: no choice among all of them comes before it.
        """
        records = self._port.records
        self._m.d.comb += records.ready.eq(ready)
        return records.valid & ready

    def put(self, value: Value) -> None:
        """One byte of the answer."""
        m, s, port = self._m, self._s, self._port
        m.d.comb += [port.data.eq(value), port.write.eq(1)]
        m.d.sync += s.place.eq(s.place + 1)

    def fail(self, reason: Status) -> None:
        """The rest of the request is left out."""
        m, s = self._m, self._s
        m.d.sync += s.status.eq(reason)
        m.next = "DRAIN"

    def echo(self) -> None:
        """RESET: its payload comes back."""
        m, s, port = self._m, self._s, self._port
        with m.State("ECHO"):
            taken = self.take(s.left != 0)
            with m.If(s.left == 0):
                m.next = "DRAIN"
            with m.Elif(taken):
                self.put(port.records.payload)
                m.d.sync += s.left.eq(s.left - 1)

    def identify(self, octet: Value) -> None:
        """IDENTIFY: bytes of the identity."""
        m, s = self._m, self._s
        with m.State("IDENTITY"):
            m.next = "IDENTITY BYTE"
            with m.If(s.count == 0):
                m.next = "DRAIN"
        with m.State("IDENTITY BYTE"):
            self.put(octet)
            m.d.sync += [s.address.eq(s.address + 1), s.count.eq(s.count - 1)]
            m.next = "IDENTITY"

    def read(self) -> None:
        """READ: words, each written byte by byte."""
        m, s, port = self._m, self._s, self._port
        with m.State("READ"):
            with m.If(s.count == 0):
                m.next = "DRAIN"
            with m.Elif(~s.inside):
                self.fail(Status.ADDRESS)
            with m.Else():
                m.d.comb += port.bus.request.eq(1)
                m.d.sync += s.word.eq(port.bus.read_data)
                with m.If(port.bus.done):
                    m.d.sync += [s.count.eq(s.count - 1), s.byte.eq(0)]
                    m.d.sync += s.address.eq(s.address + s.arguments[_STEP][0])
                    m.next = "ANSWER"
        with m.State("ANSWER"):
            self.put(s.word[:8])
            m.d.sync += [s.word.eq(s.word >> 8), s.byte.eq(s.byte + 1)]
            with m.If(s.byte == WORD - 1):
                m.next = "READ"

    def write(self) -> None:
        """WRITE: words from the bytes that are left."""
        m, s, port = self._m, self._s, self._port
        with m.State("WORD"):
            taken = self.take((s.left != 0) & ~s.got)
            m.d.sync += [s.octet.eq(port.records.payload), s.got.eq(taken)]
            with m.If(taken):
                m.d.sync += [s.byte.eq(s.byte + 1), s.left.eq(s.left - 1)]
            with m.If(s.got):
                m.d.sync += s.word.eq(Cat(s.word[8:], s.octet))
                with m.If(s.byte == 0):
                    m.next = "WRITE"
            with m.Elif(s.left == 0):
                m.next = "DRAIN"
        with m.State("WRITE"):
            with m.If(~s.inside):
                self.fail(Status.ADDRESS)
            with m.Else():
                m.d.comb += port.bus.request.eq(1)
                with m.If(port.bus.done):
                    m.d.sync += s.address.eq(s.address + s.arguments[_STEP][0])
                    m.next = "WORD"

    def wait(self) -> None:
        """WAIT: until the core is no longer busy."""
        m, s, port = self._m, self._s, self._port
        with m.State("WAIT"):
            m.d.sync += s.idle.eq(s.idle + 1)
            with m.If(~port.busy):
                m.next = "DRAIN"
            with m.Elif(s.idle == self._patience):
                self.fail(Status.STALLED)

    def stream(self) -> None:
        """LEARN and INFER: bytes to the core, and ``count`` of what it gives to the answer."""
        m, s, port = self._m, self._s, self._port
        records, collected = port.records, port.collected
        with m.State("STREAM"):
            m.d.sync += s.idle.eq(s.idle + 1)
            m.d.comb += [
                port.feed.payload.eq(records.payload),
                port.feed.valid.eq(records.valid & (s.left != 0)),
                collected.ready.eq(s.count != 0),
            ]
            with m.If(self.take(port.feed.ready & (s.left != 0))):
                m.d.sync += [s.left.eq(s.left - 1), s.idle.eq(0)]
            with m.If(collected.valid & collected.ready):
                self.put(collected.payload)
                m.d.sync += [s.count.eq(s.count - 1), s.idle.eq(0)]
            with m.If((s.left == 0) & (s.count == 0)):
                m.next = "DRAIN"
            with m.Elif(s.idle == self._patience):
                self.fail(Status.STALLED)
