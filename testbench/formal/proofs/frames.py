"""Double buffers of frames: FrameRepeater and ZeroSkipper."""

from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Any

from amaranth.hdl import Array, Cat, Const, Module, Mux, Signal, Value

from dualspike.hw.layer.zero_skipper import ZeroSkipper
from dualspike.hw.stream.arithmetic import wire
from dualspike.hw.stream.buffers.frame_repeater import FrameRepeater
from dualspike.hw.stream.counters import counter_shape
from dualspike.testbench.formal.claims import Claims, Proof
from dualspike.testbench.formal.layers import layer
from dualspike.testbench.formal.streams import driven, stays_offered

FAMILY = "frames"


@dataclass(frozen=True)
class _Row:
    """What is taken in a clock: its bits, whether it is kept, whether a frame ends with it."""

    taken: Value
    bits: Value
    kept: Value
    ends: Value


class _Frames:
    """Frames that are inside, oldest first: up to three that are whole, and one that comes in.

    Each leaves row by row, ``times`` times, and then goes. ``place`` is that of the next row to
    leave, ``coming`` the rows there are of the frame that comes in.
    """

    def __init__(self, c: Claims, row: _Row, left: Value, depth: int, times: int) -> None:
        self.times, self.depth, bits = times, depth, len(row.bits)
        self.count = Signal(range(5), name="frames")
        self.coming = Signal(range(depth + 1), name="coming")
        self.place = Signal(counter_shape(depth), name="row_now")
        self.time = Signal(counter_shape(times), name="time_now")
        self.lengths = [Signal(range(depth + 2), name=f"length_{n}") for n in range(4)]
        self.rows = [
            [Signal(bits, name=f"frame_{n}_{i}", reset_less=True) for i in range(depth)]
            for n in range(4)
        ]
        self.ends_row = self.place + 1 == self.lengths[0]
        self.ends_frame = self.ends_row & (self.time == times - 1)
        goes = left & self.ends_frame
        with c.m.If(left):
            c.m.d.sync += self.place.eq(Mux(self.ends_row, 0, self.place + 1))
            with c.m.If(self.ends_row):
                c.m.d.sync += self.time.eq(Mux(self.ends_frame, 0, self.time + 1))
        with c.m.If(row.taken):
            c.m.d.sync += self.coming.eq(Mux(row.ends, 0, self.coming + row.kept))
        whole = row.taken & row.ends
        c.m.d.sync += self.count.eq(self.count + whole - goes)
        self._shift(c.m, row, goes, whole)

    def _shift(self, m: Module, row: _Row, goes: Value, whole: Value) -> None:
        """The frame that comes in has place ``count``; all move on when the oldest goes."""
        for n in range(4):
            for i, kept in enumerate(self.rows[n]):
                behind = self.rows[n + 1][i] if n < 3 else kept
                with m.If(goes):
                    m.d.sync += kept.eq(behind)
                here = row.taken & row.kept & (self.coming == i) & (self.count - goes == n)
                with m.If(here):
                    m.d.sync += kept.eq(row.bits)
            behind = self.lengths[n + 1] if n < 3 else Const(0)
            with m.If(goes):
                m.d.sync += self.lengths[n].eq(behind)
            with m.If(whole & (self.count - goes == n)):
                m.d.sync += self.lengths[n].eq(self.coming + row.kept)

    def row(self, frame: Value, i: int) -> Value:
        """Row ``i`` of a frame, from the oldest on."""
        return Array(rows[i] for rows in self.rows)[frame]

    def length_of(self, frame: Value) -> Value:
        """Its rows."""
        return Array(self.lengths)[frame]

    @property
    def length(self) -> Value:
        """Rows of the oldest."""
        return self.lengths[0]

    @property
    def now(self) -> Value:
        """The next row to leave."""
        return Array(self.rows[0])[self.place]


@dataclass(frozen=True)
class _Next:
    """A row of a frame, and how many times the frame was given before."""

    frame: Value
    place: Value
    time: Value


class _Banks:
    """Where a double buffer keeps them: a bank for each of two frames that are whole.

    ``held``: a row is on its way to the output for two clocks, else for one.
    """

    def __init__(
        self,
        c: Claims,
        unit: Any,
        inner: dict[str, Signal],
        frames: _Frames,
        *,
        held: bool = False,
    ) -> None:
        self._c, self._frames = c, frames
        self._inner = inner
        self._valid = unit.outputs.valid
        self._found: Value = inner["found"] if held else Const(0)
        # A frame whose last row is on its way has left its bank.
        now = _Next(Const(0), frames.place, frames.time)
        self._after = self._step(now, self._valid, "offered")
        self._ahead = self._step(self._after, self._found, "found") if held else self._after
        flying = wire(c.m, self._ahead.frame, "flying")
        self.waiting = wire(c.m, frames.count - flying, "waiting_frames")
        self.flying = flying
        self._in_bank, self._out_bank = inner["in_bank"], inner["out_bank"]

    def _step(self, row: _Next, on: Value, name: str) -> _Next:
        """The row after it, if ``on``."""
        m, frames = self._c.m, self._frames
        ends = row.place + 1 == frames.length_of(row.frame)
        last = ends & (row.time == frames.times - 1)
        place = Mux(on, Mux(ends, 0, row.place + 1), row.place)
        time = Mux(on & ends, Mux(last, 0, row.time + 1), row.time)
        found = (row.frame | (on & last), place[: len(row.place)], time[: len(row.time)])
        return _Next(*(wire(m, value, f"{name}_{n}") for n, value in enumerate(found)))

    def on_the_way(self) -> None:
        """A row that was read of a memory which is held is the one after that on offer."""
        frames, after = self._frames, self._after
        row = Array(self._frames.row(Const(n), i) for n in range(2) for i in range(frames.depth))
        at = after.frame * frames.depth + after.place
        self._c.always(
            "a row that was read is the next", ~self._found | (self._inner["data"] == row[at])
        )
        self._c.always("and of a whole frame", ~self._found | (after.frame < frames.count))

    def claims(self, taken: Value, ready: Value, ready_in: Value) -> None:
        """Banks and pointers are as the frames say."""
        c, frames, waiting = self._c, self._frames, self.waiting
        out_row, time = (self._inner.get(name, Const(0)) for name in ("out_row", "time"))
        full = Mux(waiting == 0, 0, Mux(waiting == 1, 1 << self._out_bank, 3))
        c.always("there are places for two frames", waiting <= 2)
        c.always("a bank is full while its frame waits", self._inner["full"] == full)
        c.always("frames come into the other bank", self._in_bank == self._out_bank ^ waiting[0])
        c.always("nothing comes in while both are full", (waiting != 2) | (frames.coming == 0))
        c.always("ready while a bank is free", ready_in == (waiting != 2))
        c.always("the row that is read is the next", out_row == self._ahead.place)
        c.always("repetitions are counted", time == self._ahead.time)
        c.always("no frame is given too often", frames.time < frames.times)
        c.always("rows end with their frame", ~frames.count.any() | (frames.place < frames.length))
        c.always(
            "nothing has left of what is not there",
            frames.count.any()
            | ((frames.place == 0) & (frames.time == 0) & ~self._valid & ~self._found),
        )
        late = Signal()
        c.m.d.sync += late.eq(frames.count.any() & ~self._valid)
        c.always(
            "a whole frame is offered in the second clock, or read if it is held",
            ~late | self._valid | self._found,
        )
        reads = (waiting != 0) & (~self._valid | ready)
        c.always(
            "no row that is offered was read as it was written",
            ~(taken & reads & (self._in_bank == self._out_bank)),
        )

    def hold(self, bits: int, depth: int) -> None:
        """Each row of each frame is in its bank."""
        c, frames, width = self._c, self._frames, counter_shape(depth - 1).width
        right: list[Value] = []
        for bank, i in product(range(2), range(depth)):
            word = self._inner[f"row_{bank << width | i}"]
            nth = self._out_bank ^ bank
            whole = word == frames.row(nth + self.flying, i)
            used = (nth < self.waiting) & (i < frames.length_of(nth + self.flying))
            comes = (self._in_bank == bank) & (i < frames.coming)
            right += [~used | whole, ~comes | (word == frames.row(frames.count, i))]
        c.always(f"rows of {bits} bits are in their places", Cat(right).all())


def repeater(c: Claims, bits: int, depth: int, times: int, *, held: bool = False) -> None:
    """Every frame as often as wanted, row by row."""
    unit = FrameRepeater(bits, depth, times, held=held)
    inner = c.opened(unit)
    given, ready = driven(c, unit)
    taken = given.valid & unit.inputs.ready
    coming = inner.get("in_row", Const(0))
    row = _Row(taken, given.payload, Const(1), coming == depth - 1)
    frames = _Frames(c, row, unit.outputs.valid & ready, depth, times)
    wrong = [(frames.count > n) & (one != depth) for n, one in enumerate(frames.lengths)]
    c.always("frames are whole", ~Cat(wrong).any())
    c.always("rows are counted", (coming == frames.coming) & (coming < depth))
    c.always(
        "a row is that of its frame", ~unit.outputs.valid | (unit.outputs.payload == frames.now)
    )
    banks = _Banks(c, unit, inner, frames, held=held)
    banks.claims(taken, ready, unit.inputs.ready)
    banks.hold(bits, depth)
    if held:
        banks.on_the_way()
    stays_offered(c, unit.outputs, ready)


def skipper(c: Claims, chunks: int, groups: int, lanes: int) -> None:
    """Chunks that add something, and at least one of a frame; with its number and the end."""
    one = layer(chunks, groups, tangent_in_bits=2 if lanes else 0)
    unit = ZeroSkipper(one, lanes)
    inner = c.opened(unit)
    given, ready = driven(c, unit)
    learn = c.anything(1, "learn")
    c.m.d.comb += unit.learn.eq(learn)
    taken = given.valid & unit.inputs.ready
    chunk, kept_before = Signal(counter_shape(chunks - 1), name="number"), Signal(name="kept")
    ends = chunk == chunks - 1
    value, tangents = given.payload[:1], given.payload[1:]
    adds = value.any() | (tangents.any() & learn)
    keeps = adds | (ends & ~kept_before)
    with c.m.If(taken):
        c.m.d.sync += [
            chunk.eq(Mux(ends, 0, chunk + 1)),
            kept_before.eq(~ends & (kept_before | keeps)),
        ]
    row = _Row(taken, Cat(given.payload, chunk), keeps, ends)
    frames = _Frames(c, row, unit.outputs.valid & ready, chunks, groups)
    out = unit.outputs.payload
    told = Cat(out.chunk, out.index)
    c.always("silent chunks are dropped, and no others", unit.dropped == (taken & ~keeps))
    c.always("a chunk is that of its frame", ~unit.outputs.valid | (told == frames.now))
    c.always("the last one is told", ~unit.outputs.valid | (out.last == frames.ends_row))
    c.always("chunks are counted", inner.get("chunk", Const(0)) == chunk)
    c.always("kept ones are counted", inner["in_row"] == frames.coming)
    c.always("some are kept if one was", kept_before == (frames.coming != 0))
    c.always("no more are kept than came", (frames.coming <= chunk) & (chunk < chunks))
    wrong = [
        (frames.count > n) & ((length == 0) | (length > chunks))
        for n, length in enumerate(frames.lengths)
    ]
    c.always("a frame has a chunk, and no more than came", ~Cat(wrong).any())
    banks = _Banks(c, unit, inner, frames)
    banks.claims(taken, ready, unit.inputs.ready)
    banks.hold(len(told), chunks)
    for bank in range(2):
        nth = inner["out_bank"] ^ bank
        last = inner["end"].word_select(bank, len(inner["end"]) // 2)
        c.always(
            f"bank {bank} ends with its frame",
            (nth >= banks.waiting) | (last + 1 == frames.length_of(nth + banks.flying)),
        )
    stays_offered(c, unit.outputs, ready)


PROOFS = [
    *(
        Proof(
            f"frame_repeater_{bits}_{depth}_{times}",
            FAMILY,
            partial(repeater, bits=bits, depth=depth, times=times),
            3,
        )
        for bits, depth, times in ((1, 1, 1), (8, 1, 3), (2, 2, 1), (3, 3, 2), (1, 5, 4))
    ),
    *(
        Proof(
            f"frame_repeater_held_{bits}_{depth}_{times}",
            FAMILY,
            partial(repeater, bits=bits, depth=depth, times=times, held=True),
            3,
        )
        for bits, depth, times in ((8, 1, 3), (2, 2, 1), (3, 3, 2))
    ),
    *(
        Proof(
            f"zero_skipper_{chunks}_{groups}_{lanes}",
            FAMILY,
            partial(skipper, chunks=chunks, groups=groups, lanes=lanes),
            3,
        )
        for chunks, groups, lanes in ((2, 2, 1), (3, 2, 0), (4, 3, 2), (5, 2, 1))
    ),
]
