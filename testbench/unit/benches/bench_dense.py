"""`Dense`: a whole weight layer, from chunks of dual numbers to rows of (z, dz), and its moves."""

from itertools import pairwise
from typing import Any

from cocotb.handle import HierarchyObject
from cocotb.triggers import Timer

from dualspike.hw.layer.dense import Dense
from dualspike.testbench.unit.benches.layer import WeightsTB
from dualspike.testbench.unit.benches.memories import fill, push_words, read_back
from dualspike.testbench.unit.benches.reference import (
    check_rows,
    chunks,
    clipped,
    drawn_words,
    exact_sums,
    flat,
    frame,
    kept,
    matrix,
    overflow_of,
    weighted,
)
from dualspike.testbench.unit.benches.shapes import shape

TOP = "dense"
CASES = [
    {"name": "plain", "layer": 1},
    {"name": "folded", "layer": 0},
    {"name": "twisted", "layer": 1},
    {"name": "odd", "layer": 2},
    {"name": "leaky", "layer": 0},
    {"name": "still", "layer": 0},
    {"name": "event", "layer": 2},
    {"name": "sparse", "layer": 1},
    {"name": "local", "layer": 5},
    {"name": "fast", "layer": 1},
    {"name": "fast", "layer": 2},
]


def component(name: str, layer: int) -> Dense:
    """One weight layer."""
    d, g, one = shape(name, layer)
    return Dense(d.parts[0], g, one)


class Bench(WeightsTB):
    """A layer with random weights and biases and the signs of the first batch."""

    def __init__(self, dut: HierarchyObject) -> None:
        super().__init__(dut)
        self.biases = flat(matrix(self.rng, self.d.formats.weight, self.layer.n_out, 1))
        self.mask = self.rng.getrandbits(self.g.lanes) | 1

    async def load(self) -> None:
        """Load everything."""
        await fill(self, "weights", flat(self.weights))
        await fill(self, "biases", self.biases)
        if self.layer.skips:
            self.set(learn=1)
        await self.perturb(drawn_words(self.d, self.layer), self.mask)

    async def perturb(self, words: list[tuple[int, int]], mask: int) -> None:
        """Take the signs that words make, in the lanes of a mask."""
        self.mask = mask
        if self.g.lanes:
            await push_words(self, words, "learner_")
            self.set(learner_mask=mask)
            await self.cycle(self.layer.cycles if self.layer.skips else 1)

    async def redraw(self, mask: int) -> None:
        """The signs of another batch, in the lanes of a mask."""
        await self.perturb(self.draw(self.rng.randrange(1, 2**32)), mask)

    def frames(self, count: int) -> tuple[list[Any], list[Any]]:
        """Chunks of random frames, and (z, dz, z clipped, dz clipped) of each row's neurons."""
        layer = self.layer
        payloads: list[Any] = []
        expected: list[Any] = []
        for _ in range(count):
            values, tangents = frame(self.rng, layer, self.d)
            payloads += chunks(layer, values, tangents)
            neurons = [self.neuron(i, values, tangents) for i in range(layer.n_out)]
            expected += self.rows_of(neurons)
        return payloads, expected

    def neuron(self, i: int, values: list[int], tangents: list[list[int]]) -> Any:
        """One neuron's result."""
        on = [self.mask >> k & 1 for k in range(self.g.lanes)]
        v = [[sign * here for sign in self.signs[k][i]] for k, here in enumerate(on)]
        c = [self.bias_signs[k][i] * here for k, here in enumerate(on)]
        sums = exact_sums(self.weights[i], v, values, tangents)
        return weighted(self.d, self.g, self.layer, sums, self.biases[i], c)

    def clips(self, lane: int, step: int) -> bool:
        """Move the weights, and b -= C step; whether anything clipped."""
        moved = [b - c * step for b, c in zip(self.biases, self.bias_signs[lane], strict=True)]
        pairs = [clipped(bias, self.d.formats.weight.bits) for bias in moved]
        self.biases = [bias for bias, _ in pairs]
        return bool(self.move(lane, step)) or any(over for _, over in pairs)

    def visited(self, frame: list[Any]) -> int:
        """Chunks of a frame that cost a clock."""
        return len(kept(self.layer, frame)) if self.layer.skips else self.layer.chunks

    def latency(self, frame: list[Any]) -> int:
        """Cycles from a frame's last chunk to its first row."""
        steps, layer = self.d.network.time_steps, self.layer
        readout = layer.reads_out and steps & (steps - 1) != 0
        repeated = 1 + layer.holds_chunks + self.visited(frame) if layer.groups > 1 else 0
        return 7 + layer.fetch + layer.multiply + readout + repeated


@Bench.test(stalls=[(0.5, 0.5), (0.0, 0.7), (0.7, 0.0)])
async def computes_the_layer(bench: Bench, stalls: tuple[float, float]) -> None:
    """Random frames over the whole range, whoever waits, and every overflow.

    In several batches, the last ones with a single lane each.
    """
    overflow = bench.pulses("overflow")
    dropped = bench.pulses("dropped") if bench.layer.skips else []
    source, sink = bench.source("inputs", stalls[0]), bench.sink("outputs", stalls[1])
    step = bench.layer.chunks
    for mask in (0, 0, *(1 << lane for lane in range(bench.g.lanes))):
        payloads, expected = bench.frames(4)
        sink.taken.clear()
        overflow.clear()
        dropped.clear()
        source.send(payloads)
        await bench.taken(sink, len(expected))
        check_rows(sink.taken, expected)
        flags = [overflow_of(row) for row in expected]
        assert [value for _, value in overflow] == [flag for flag in flags if flag]
        starts = range(0, len(payloads), step)
        assert len(dropped) == sum(step - bench.visited(payloads[n : n + step]) for n in starts)
        await bench.redraw(mask or bench.rng.getrandbits(bench.g.lanes))


@Bench.test()
async def keeps_its_pace(bench: Bench) -> None:
    """Latency of a frame on its own; then the cycles from frame to frame, once full."""
    layer = bench.layer
    payloads, expected = bench.frames(1)
    source, sink = await bench.through(payloads, len(expected))
    check_rows(sink.taken, expected)
    assert sink.moved[0] - source.moved[-1] == bench.latency(payloads)
    source.moved.clear()
    sink.moved.clear()
    frames = 12
    source.send(payloads * frames)
    await bench.taken(sink, (frames + 1) * layer.rows)
    starts = source.moved[:: layer.chunks][-4:]
    ends = sink.moved[:: layer.rows][-4:]
    interval = max(layer.chunks, layer.groups * bench.visited(payloads), layer.rows)
    for moved in (starts, ends):
        assert [b - a for a, b in pairwise(moved)] == [interval] * 3


@Bench.test()
async def ready_stays_outside(bench: Bench) -> None:
    """Whether a row is taken does not show at the inputs before the next cycle."""
    seen = set[int]()
    bench.source("inputs").send(bench.frames(24)[0])
    for _ in range(24 * bench.layer.cycles):
        taken = int(bench.rng.randrange(4 * bench.layer.cycles) == 0)
        bench.set(outputs_ready=taken)
        await bench.settle()
        seen.add(ready := bench.get("inputs_ready"))
        for other in (1 - taken, taken):
            bench.set(outputs_ready=other)
            await Timer(1, "step")
            assert bench.get("inputs_ready") == ready
        await bench.edge()
    assert seen == {0, 1}


@Bench.test()
async def learns(bench: Bench) -> None:
    """Moves with every lane's signs, busy as long as documented; the next frames use the result."""
    layer, form = bench.layer, bench.d.formats.weight
    source, sink = bench.source("inputs"), bench.sink("outputs")
    saturated = bench.pulses("learner_saturated") if bench.g.lanes else []
    for turn in range(4):
        for lane in range(bench.g.lanes):
            small = bench.rng.randint(form.lowest // 8, form.highest // 8)
            step = [0, small, form.lowest, form.highest][turn]
            saturated.clear()
            bench.set(learner_lane=lane, learner_step=step)
            await bench.pulse(learner_start=1)
            for cycle in range(max(layer.cycles, layer.rows) + 2):
                busy = cycle < max(layer.cycles, layer.rows)
                assert await bench.see("learner_busy") == busy, f"cycle {cycle}"
            assert bool(saturated) == bench.clips(lane, step)
            assert await read_back(bench, "biases", layer.n_out) == bench.biases
        payloads, expected = bench.frames(2)
        source.send(payloads)
        sink.taken.clear()
        await bench.taken(sink, len(expected))
        check_rows(sink.taken, expected)
    count = layer.n_out * layer.n_in
    assert await read_back(bench, "weights", count) == flat(bench.weights)
    assert await read_back(bench, "biases", layer.n_out) == bench.biases
