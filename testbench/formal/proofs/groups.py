"""Between groups of neurons and rows of them: Serializer and Gatherer."""

from dataclasses import replace
from functools import partial

from amaranth.hdl import Cat, Const, Mux, Signal, Value, signed

from dualspike.hw.stream.arithmetic import wire
from dualspike.hw.stream.counters import counter_shape
from dualspike.hw.stream.gatherer import Gatherer
from dualspike.hw.stream.serializer import Serializer
from dualspike.model.sizes.layers import Layer
from dualspike.testbench.formal.claims import Claims, Proof
from dualspike.testbench.formal.layers import layer
from dualspike.testbench.formal.streams import driven, stays_offered

FAMILY = "groups"


def _group(c: Claims, one: Layer, moves: Value) -> tuple[Signal, Value]:
    """The group of a frame that comes next, and its rows."""
    group = Signal(counter_shape(one.groups), name="group_now")
    last = group == one.groups - 1
    with c.m.If(moves):
        c.m.d.sync += group.eq(Mux(last, 0, group + 1))
    return group, Mux(last, one.last_group_rows, one.group_rows)


def serializer(c: Claims, one: Layer, lanes: int, *, shared: bool) -> None:
    """Each neuron of a group once, in order, and nothing of what only fills a group up."""
    unit = Serializer(one, lanes, shared=shared)
    inner = c.opened(unit)
    given, ready = driven(c, unit)
    ahead, promised = c.anything(1, "ready_ahead"), Signal(init=1)
    begun = Signal()
    c.m.d.comb += unit.ready_ahead.eq(ahead)
    c.m.d.sync += [promised.eq(ahead), begun.eq(1)]
    c.given(~begun | (ready == promised))
    # Copies of registers have no reset: nothing comes right after one.
    c.given(begun | ~given.valid)
    c.always("a promise is kept", ~begun | (ready == promised))
    taken = given.valid & unit.inputs.ready
    group, rows = _group(c, one, taken)
    left = Signal(range(one.group_rows + 1), name="rows_left")
    held = Signal(len(given.payload), name="group_held", reset_less=True)
    row = Signal(range(one.group_rows + 1), name="row_now")
    leaves = unit.outputs.valid & ready
    with c.m.If(taken):
        c.m.d.sync += [left.eq(rows), row.eq(0), held.eq(given.payload)]
    with c.m.Elif(leaves):
        c.m.d.sync += [left.eq(left - 1), row.eq(row + 1)]
    out, view = unit.outputs.payload, unit.inputs.payload.shape()(held)
    c.always("a row is offered while any is left", unit.outputs.valid == (left != 0))
    c.always("a group comes in when all rows go", unit.inputs.ready == (ready & (left <= 1)))
    c.always("groups are counted", inner.get("group", Const(0)) == group)
    c.always("groups end", (group < one.groups) & (left + row <= one.group_rows))
    c.always("the last row is known", inner["last"] == (left <= 1))
    c.always("rows behind are counted", (left <= 1) | (inner["left"] == left - 1))
    for name, _ in unit.inputs.payload.shape():
        if name == "sign" and shared:
            alike = Cat(out.sign[0]) == Cat(view.sign[0])
            c.always("all neurons have the group's sign", (left == 0) | alike)
            continue
        shown = Cat(Cat(out[name][slot]) for slot in range(one.next_simd))
        neurons = Cat(Cat(view[name][n]) for n in range(one.pe))
        behind = neurons >> (row * len(shown))
        c.always(
            f"a row is the next of the group: {name}", (left == 0) | (shown == behind[: len(shown)])
        )
        kept = Cat(inner[f"held_{name}_{n}"] for n in range(one.pe))
        c.always(f"what is left moves up: {name}", (left == 0) | (kept == behind))
    copies = [signal for name, signal in inner.items() if name.startswith("register")]
    first, second = copies[: len(copies) // 2], copies[len(copies) // 2 :]
    alike = [one == inner["last"] for one in first] + [one == promised for one in second]
    c.always("copies of registers are equal to them", ~begun | Cat(alike).all())
    stays_offered(c, unit.outputs, ready)


def gatherer(c: Claims, one: Layer) -> None:
    """Rows become groups: each neuron that exists in its place, none before all are there."""
    unit = Gatherer(one, signed(2))
    inner = c.opened(unit)
    given, ready = driven(c, unit)
    taken = given.valid & unit.inputs.ready
    count, full = Signal(range(one.group_rows + 1), name="rows_now"), Signal(name="group_whole")
    places = [Signal(2, name=f"place_{n}", reset_less=True) for n in range(one.pe)]
    leaves = unit.outputs.valid & ready
    ends = wire(c.m, taken & (count + 1 == (rows := Signal(range(one.group_rows + 1)))), "ends")
    group, wanted = _group(c, one, ends)
    c.m.d.comb += rows.eq(wanted)
    c.m.d.sync += full.eq(Mux(taken, ends, full & ~leaves))
    with c.m.If(taken):
        c.m.d.sync += count.eq(Mux(ends, 0, count + 1))
        for n, place in enumerate(places):
            row, slot = divmod(n, one.next_simd)
            with c.m.If(count == row):
                c.m.d.sync += place.eq(given.payload.word_select(slot, 2))
    c.always("a group is offered when all of it is there", unit.outputs.valid == full)
    c.always("ready unless a group waits", unit.inputs.ready == (~full | ready))
    c.always("rows are counted", inner.get("row", Const(0)) == count)
    c.always("groups are counted", inner.get("group", Const(0)) == group)
    c.always("groups end", (group < one.groups) & (count < rows))
    c.always("a group is whole with none of the next", ~full | (count == 0))
    wrong = [Cat(unit.outputs.payload[n]) != place for n, place in enumerate(places)]
    c.always("each neuron is in its place", ~Cat(wrong).any())
    stays_offered(c, unit.outputs, ready)


FOLDED = {
    "one": layer(n_out=1),
    "even": layer(n_out=8, pe=4, next_simd=2),
    "odd": layer(n_out=7, pe=3, next_simd=2),
    "wider": layer(n_out=5, pe=2, next_simd=3),
    "single": layer(n_out=3, pe=1, next_simd=1),
    "whole": layer(n_out=6, pe=6, next_simd=1),
}
"""Foldings: even, with a last group or a last row that is not whole, of one row or one group."""

PROOFS = [
    *(
        Proof(
            f"serializer_{name}_{lanes}_{'shared' if shared else 'own'}",
            FAMILY,
            partial(serializer, one=one, lanes=lanes, shared=shared),
            3,
        )
        for name, one in FOLDED.items()
        for lanes, shared in ((0, False), (1, True), (2, False))
    ),
    Proof(
        "serializer_copies",
        FAMILY,
        partial(serializer, one=replace(FOLDED["even"], spread=True), lanes=8, shared=True),
        3,
    ),
    *(
        Proof(f"gatherer_{name}", FAMILY, partial(gatherer, one=one), 3)
        for name, one in FOLDED.items()
    ),
]
