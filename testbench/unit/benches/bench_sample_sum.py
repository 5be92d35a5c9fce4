"""`SampleSum`: signals of a still input, weighed by a trace and summed over a sample."""

from fractions import Fraction

from dualspike.hw.layer.online.shapes import signal_shape
from dualspike.hw.learn.online.sample_sum import SampleSum
from dualspike.model.description.part import TRACE_FRACTION
from dualspike.testbench.unit.benches.online import OnlineTB, taught
from dualspike.testbench.unit.benches.reference import clipped

TOP = "sample_sum"
CASES = [{"name": "own", "layer": 0}, {"name": "lanes", "layer": 0}, {"name": "short", "layer": 0}]


def component(name: str, layer: int) -> SampleSum:
    """That of one chip's first layer."""
    d, one = taught(name, layer)
    return SampleSum(d.parts[0], one)


def sample(tb: OnlineTB) -> tuple[list[list[int]], list[int], bool]:
    """Rows of a sample's steps, the sums that should come of them, and whether one clips."""
    part, layer = tb.part, tb.layer
    sums, trace, one = [0] * layer.n_out, 0, 1 << TRACE_FRACTION
    rows = list[list[int]]()
    for _ in range(tb.d.network.time_steps):
        trace = trace - (trace >> part.leak_shift if part.leak_shift else 0) + one
        signals = tb.numbers(part.formats.cotangent.bits, layer.n_out)
        sums = [total + trace * d for total, d in zip(sums, signals, strict=True)]
        rows += tb.rows_of(signals)
    halves = [(Fraction(total, one) + Fraction(1, 2)).__floor__() for total in sums]
    found = [clipped(half, signal_shape(part, layer).width) for half in halves]
    return rows, [d for d, _ in found], any(clips for _, clips in found)


@OnlineTB.test(stalls=[(0.0, 0.0), (0.5, 0.5)])
async def sums_samples(tb: OnlineTB, stalls: tuple[float, float]) -> None:
    """Samples one after the other, whoever waits, up to both ends."""
    source, sink = tb.source("inputs", stalls[0]), tb.sink("outputs", stalls[1])
    over_seen = tb.pulses("clipped")
    for _ in range(10):
        rows, sums, over = sample(tb)
        sink.taken.clear()
        over_seen.clear()
        source.send(rows)
        await tb.taken(sink, tb.layer.rows)
        await tb.cycle()
        assert sums_of(tb, sink.taken, 0) == sums
        assert bool(over_seen) == over


@OnlineTB.test()
async def has_room_for_two_samples(tb: OnlineTB) -> None:
    """Sums wait that nobody takes, those of two samples, and the next sample's steps go on.

    What comes beyond that waits, and nothing is lost.
    """
    source, steps, rows = tb.source("inputs"), tb.d.network.time_steps, tb.layer.rows
    samples = [sample(tb) for _ in range(8)]
    for given, _, _ in samples:
        source.send(given)
    room = (3 * steps - 1) * rows
    await tb.until(lambda: len(source.moved) >= room, 4 * room + 20)
    await tb.cycle(4 * len(samples) * steps * rows)
    sink = tb.sink("outputs")
    await tb.taken(sink, len(samples) * rows)
    sums = [n for first in range(0, len(sink.taken), rows) for n in sums_of(tb, sink.taken, first)]
    assert sums == [n for _, one, _ in samples for n in one]


def sums_of(tb: OnlineTB, taken: list[list[int]], first: int) -> list[int]:
    """Those of a sample, without what fills up its last row."""
    return [n for row in taken[first : first + tb.layer.rows] for n in row][: tb.layer.n_out]
