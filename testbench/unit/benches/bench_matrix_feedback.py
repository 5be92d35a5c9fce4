"""`FollowingFeedback` and `MirroringFeedback`: signals by a matrix that every step moves."""

import math
from fractions import Fraction
from typing import Any

from cocotb.handle import HierarchyObject

from dualspike.hw.layer.online.weights import AGAIN
from dualspike.hw.learn.online.following_feedback import FollowingFeedback
from dualspike.hw.learn.online.matrix_feedback import MatrixFeedback
from dualspike.hw.learn.online.mirroring_feedback import MirroringFeedback
from dualspike.model.description.part import FEEDBACK_FINER, change_shifts
from dualspike.model.sizes.feedback import FeedbackSizes, feedback_sizes
from dualspike.testbench.unit.benches.memories import fill, read_back
from dualspike.testbench.unit.benches.online import OnlineTB, taught
from dualspike.testbench.unit.benches.reference import Rows, clipped, flat, rounded

TOP = "matrix_feedback"
CASES = [
    {"name": "matrix", "layer": 0},
    {"name": "matrix", "layer": 1},
    {"name": "wide", "layer": 0},
    {"name": "alone", "layer": 0},
    {"name": "mirror", "layer": 0},
]


def sizes_of(name: str, layer: int) -> FeedbackSizes:
    """Those of one layer."""
    d, one = taught(name, layer)
    sizes = feedback_sizes(d.parts[0], one)
    assert sizes is not None
    return sizes


def component(name: str, layer: int) -> MatrixFeedback:
    """What comes back to one layer."""
    d, one = taught(name, layer)
    kind = FollowingFeedback if d.learning.has_lanes else MirroringFeedback
    return kind(d.parts[0], one, sizes_of(name, layer))


class Bench(OnlineTB):
    """Steps, the signals that should come of them, and the matrix that should be left."""

    def __init__(self, dut: HierarchyObject) -> None:
        super().__init__(dut)
        self.sizes = sizes_of(**self.case)
        self.lanes, self.outputs = self.part.own_lanes, self.d.basis
        lanes = self.d.learning.has_lanes
        self.finer = 2 ** (self.d.learning.feedback_momentum if lanes else FEEDBACK_FINER)
        self.shift = 0
        self.wide = False
        self.kept: Rows = [[0] * self.outputs for _ in range(self.layer.n_out)]

    async def load(self) -> None:
        """Write a random matrix; choose a shift, where changes have one."""
        if not self.lanes:
            self.shift = self.rng.choice(change_shifts(self.part)[-1])
            self.set(shift=self.shift)
        for row in self.kept:
            row[:] = self.numbers(self.sizes.bits, self.outputs)
        await fill(self, "host", flat(self.kept))

    def follow(self, row: list[int], signs: list[int], tangents: Rows) -> bool:
        """A neuron's numbers take in what its lanes found; whether that was clipped."""
        form, share = self.d.formats.tangent, 1 << (self.lanes - 1).bit_length()
        over = False
        for k, dy in enumerate(tangents):
            total = sum((1 - 2 * sign) * b for sign, b in zip(signs, dy, strict=True))
            x, clips = rounded(Fraction(total, share) * form.lsb, form)
            row[k] += x - row[k] // self.finer
            over |= clips
        return over

    def mirror(self, row: list[int], spike: int, errors: list[int]) -> None:
        """A neuron's numbers take the readout's change."""
        for k, e in enumerate(errors):
            x = math.floor(Fraction(spike * e * self.finer, 2**self.shift) + Fraction(1, 2))
            row[k], clips = clipped(row[k] - x, self.sizes.bits)
            self.wide |= clips

    def step(self, *, small: bool = False) -> tuple[list[Any], Any, Rows, bool]:
        """Rows of gates, errors, rows of signals, and whether one was clipped."""
        f, n, over = self.d.formats, self.layer.n_out, False
        errors = self.numbers(2 if small else f.error.bits, self.outputs)
        bits = 2 if small else f.tangent.bits
        tangents = [self.numbers(bits, self.lanes) for _ in range(self.outputs)]
        gates = self.rng.choices((0, 1), k=n)
        marks: Rows = [self.rng.choices(range(2), k=self.lanes or 1) for _ in range(n)]
        lsb = (f.tangent if self.lanes else f.weight).lsb
        signals: list[int] = []
        for h, row in enumerate(self.kept):
            if self.lanes:
                over |= self.follow(row, marks[h], tangents)
            seen = [math.floor(Fraction(a, self.finer)) * lsb for a in row]
            if not self.lanes:
                self.mirror(row, marks[h][0], errors)
            exact = gates[h] * sum(a * e * f.error.lsb for a, e in zip(seen, errors, strict=True))
            signal, clips = rounded(Fraction(exact), f.cotangent)
            signals.append(signal)
            over |= clips
        width = self.layer.next_simd
        marks += [[0] * (self.lanes or 1)] * (self.layer.rows * width - n)
        given = [
            {"gate": gate, "marks": marks[place * width : (place + 1) * width]}
            for place, gate in enumerate(self.rows_of(gates))
        ]
        told = {"value": errors, **({"tangent": tangents} if self.lanes else {})}
        return given, told, self.rows_of(signals), over


@Bench.test(stalls=[(0.0, 0.0), (0.5, 0.5)])
async def comes_back(bench: Bench, stalls: tuple[float, float]) -> None:
    """Steps one after the other, whoever waits; the matrix is left as it should be."""
    gates, errors = bench.source("gates", stalls[0]), bench.source("errors", stalls[1])
    sink, pulses = bench.sink("signals", stalls[1]), bench.pulses("clipped")
    saturated, told = bench.pulses("saturated"), set[bool]()
    for turn in range(12):
        if turn % 4 == 0:
            await bench.load()
        bench.wide = False
        steps = [bench.step(small=turn % 4 == 3) for _ in range(4)]
        sink.taken.clear()
        pulses.clear()
        saturated.clear()
        for given, _, _, _ in steps:
            gates.send(given)
        errors.send(one[1] for one in steps)
        await bench.taken(sink, len(steps) * bench.layer.rows)
        await bench.cycle(2)
        assert sink.taken == [row for one in steps for row in one[2]]
        over = any(one[3] for one in steps)
        assert bool(pulses) == over
        assert bool(saturated) == bench.wide
        told.add(over)
        count = bench.layer.n_out * bench.outputs
        assert await read_back(bench, "host", count) == flat(bench.kept)
    assert any(told), "no numbers were so large that they clip"


@Bench.test()
async def keeps_its_pace(bench: Bench) -> None:
    """A chunk a cycle, from step to step; signals as late as is said."""
    steps = [bench.step() for _ in range(4)]
    gates, errors, sink = bench.source("gates"), bench.source("errors"), bench.sink("signals")
    for given, _, _, _ in steps:
        gates.send(given)
    errors.send(one[1] for one in steps)
    await bench.taken(sink, len(steps) * bench.layer.rows)
    sizes = bench.sizes
    first = sink.moved[0]
    step = max(sizes.cycles, AGAIN)
    assert sink.moved == [
        first + n * step + place * sizes.chunks for n in range(4) for place in range(sizes.rows)
    ]


@Bench.test()
async def has_room_for_what_is_under_way(bench: Bench) -> None:
    """Gates of as many steps as passes can be ahead of a change, and of one more.

    Those beyond them wait, as do signals that nobody takes, and none is lost.
    """
    layer = bench.layer
    count = 1 + (layer.lag if layer.every_step else len(bench.part.shapes) + 1)
    gates, steps = bench.source("gates"), list[Any]()
    more = 2 * bench.layer.rows
    for _ in range(count + 2):
        steps.append(bench.step())
        gates.send(steps[-1][0])
    await bench.until(lambda: len(gates.queue) <= more, 4 * count * bench.layer.rows + 8)
    await bench.cycle(8)
    errors, sink = bench.source("errors"), bench.sink("signals")
    errors.send(one[1] for one in steps)
    sink.open = False
    await bench.cycle(4 * bench.sizes.cycles * len(steps))
    sink.open = True
    await bench.taken(sink, len(steps) * bench.layer.rows)
    assert sink.taken == [row for one in steps for row in one[2]]


@Bench.test()
async def corrects_single_upsets(bench: Bench) -> None:
    """Steps on a matrix in which a bit of every word is wrong, whichever it is."""
    if bench.part.protection != "ecc":
        return
    gates, errors, sink = bench.source("gates"), bench.source("errors"), bench.sink("signals")
    upsets = bench.pulses("host_upsets")
    for bit in range(bench.shape("host_flips")):
        bench.set(host_flips=1 << bit)
        await bench.load()
        bench.set(host_flips=0)
        upsets.clear()
        sink.taken.clear()
        given, told, rows, _ = bench.step()
        gates.send(given)
        errors.send([told])
        await bench.taken(sink, bench.layer.rows)
        assert sink.taken == rows
        await bench.cycle(AGAIN)
        assert upsets
        upsets.clear()
        count = bench.layer.n_out * bench.outputs
        assert await read_back(bench, "host", count) == flat(bench.kept)
        assert not upsets, "the step has left something wrong"
