"""The host link's line: a receiver that always comes back, frames that come out as they went in."""

from fractions import Fraction
from functools import partial

from amaranth.hdl import Cat, Mux, Signal, Value

from dualspike.boards.gateware.link.protocol import END, ESC, ESC_END, ESC_ESC
from dualspike.boards.gateware.link.slip import SlipDecoder, SlipEncoder
from dualspike.boards.gateware.link.uart import UartReceiver
from dualspike.testbench.formal.claims import Claims, Proof
from dualspike.testbench.formal.machine import Machine
from dualspike.testbench.formal.streams import stays_offered

FAMILY = "host link"


def _paced(c: Claims, inner: dict[str, Signal], rate: Fraction) -> Value:
    """Clocks, at most, to the tick that ends a bit."""
    p, q = rate.numerator, rate.denominator
    phase, tick = inner["phase"], inner["tick"]
    c.always("a bit ends when the phase is over", (tick == (phase >= q - p)) & (phase < q))
    return Mux(tick, 0, q + p - phase)


def receiver(c: Claims, rate: Fraction) -> None:
    """Whatever is on the line."""
    unit = UartReceiver(rate)
    inner = c.opened(unit)
    line = c.anything(1, "rx")
    c.m.d.comb += unit.rx.eq(line)
    machine = Machine(c, inner["fsm_state"])
    at = machine.at
    machine.goes(
        {
            "IDLE": "START",
            "START": "DATA, IDLE",
            "DATA": "STOP",
            "STOP": "IDLE, BROKEN",
            "BROKEN": "IDLE",
        }
    )
    bit = 2 * (rate.numerator + rate.denominator)
    to_tick = _paced(c, inner, rate)
    ranks = {
        "START": 10 * bit + to_tick,
        "DATA": (inner["left"] + 2) * bit + to_tick,
        "STOP": bit + to_tick,
        "BROKEN": 0,
    }
    machine.comes_home(at("IDLE"), at("BROKEN"), ranks)
    over = Signal(name="stop_is_over")
    c.m.d.sync += over.eq(at("STOP") & inner["tick"])
    told = (unit.received | unit.broken) == over
    c.always("a byte is received or broken when its stop bit is over", told)
    c.always("never both", ~(unit.received & unit.broken))
    c.always("after a broken one the line must be high first", ~unit.broken | at("BROKEN"))


def receiver_visits(c: Claims, rate: Fraction) -> None:
    """A byte, and one whose stop bit is missing."""
    unit = UartReceiver(rate)
    inner = c.opened(unit)
    c.m.d.comb += unit.rx.eq(c.anything(1, "rx"))
    Machine(c, inner["fsm_state"]).visits_all()


def slip(c: Claims) -> None:
    """Octets through encoder and decoder: the same come out, in the same frames."""
    encoder, decoder = SlipEncoder(), SlipDecoder()
    inner, back = c.opened(encoder), c.opened(decoder)
    octet, last = c.anything(8, "octet"), c.anything(1, "last")
    valid, ready = c.anything(1, "valid"), c.anything(1, "ready")
    octets, sent = encoder.octets, encoder.bytes
    moves, taken = sent.valid & ready, valid & octets.ready
    c.m.d.comb += [
        octets.payload.octet.eq(octet),
        octets.payload.last.eq(last),
        octets.valid.eq(valid),
        sent.ready.eq(ready),
        decoder.byte.eq(sent.payload),
        decoder.received.eq(moves),
    ]
    waited, before = Signal(), Signal(9)
    c.m.d.sync += [waited.eq(valid & ~taken), before.eq(Cat(octet, last))]
    c.given(~waited | (valid & (before == Cat(octet, last))))
    machine = Machine(c, inner["fsm_state"])
    at = machine.at
    machine.goes(
        {"OPEN": "OCTET", "OCTET": "ESCAPED, CLOSE", "ESCAPED": "OCTET, CLOSE", "CLOSE": "OPEN"}
    )
    c.always("an octet comes out when it goes in", decoder.valid == taken)
    c.always("it is the same", ~taken | (decoder.octet == octet))
    c.always("frames begin and end with END alone", decoder.ended == (moves & at("OPEN", "CLOSE")))
    c.always("after the last octet a frame ends", ~decoder.ended | at("OPEN") | at("CLOSE"))
    c.always("escapes are known", back["escaped"] == at("ESCAPED"))
    c.always("nothing that was encoded is spoilt", ~back["spoilt"])
    special = (octet == END) | (octet == ESC)
    c.always("what is escaped waits for it", ~at("ESCAPED") | (valid & special))
    stays_offered(c, sent, ready)


def decoder(c: Claims) -> None:
    """Any bytes at all: what cannot be right is spoilt to the end of the frame, and no further."""
    unit = SlipDecoder()
    c.opened(unit)
    byte, received = c.anything(8, "byte"), c.anything(1, "received")
    broken = c.anything(1, "broken")
    c.given(~(received & broken))
    c.m.d.comb += [unit.byte.eq(byte), unit.received.eq(received), unit.broken.eq(broken)]
    escaped, wrong, fresh = Signal(name="after_esc"), Signal(name="wrong"), Signal(init=1)
    ends, esc = received & (byte == END), received & (byte == ESC)
    c.m.d.sync += fresh.eq(Mux(received | broken, ends, fresh))
    with c.m.If(received):
        unknown = escaped & (byte != ESC_END) & (byte != ESC_ESC)
        c.m.d.sync += [escaped.eq(esc & ~escaped), wrong.eq(wrong | unknown)]
        with c.m.If(ends):
            c.m.d.sync += [escaped.eq(0), wrong.eq(0)]
    with c.m.If(broken):
        c.m.d.sync += wrong.eq(1)
    same = unit.spoilt == (wrong | escaped)
    c.always("spoilt while a byte was wrong or half an escape is there", same)
    c.always("a frame begins anew after every END", ~fresh | ~unit.spoilt)
    c.always("no octet and an end at once", ~(unit.valid & unit.ended))
    c.always("each END ends a frame", unit.ended == ends)
    c.always("no octet without a byte", ~unit.valid | received)


RATES = (Fraction(1, 4), Fraction(3, 16), Fraction(2, 25))

PROOFS = [
    *(
        Proof(
            f"uart_receiver_{rate.numerator}_{rate.denominator}",
            FAMILY,
            partial(receiver, rate=rate),
            3,
        )
        for rate in RATES
    ),
    Proof("uart_visits", FAMILY, partial(receiver_visits, rate=RATES[0]), reaches=48, slow=True),
    Proof("slip", FAMILY, slip, 3),
    Proof("slip_decoder", FAMILY, decoder, 3),
]
