"""A serial line: 8 bits, no parity, one stop bit, at any rate up to a quarter of the clock."""

from fractions import Fraction

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out

from dualspike.model.ceil_div import ceil_div
from dualspike.model.errors import BadInput

LEAST_CLOCKS = 4
"""Clocks of a bit, at least."""
_FINEST = 4096
_TOLERANCE = Fraction(2, 100)


def bits_per_clock(clock_hz: int, baud: int) -> Fraction:
    """Bits a clock, as a fraction p / q that an accumulator of q's width counts exactly.

    q is at most 4096. BadInput where a bit has fewer than 4 clocks, or where the fraction is more
    than 2 % off.
    """
    if baud < 1 or clock_hz < LEAST_CLOCKS * baud:
        highest = clock_hz // LEAST_CLOCKS
        raise BadInput(f"baud must be in [1, {highest}] at a clock of {clock_hz} Hz, not {baud}")
    wanted = Fraction(baud, clock_hz)
    rate = wanted.limit_denominator(_FINEST)
    if abs(rate - wanted) > _TOLERANCE * wanted:
        lowest = ceil_div(clock_hz, _FINEST)
        raise BadInput(f"baud must be at least {lowest} at a clock of {clock_hz} Hz, not {baud}")
    return rate


class _Pace:
    """Ticks once a bit: ``phase`` grows by p each clock and loses q with each tick.

    ``tick``, which is 1 while the phase is at least q - p, is a register, as much waits for it.
    """

    def __init__(self, rate: Fraction) -> None:
        self._p, self._q = rate.numerator, rate.denominator
        self.phase = Signal(range(self._q))
        self.tick = Signal()
        self._half = self._q // 2

    def hold(self, m: Module, *, half: bool = False) -> None:
        """Begin a bit, or one that is half over, with the next clock."""
        m.d.sync += [self.phase.eq(self._half if half else 0), self.tick.eq(0)]

    def count(self, m: Module) -> None:
        """Count this clock. As p is no more than q / 4, no tick comes right after another."""
        m.d.sync += [
            self.phase.eq(self.phase + Mux(self.tick, self._p - self._q, self._p)),
            self.tick.eq(~self.tick & (self.phase >= self._q - 2 * self._p)),
        ]


class UartReceiver(wiring.Component):
    """Line ``rx`` to bytes: ``received`` pulses with ``byte``, ``broken`` for a missing stop bit.

    Each bit is looked at between the middle and a clock after it. After a missing stop bit, as
    in a break, the line must be high once before the next byte begins.
    """

    rx: In(1)
    byte: Out(8)
    received: Out(1)
    broken: Out(1)

    def __init__(self, rate: Fraction) -> None:
        self._rate = rate
        super().__init__()

    def elaborate(self, platform: object) -> Module:
        m = Module()
        line = Signal(init=1)
        m.submodules.synchronizer = FFSynchronizer(self.rx, line, init=1)
        pace = _Pace(self._rate)
        left = Signal(range(8))
        m.d.sync += [self.received.eq(0), self.broken.eq(0)]
        with m.FSM():
            with m.State("IDLE"):
                pace.hold(m, half=True)
                with m.If(~line):
                    m.next = "START"
            with m.State("START"):
                pace.count(m)
                m.d.sync += left.eq(7)
                with m.If(pace.tick):
                    m.next = "DATA"
                    with m.If(line):
                        m.next = "IDLE"
            with m.State("DATA"):
                pace.count(m)
                with m.If(pace.tick):
                    m.d.sync += [self.byte.eq(Cat(self.byte[1:], line)), left.eq(left - 1)]
                    with m.If(left == 0):
                        m.next = "STOP"
            with m.State("STOP"):
                pace.count(m)
                with m.If(pace.tick):
                    m.d.sync += [self.received.eq(line), self.broken.eq(~line)]
                    m.next = "BROKEN"
                    with m.If(line):
                        m.next = "IDLE"
            with m.State("BROKEN"):
                with m.If(line):
                    m.next = "IDLE"
        return m


class UartTransmitter(wiring.Component):
    """Bytes to line ``tx``, one after the other without a gap."""

    bytes: In(stream.Signature(8))
    tx: Out(1)

    def __init__(self, rate: Fraction) -> None:
        self._rate = rate
        super().__init__()

    def elaborate(self, platform: object) -> Module:
        m = Module()
        pace = _Pace(self._rate)
        bits = Signal(10, init=0x3FF)
        left = Signal(range(11))
        m.d.comb += [
            self.tx.eq(bits[0]),
            self.bytes.ready.eq((left == 0) | (pace.tick & (left == 1))),
        ]
        with m.If(left == 0):
            pace.hold(m)
        with m.Else():
            pace.count(m)
            with m.If(pace.tick):
                m.d.sync += [bits.eq(Cat(bits[1:], Const(1, 1))), left.eq(left - 1)]
        with m.If(self.bytes.valid & self.bytes.ready):
            m.d.sync += [bits.eq(Cat(Const(0, 1), self.bytes.payload, Const(1, 1))), left.eq(10)]
        return m
