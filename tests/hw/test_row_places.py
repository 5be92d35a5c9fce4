"""Rows of a layer wait in as few places as it has without a clock lost: every small folding."""

import random
from dataclasses import asdict, replace
from itertools import product
from typing import Any

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect

from dualspike.hw.layer.macs.admission import Admission
from dualspike.hw.stream.buffers.credit_buffer import CreditBuffer
from dualspike.hw.stream.buffers.row_buffer import RowBuffer
from dualspike.hw.stream.counters import count_on, counter_shape
from dualspike.hw.stream.serializer import Serializer
from dualspike.model.sizes.layers import Layer
from dualspike.testbench.formal.layers import layer
from tests.hw.simulated import simulate

AMPLE = 40
"""Places of which none is ever missed."""
CLOCKS = 50


def sized(one: Layer, row_places: int, result_places: int) -> Layer:
    """A layer with other places than its own."""
    places = {"row_places": row_places, "result_places": result_places}
    return type("Sized", (Layer,), places)(**asdict(one))


LAYERS = [
    replace(layer(chunks, 2 * rows + short, pe=rows), requantize=requantize)
    for requantize, most in ((2, 3), (3, 1))
    for rows, chunks in product(range(1, most + 1), range(1, 8))
    for short in ((0,) if rows == 1 else (0, 1))
]
"""Two groups of so many rows, or three of which the last has one; of so many chunks each."""


class Way(wiring.Component):
    """The way of a layer's groups to its results: multipliers and requantizer as delays alone.

    While it ``goes`` a chunk comes, and while it is ``ready`` a row leaves. ``ended`` and ``left``
    pulse with a group's last chunk and with a row's leaving; ``lost`` if a group finds another.
    """

    def __init__(self, layer: Layer) -> None:
        self._layer = layer
        super().__init__(
            {"goes": In(1), "ready": In(1), "ended": Out(1), "left": Out(1), "lost": Out(1)}
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        one = self._layer
        m.submodules.admission = admission = Admission(one)
        m.submodules.serializer = serializer = Serializer(one, 0, shared=False)
        bits = serializer.outputs.payload.shape()
        m.submodules.rows = rows = RowBuffer(bits, one.row_places)
        m.submodules.results = results = CreditBuffer(1, one.result_places)
        connect(m, serializer.outputs, rows.inputs)
        chunk = Signal(counter_shape(one.chunks - 1))
        last = chunk == one.chunks - 1
        coming, counted = Signal(2 + one.fetch + one.multiply), Signal(one.requantize)
        taken, moved = Signal(), Signal()
        m.d.comb += [
            taken.eq(self.goes & (admission.admits | ~last)),
            self.ended.eq(taken & last),
            serializer.inputs.valid.eq(coming[-1]),
            serializer.ready_ahead.eq(rows.ready_ahead),
            self.lost.eq(coming[-1] & ~serializer.inputs.ready),
            rows.outputs.ready.eq(results.room),
            moved.eq(rows.outputs.valid & results.room),
            results.taken.eq(moved),
            results.inputs.valid.eq(counted[-1]),
            results.outputs.ready.eq(self.ready),
            self.left.eq(results.outputs.valid & self.ready),
            admission.ended.eq(self.ended),
            admission.leaves.eq(moved),
        ]
        m.d.sync += [coming.eq(coming << 1 | self.ended), counted.eq(counted << 1 | moved)]
        with m.If(taken):
            count_on(m, chunk, one.chunks - 1, last)
        return m


class Ways(wiring.Component):
    """Several of them side by side, all stalled alike; what each says, as a bit of a word."""

    def __init__(self, layers: list[Layer]) -> None:
        self._layers = layers
        bits = len(layers)
        super().__init__(
            {"goes": In(1), "ready": In(1)}
            | {what: Out(bits) for what in ("ended", "left", "lost")}
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        ways = [Way(one) for one in self._layers]
        m.submodules += ways
        for way in ways:
            m.d.comb += [way.goes.eq(self.goes), way.ready.eq(self.ready)]
        for what in ("ended", "left", "lost"):
            m.d.comb += getattr(self, what).eq(Cat(getattr(way, what) for way in ways))
        return m


def run(layers: list[Layer], *stalls: tuple[float, float]) -> dict[str, list[list[int]]]:
    """The clocks in which each layer said what: in so many of them chunks and takers are late."""
    ways, rng = Ways(layers), random.Random(7)
    said: dict[str, list[list[int]]] = {w: [[] for _ in layers] for w in ("ended", "left", "lost")}

    async def bench(ctx: Any) -> None:
        for clock in range(len(stalls) * CLOCKS):
            for port, stall in zip((ways.goes, ways.ready), stalls[clock // CLOCKS], strict=True):
                ctx.set(port, rng.random() >= stall)
            for what, clocks in said.items():
                word = ctx.get(getattr(ways, what))
                for n, found in enumerate(clocks):
                    if word >> n & 1:
                        found.append(clock)
            await ctx.tick()

    simulate(ways, bench)
    return said


def test_no_row_is_later_than_with_any_number_of_places_and_with_one_fewer_some_are() -> None:
    full = [one for one in LAYERS if one.n_out % one.pe == 0]
    fewer = [
        (one, places)
        for one in full
        for places in ((one.row_places - 1, AMPLE), (AMPLE, one.result_places - 1))
        if all(places)
    ]
    ways = [*LAYERS, *(sized(one, AMPLE, AMPLE) for one in LAYERS)]
    said = run([*ways, *(sized(one, *places) for one, places in fewer)], (0, 0))
    ended, left = said["ended"], said["left"]
    for one, *own in zip(LAYERS, ended, left, strict=False):
        at = LAYERS.index(one) + len(LAYERS)
        assert own == [ended[at], left[at]], one
    for one in full:
        every = max(one.chunks, one.group_rows)
        assert ended[LAYERS.index(one)] == list(range(one.chunks - 1, CLOCKS, every)), one
    for (one, places), late in zip(fewer, left[len(ways) :], strict=True):
        assert late != left[LAYERS.index(one)], (one, places)


def test_no_group_finds_another_whatever_stalls() -> None:
    said = run(LAYERS, (0, 0.5), (0.5, 0), (0.3, 0.3), (0.1, 0.9))
    assert not any(said["lost"]) and all(said["left"])


def test_deep_chips_have_places_for_a_row_in_every_clock() -> None:
    for one in LAYERS:
        deep = replace(one, spread=True, multiply=2, fetch=1)
        assert (deep.row_places, deep.result_places) == (8, 2 + one.requantize)
