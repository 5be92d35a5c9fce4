"""`ForwardFeedback` and `SignedFeedback`: a signal for every neuron of a hidden layer and step."""

from fractions import Fraction
from typing import Any

from cocotb.handle import HierarchyObject

from dualspike.golden.integer.lfsr import bits
from dualspike.hw.learn.online.feedback import Feedback, ForwardFeedback, SignedFeedback
from dualspike.model.interface.lfsr import SIGNS
from dualspike.testbench.unit.benches.online import OnlineTB, taught
from dualspike.testbench.unit.benches.reference import rounded

START = 0x1234ABCD
TOP = "feedback"
CASES = [
    {"name": "own", "layer": 0},
    {"name": "lanes", "layer": 1},
    {"name": "frames", "layer": 0},
    {"name": "short", "layer": 0},
]


def component(name: str, layer: int) -> Feedback:
    """What comes back to one layer."""
    d, one = taught(name, layer)
    if d.parts[0].own_lanes:
        return ForwardFeedback(d.parts[0], one)
    return SignedFeedback(d.parts[0], one, START)


class Bench(OnlineTB):
    """Steps, and the signals that should come of them."""

    def __init__(self, dut: HierarchyObject) -> None:
        super().__init__(dut)
        self.lanes, self.outputs = self.part.own_lanes, self.d.network.layers[-1]
        count = self.layer.n_out * self.outputs
        self.fixed = [1 - 2 * int(bit) for bit in bits(SIGNS, [START], count)[0]]

    def step(self, *, small: bool = False) -> tuple[list[Any], list[int], list[list[int]], bool]:
        """Rows of gates, errors, rows of signals, and whether one was clipped."""
        layer, f = self.layer, self.d.formats
        form = f.cotangent if self.lanes else f.error
        errors = self.numbers(2 if small else form.bits, self.lanes or self.outputs)
        if self.lanes:
            power = (self.lanes - 1).bit_length()
            gates: Any = [self.rng.choices((-1, 0, 1), k=self.lanes) for _ in range(layer.n_out)]
            sums = [sum(g * e for g, e in zip(row, errors, strict=True)) for row in gates]
            exact = [Fraction(one, 1 << power) * form.lsb for one in sums]
        else:
            gates = self.rng.choices((0, 1), k=layer.n_out)
            rows = [
                self.fixed[n : n + self.outputs] for n in range(0, len(self.fixed), self.outputs)
            ]
            exact = [
                gate * sum(b * e for b, e in zip(row, errors, strict=True)) * form.lsb
                for gate, row in zip(gates, rows, strict=True)
            ]
        found = [rounded(Fraction(one), f.cotangent) for one in exact]
        empty: Any = [0] * self.lanes if self.lanes else 0
        padded = gates + [empty] * (layer.rows * layer.next_simd - layer.n_out)
        width = layer.next_simd
        given = [padded[n : n + width] for n in range(0, len(padded), width)]
        signals = self.rows_of([signal for signal, _ in found])
        return given, errors, signals, any(clips for _, clips in found)


@Bench.test(stalls=[(0.0, 0.0), (0.5, 0.5)])
async def comes_back(bench: Bench, stalls: tuple[float, float]) -> None:
    """Steps one after the other, whoever waits; gates of several wait for their errors."""
    gates, errors = bench.source("gates", stalls[0]), bench.source("errors", stalls[1])
    sink, clipped = bench.sink("signals", stalls[1]), bench.pulses("clipped")
    told = set[bool]()
    for turn in range(12):
        steps = [bench.step(small=turn % 2 > 0) for _ in range(5)]
        sink.taken.clear()
        clipped.clear()
        for given, _, _, _ in steps:
            gates.send(given)
        await bench.cycle(3 * bench.layer.rows)
        errors.send(one[1] for one in steps)
        await bench.taken(sink, len(steps) * bench.layer.rows)
        await bench.cycle()
        assert sink.taken == [row for one in steps for row in one[2]]
        over = any(one[3] for one in steps)
        assert bool(clipped) == over
        told.add(over)
    # The mean over a number of lanes that is no power of two is never beyond the format.
    within = bench.lanes & (bench.lanes - 1) > 0
    assert told == ({False} if within else {False, True})


@Bench.test()
async def keeps_its_pace(bench: Bench) -> None:
    """A row a cycle, from step to step."""
    steps = [bench.step() for _ in range(4)]
    gates, errors, sink = bench.source("gates"), bench.source("errors"), bench.sink("signals")
    for given, _, _, _ in steps:
        gates.send(given)
    errors.send(one[1] for one in steps)
    count = len(steps) * bench.layer.rows
    await bench.taken(sink, count)
    assert sink.moved == list(range(sink.moved[0], sink.moved[0] + count))


@Bench.test()
async def has_room_for_what_is_under_way(bench: Bench) -> None:
    """Gates of as many steps as passes can be ahead of a change, and of one more.

    Errors of as many wait for gates; those beyond them wait outside, and none is lost.
    """
    layer = bench.layer
    count = 1 + (layer.lag if layer.every_step else len(bench.part.shapes) + 1)
    gates, errors, sink = bench.source("gates"), bench.source("errors"), bench.sink("signals")
    steps = [bench.step() for _ in range(2 * count + 4)]
    for given, _, _, _ in steps[:count]:
        gates.send(given)
    await bench.until(lambda: not gates.queue, 4 * count * layer.rows + 8)
    errors.send(one[1] for one in steps)
    await bench.taken(sink, count * layer.rows)
    await bench.until(lambda: len(errors.moved) >= 2 * count, 4 * count + 8)
    await bench.cycle(len(steps))
    for given, _, _, _ in steps[count:]:
        gates.send(given)
    await bench.taken(sink, len(steps) * layer.rows)
    assert sink.taken == [row for one in steps for row in one[2]]
