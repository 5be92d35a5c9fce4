"""`Traces`: inputs and traces of spikes as late as the changes that they take part in."""

from itertools import product
from math import floor

from cocotb.handle import HierarchyObject

from dualspike.hw.layer.online.traces import TRACED, Traces
from dualspike.hw.layer.online.weights import AGAIN
from dualspike.testbench.unit.benches.online import OnlineTB, taught

TOP = "late_traces"
CASES = [
    {"name": "lanes", "layer": 0},
    {"name": "lanes", "layer": 1},
    {"name": "lanes", "layer": 2},
    {"name": "frames", "layer": 0},
    {"name": "levels", "layer": 0},
    {"name": "own", "layer": 1},
    {"name": "short", "layer": 1},
]


def component(name: str, layer: int) -> Traces:
    """The traces of one layer."""
    d, one = taught(name, layer)
    return Traces(d.parts[0], one)


class Bench(OnlineTB):
    """A walk over the weights, and the frames that went by."""

    def __init__(self, dut: HierarchyObject) -> None:
        super().__init__(dut)
        self.low, self.high = self.ends
        self.due: dict[int, list[int]] = {}
        self.seen = 0

    async def tick(self) -> None:
        """A cycle; the traces of a chunk are those that are due."""
        await self.settle()
        expected = self.due.pop(self.now, None)
        if expected is not None:
            self.seen += 1
            assert self.get("traces") == expected
        await self.edge()

    async def walk(self, values: list[int], traces: list[int] | None, often: float) -> None:
        """A pass over a frame; ``traces`` are those of ``lag`` passes before, if one is due."""
        layer, begun = self.layer, self.now
        self.set(due=traces is not None)
        for group, chunk in product(range(layer.groups), range(layer.chunks)):
            while self.rng.random() > often:
                await self.tick()
            at = slice(chunk * layer.simd, (chunk + 1) * layer.simd)
            last = (group, chunk) == (layer.groups - 1, layer.chunks - 1)
            self.set(advance=1, chunk=chunk, group=group, last_row=last, values=values[at])
            if traces is not None:
                self.due[self.now + TRACED] = traces[at]
            await self.tick()
            self.set(advance=0)
        while self.now < begun + AGAIN:
            await self.tick()

    def followed(self, frames: list[list[int]]) -> list[list[int]]:
        """The traces of all frames, sample after sample."""
        if self.layer.kind in ("direct", "output"):
            return frames
        shift, steps = self.part.leak_shift, self.d.network.time_steps
        result: list[list[int]] = []
        for n, values in enumerate(frames):
            before = result[-1] if n % steps else [0] * len(values)
            lost = [floor(a / (1 << shift)) if shift else 0 for a in before]
            result.append([a - b + 64 * s for a, b, s in zip(before, lost, values, strict=True)])
        return result


@Bench.test(often=[1.0, 0.5])
async def traces_come_late(bench: Bench, often: float) -> None:
    """Batches of several samples, between them passes that learn nothing."""
    layer, lag = bench.layer, bench.layer.lag
    width = layer.chunks * layer.simd
    for samples in (1, 3):
        count = samples * (bench.d.network.time_steps if layer.every_step else 1)
        frames = [
            bench.rng.choices(range(bench.low, bench.high + 1), k=width) for _ in range(count)
        ]
        traces = bench.followed(frames)
        await bench.pulse(start=1)
        for n in range(count + lag):
            values = frames[n] if n < count else [0] * width
            await bench.walk(values, traces[n - lag] if n >= lag else None, often)
        for _ in range(2):
            await bench.walk([bench.high] * width, None, often)
    for _ in range(TRACED):
        await bench.tick()
    assert not bench.due
    assert bench.seen
