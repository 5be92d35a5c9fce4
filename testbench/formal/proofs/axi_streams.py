"""AXI4-Stream (Arm IHI 0051) around a core: nothing lost or changed, offers stay, packets end."""

from functools import partial

from amaranth.hdl import Cat, Mux, Shape, ShapeLike, Signal, Value, signed, unsigned

from dualspike.hw.soc.axi_stream import FromAxiStream, ToAxiStream
from dualspike.hw.stream.layouts import ArrayLayout
from dualspike.testbench.formal.claims import Claims, Proof
from dualspike.testbench.formal.streams import Inside, in_skid_buffer, stays, stays_offered

FAMILY = "AXI4-Stream"


def receiver(c: Claims, number: Shape, count: int, place: int) -> None:
    """TDATA to a payload: the lowest bits of every place, whatever is above."""
    unit = FromAxiStream(_payload(number, count))
    inner = c.opened(unit)
    axis, out = unit.axis, unit.outputs
    data, valid = c.anything(place * count, "tdata"), c.anything(1, "tvalid")
    ready = c.anything(1, "ready")
    c.m.d.comb += [axis.tdata.eq(data), axis.tvalid.eq(valid), out.ready.eq(ready)]
    meant = Cat(data[n * place : n * place + number.width] for n in range(count))
    inside = Inside(c, valid & axis.tready, meant, out.valid & ready, 2)
    in_skid_buffer(c, inner, inside)
    c.always("TREADY while a place is free", axis.tready == (inside.count < 2))
    c.always("a payload is offered while one is inside", out.valid == (inside.count != 0))
    c.always(
        "it is the oldest", ~out.valid | (Value.cast(out.payload).as_unsigned() == inside.first)
    )
    stays_offered(c, out, ready)


def transmitter(c: Claims, number: Shape, count: int, place: int, row: int) -> None:
    """A payload to TDATA, each number extended by its sign, and TLAST once a packet.

    Lengths of packets are set to anything, at any time.
    """
    unit = ToAxiStream(_payload(number, count), row)
    inner = c.opened(unit)
    axis, into = unit.axis, unit.inputs
    data, valid = c.anything(number.width * count, "payload"), c.anything(1, "valid")
    ready = c.anything(1, "tready")
    set_packet, length = c.anything(1, "set_packet"), c.anything(len(unit.packet), "length")
    c.m.d.comb += [
        Value.cast(into.payload).eq(data),
        into.valid.eq(valid),
        axis.tready.eq(ready),
        unit.set_packet.eq(set_packet),
        unit.packet_data.eq(length),
    ]
    moves, enters = axis.tvalid & ready, valid & into.ready
    packet = Signal.like(length, name="packet_now", init=row)
    place_now = Signal.like(length, name="place_now")
    last = place_now + 1 == Mux(packet == 0, 1 << len(packet), packet)
    with c.m.If(set_packet):
        c.m.d.sync += [packet.eq(length), place_now.eq(0)]
    with c.m.Elif(enters):
        c.m.d.sync += place_now.eq(Mux(last, 0, place_now + 1))
    inside = Inside(c, enters, Cat(data, last), moves, 2)
    in_skid_buffer(c, inner, inside)
    c.always("ready while a place is free", into.ready == (inside.count < 2))
    c.always("TVALID while a payload is inside", axis.tvalid == (inside.count != 0))
    for n in range(count):
        word = inside.first[n * number.width : (n + 1) * number.width]
        shown = axis.tdata[n * place : (n + 1) * place]
        same = shown.as_signed() == word.as_signed() if number.signed else shown == word
        c.always(f"number {n} of the oldest is in its place", ~axis.tvalid | same)
    c.always("the length is the one that was last set", unit.packet == packet)
    rest = (packet - 1 - place_now)[: len(packet)]
    c.always("what is left of a packet is counted", inner["left"] == rest)
    c.always("no packet is longer than its length", (packet == 0) | (place_now < packet))
    c.always(
        "TLAST with the last of its packet alone", ~axis.tvalid | (axis.tlast == inside.first[-1])
    )
    stays(c, "TDATA and TLAST", axis.tvalid, ready, axis.tdata, axis.tlast)


def _payload(number: Shape, count: int) -> ShapeLike:
    return number if count == 1 else ArrayLayout(number, count)


KINDS = [
    (signed(1), 1, 8),
    (signed(9), 1, 16),
    (unsigned(8), 1, 8),
    (signed(5), 3, 8),
    (signed(17), 2, 32),
    (signed(33), 1, 64),
]
"""Numbers, how many of them, and the bits of a place."""

PROOFS = [
    *(
        Proof(f"{unit}_{'s' if number.signed else 'u'}{number.width}_{count}", FAMILY, state, 3)
        for number, count, place in KINDS
        for unit, state in (
            ("receiver", partial(receiver, number=number, count=count, place=place)),
            (
                "transmitter",
                partial(transmitter, number=number, count=count, place=place, row=count + 2),
            ),
        )
    ),
    Proof(
        "transmitter_single",
        FAMILY,
        partial(transmitter, number=signed(4), count=1, place=8, row=1),
        3,
    ),
]
