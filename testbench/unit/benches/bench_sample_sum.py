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


@OnlineTB.test(stalls=[(0.0, 0.0), (0.5, 0.5)])
async def sums_samples(tb: OnlineTB, stalls: tuple[float, float]) -> None:
    """Samples one after the other, whoever waits, up to both ends."""
    part, layer, steps = tb.part, tb.layer, tb.d.network.time_steps
    source, sink = tb.source("inputs", stalls[0]), tb.sink("outputs", stalls[1])
    over_seen, bits = tb.pulses("clipped"), signal_shape(part, layer).width
    for _ in range(10):
        sums, trace, one = [0] * layer.n_out, 0, 1 << TRACE_FRACTION
        for _ in range(steps):
            trace = trace - (trace >> part.leak_shift if part.leak_shift else 0) + one
            signals = tb.numbers(part.formats.cotangent.bits, layer.n_out)
            sums = [total + trace * d for total, d in zip(sums, signals, strict=True)]
            source.send(tb.rows_of(signals))
        halves = [(Fraction(total, one) + Fraction(1, 2)).__floor__() for total in sums]
        found = [clipped(half, bits) for half in halves]
        sink.taken.clear()
        over_seen.clear()
        await tb.taken(sink, layer.rows)
        await tb.cycle()
        assert [n for row in sink.taken for n in row][: layer.n_out] == [d for d, _ in found]
        assert bool(over_seen) == any(clips for _, clips in found)


@OnlineTB.test()
async def has_room_for_two_samples(tb: OnlineTB) -> None:
    """Sums wait that nobody takes, those of two samples, and the next sample's steps go on."""
    source, steps = tb.source("inputs"), tb.d.network.time_steps
    frames = 3 * steps - 1
    for _ in range(frames):
        source.send(tb.rows_of(tb.numbers(4, tb.layer.n_out)))
    await tb.until(lambda: not source.queue, 4 * frames * tb.layer.rows + 20)
