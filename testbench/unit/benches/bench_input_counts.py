"""`InputCounts`: how often inputs came in a sample, as late as the change they take part in."""

from dualspike.hw.layer.online.counts import InputCounts
from dualspike.hw.layer.online.traces import TRACED
from dualspike.testbench.unit.benches.bench_traces import Bench
from dualspike.testbench.unit.benches.online import taught

TOP = "input_counts"
CASES = [{"name": "sample", "layer": 1}, {"name": "counts", "layer": 0}]


def component(name: str, layer: int) -> InputCounts:
    """The counts of one layer's inputs."""
    d, one = taught(name, layer)
    return InputCounts(d.parts[0], one)


def sample(bench: Bench) -> list[list[int]]:
    """Frames of every step: at the same end throughout, so that counts are largest, or random."""
    width, steps = bench.layer.chunks * bench.layer.simd, bench.d.network.time_steps
    ends = [bench.low, 0, bench.high]
    if bench.rng.random() < 0.4:
        return [bench.rng.choices(ends, k=width)] * steps
    return [bench.rng.choices(ends, k=width) for _ in range(steps)]


async def _passes(
    bench: Bench, frames: list[list[int]], due: list[int] | None, often: float
) -> list[int]:
    """All passes of a sample; in its first the counts ``due``, if any. Its own counts."""
    for step, values in enumerate(frames):
        bench.set(first=not step, last=step == len(frames) - 1)
        await bench.walk(values, None if step else due, often)
    return [sum(column) for column in zip(*frames, strict=True)]


async def _begin(bench: Bench) -> None:
    """A batch begins, in a cycle of its own."""
    bench.set(start=1)
    await bench.tick()
    bench.set(start=0)


@Bench.test(often=[1.0, 0.5])
async def counts_come_late(bench: Bench, often: float) -> None:
    """Batches of samples; after each as many passes alone as its changes are late."""
    lag, width = bench.layer.lag, bench.layer.chunks * bench.layer.simd
    met = set[int]()
    for count in (1, 2, 7, 3):
        counts = list[list[int]]()
        await _begin(bench)
        for n in range(count + lag):
            frames = sample(bench) if n < count else [[0] * width]
            due = counts[n - lag] if n >= lag else None
            counts.append(await _passes(bench, frames, due, often))
        met |= {number for one in counts for number in one}
    for _ in range(TRACED):
        await bench.tick()
    assert not bench.due
    steps = bench.d.network.time_steps
    assert {bench.low * steps, bench.high * steps} <= met


@Bench.test(often=[1.0, 0.3])
async def samples_that_are_inferred_leave_nothing(bench: Bench, often: float) -> None:
    """Between two batches, however many: the next counts from 0."""
    width = bench.layer.chunks * bench.layer.simd
    for _ in range(3):
        for _ in range(bench.rng.randrange(4)):
            await _passes(bench, [[bench.high] * width] * bench.d.network.time_steps, None, often)
        await _begin(bench)
        counts = [await _passes(bench, sample(bench), None, often) for _ in range(bench.layer.lag)]
        for due in counts:
            await _passes(bench, [[0] * width], due, often)
    for _ in range(TRACED):
        await bench.tick()
    assert not bench.due and bench.seen
