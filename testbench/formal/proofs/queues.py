"""Queues between components: SkidBuffer, RowBuffer, CreditBuffer."""

from functools import partial
from itertools import product

from amaranth.hdl import Cat, Const, Mux, Signal, Value

from dualspike.hw.stream.buffers.credit_buffer import CreditBuffer
from dualspike.hw.stream.buffers.row_buffer import RowBuffer
from dualspike.hw.stream.buffers.skid_buffer import SkidBuffer
from dualspike.testbench.formal.claims import Claims, Proof
from dualspike.testbench.formal.streams import Inside, in_skid_buffer, stays_offered

FAMILY = "queues"


def skid_buffer(c: Claims, bits: int) -> None:
    """A queue of two places."""
    queue = SkidBuffer(bits)
    inner = c.opened(queue)
    inside = _between(c, queue, 2, bits)
    in_skid_buffer(c, inner, inside)


def row_buffer(c: Claims, bits: int, places: int) -> None:
    """A queue of ``places``: one before the output, the others in a memory."""
    queue = RowBuffer(bits, places)
    inner = c.opened(queue)
    inside = _between(c, queue, places, bits)
    _in_row_buffer(c, inner, inside, places)
    ahead = Signal()
    c.m.d.sync += ahead.eq(queue.ready_ahead)
    fresh = Signal(init=1)
    c.m.d.sync += fresh.eq(0)
    c.always("ready_ahead is ready of the next clock", fresh | (ahead == queue.inputs.ready))


def credit_buffer(c: Claims, bits: int, places: int, clocks: int) -> None:
    """A pipeline of so many clocks without enables, and the queue behind it."""
    queue = CreditBuffer(bits, places)
    inner = c.opened(queue)
    taken, ready = c.anything(1, "taken"), c.anything(1, "ready")
    payload = c.anything(bits, "payload")
    c.given(~taken | queue.room)
    under_way = [Signal(name=f"under_way_{n}") for n in range(clocks)]
    values = [Signal(bits, name=f"value_{n}") for n in range(clocks)]
    for n in range(clocks):
        c.m.d.sync += [
            under_way[n].eq(under_way[n - 1] if n else taken),
            values[n].eq(values[n - 1] if n else payload),
        ]
    c.m.d.comb += [
        queue.taken.eq(taken),
        queue.inputs.valid.eq(under_way[-1]),
        queue.inputs.payload.eq(values[-1]),
        queue.outputs.ready.eq(ready),
    ]
    leaves = queue.outputs.valid & ready
    inside = Inside(c, queue.inputs.valid, queue.inputs.payload, leaves, places)
    c.always("what comes out of the pipeline has a place", ~under_way[-1] | queue.inputs.ready)
    c.always("room while one is free", queue.room == (inner["inside"] != places))
    c.always(
        "counted is what is in the pipeline and in the queue",
        inner["inside"] == inside.count + sum(under_way),
    )
    c.always("no more than there are places", inner["inside"] <= places)
    _offers(c, queue, inside, ready)
    _in_row_buffer(c, inner, inside, places)


def _between(c: Claims, queue: SkidBuffer | RowBuffer, places: int, bits: int) -> Inside:
    """Any stream in, ready at any time behind."""
    valid, ready = c.anything(1, "valid"), c.anything(1, "ready")
    payload = c.anything(bits, "payload")
    c.m.d.comb += [
        queue.inputs.valid.eq(valid),
        queue.inputs.payload.eq(payload),
        queue.outputs.ready.eq(ready),
    ]
    taken = valid & queue.inputs.ready
    inside = Inside(c, taken, payload, queue.outputs.valid & ready, places)
    c.always("ready while a place is free", queue.inputs.ready == (inside.count < places))
    _offers(c, queue, inside, ready)
    return inside


def _offers(
    c: Claims, queue: SkidBuffer | RowBuffer | CreditBuffer, inside: Inside, ready: Signal
) -> None:
    c.always(
        "something is offered while anything is inside", queue.outputs.valid == (inside.count != 0)
    )
    c.always(
        "the oldest is offered", ~queue.outputs.valid | (queue.outputs.payload == inside.first)
    )
    stays_offered(c, queue.outputs, ready)


def _in_row_buffer(c: Claims, inner: dict[str, Signal], inside: Inside, places: int) -> None:
    """Where a `RowBuffer` keeps what is inside, unless its one place is on offer."""
    spare = places - 1
    if not spare:
        return
    count = inner["count"]
    write, read = (inner.get(name, Const(0)) for name in ("place", "place_1"))
    c.always("places are within the memory", (write < spare) & (read < spare))
    c.always("all but the one offered are counted", count == Mux(inside.count, inside.count - 1, 0))
    c.always("waiting is a count that is not 0", inner["waiting"] == (count != 0))
    c.always("the next is written behind the last", write == _wrapped(read + count, spare))
    right = [
        (count <= n) | (_wrapped(read + n, spare) != at) | (inner[f"row_{at}"] == inside[n + 1])
        for n, at in product(range(spare), repeat=2)
    ]
    c.always("each that waits is in its place", Cat(right).all())


def _wrapped(place: Value, places: int) -> Value:
    return Mux(place >= places, place - places, place)


PROOFS = [
    *(
        Proof(f"skid_buffer_{bits}", FAMILY, partial(skid_buffer, bits=bits), 3)
        for bits in (1, 8, 33)
    ),
    *(
        Proof(
            f"row_buffer_{bits}_{places}",
            FAMILY,
            partial(row_buffer, bits=bits, places=places),
            3,
        )
        for bits, places in ((6, 1), (1, 2), (8, 3), (5, 4), (3, 6), (20, 9))
    ),
    *(
        Proof(
            f"credit_buffer_{bits}_{places}_{clocks}",
            FAMILY,
            partial(credit_buffer, bits=bits, places=places, clocks=clocks),
            3,
        )
        for bits, places, clocks in ((5, 1, 3), (4, 2, 1), (4, 4, 2), (6, 5, 3), (3, 9, 7))
    ),
]
