"""`Requantizer`: biases, mean, rounding and saturation of every row, and sweeps of the biases."""

from functools import partial
from typing import Any

from amaranth.hdl import Shape
from cocotb.handle import HierarchyObject

from dualspike.hw.layer.memory.words import Words
from dualspike.hw.layer.requantizer import Requantizer
from dualspike.model.sizes.depth import LONG
from dualspike.testbench.unit.benches.layer import LayerTB
from dualspike.testbench.unit.benches.memories import READ, fill, read_back
from dualspike.testbench.unit.benches.reference import check_rows, clipped, overflow_of, weighted
from dualspike.testbench.unit.benches.shapes import shape
from dualspike.testbench.unit.payloads import made

TOP = "requantizer"
CASES = [
    {"name": "plain", "layer": 0},
    {"name": "plain", "layer": 2},
    {"name": "folded", "layer": 0},
    {"name": "folded", "layer": 1},
    {"name": "folded", "layer": 2},
    {"name": "twisted", "layer": 0},
    {"name": "twisted", "layer": 2},
    {"name": "odd", "layer": 1},
    {"name": "wide", "layer": 0},
]


def component(name: str, layer: int) -> Requantizer:
    """The end of one layer."""
    d, g, one = shape(name, layer)
    return Requantizer(d.parts[0], g, one, Words.of(d.parts[0]))


class Bench(LayerTB):
    """A layer's end with random biases and signs."""

    def __init__(self, dut: HierarchyObject) -> None:
        super().__init__(dut)
        self.shared = self.d.learning.structure == "factored"
        form, n_out = self.d.formats.weight, self.layer.n_out
        self.biases = [self.rng.randint(form.lowest, form.highest) for _ in range(n_out)]
        self.rows = [[self.rng.choice([1, -1]) for _ in range(n_out)] for _ in range(self.g.lanes)]
        self.first = [self.rng.choice([1, -1]) for _ in range(self.g.lanes)]
        self.mask = (1 << self.g.lanes) - 1

    async def load(self) -> None:
        """Load the biases, drive the signs."""
        await fill(self, "host", self.biases)
        self.drive(self.mask)

    def drive(self, mask: int) -> None:
        """Signs as they are, and the lanes that perturb the layer."""
        self.mask = mask
        rows = [_bits(row) for row in self.rows]
        self.set(rows=rows, first=_bits(self.first), mask=mask)

    def number(self, form: Shape, large: int) -> int:
        """A random signed number: tiny, or of any size, or often with ``large`` one of the ends.

        With ``large`` half of the others are an odd multiple of a power of two or just below it,
        where what is cut off is rounded up or just not.
        """
        lowest = -1 << (form.width - 1)
        if self.rng.randrange(20) < large:
            return self.rng.choice([lowest, ~lowest])
        shift = self.rng.randrange(form.width) if large else form.width - 3
        if large and self.rng.random() < 0.5:
            below = self.rng.randint(lowest, ~lowest) >> shift
            return max(lowest, (2 * below + 1 << shift >> 1) - self.rng.randrange(2))
        return self.rng.randint(lowest, ~lowest) >> shift

    def frames(self, count: int) -> tuple[list[Any], list[Any]]:
        """Rows of sums, and (z, dz, z clipped, dz clipped) of the neurons in each."""
        layer, payload = self.layer, self.shape("inputs_payload")
        rows: list[Any] = []
        expected: list[Any] = []
        for n in range(count):
            for row in range(layer.rows):
                sums = made(payload, partial(self.number, large=n % 3))
                rows.append(sums)
                width = min(layer.next_simd, layer.n_out - row * layer.next_simd)
                expected.append([self.neuron(sums, row, slot) for slot in range(width)])
        return rows, expected

    def neuron(self, sums: dict[str, Any], row: int, slot: int) -> Any:
        """What becomes of one neuron's sums."""
        i, lanes = row * self.layer.next_simd + slot, range(self.g.lanes)
        signs = sums["sign"][0 if self.shared else slot]
        if self.shared:
            signs = [self.rows[k][i] * signs[k] for k in lanes]
        moved = sums["tangent"][slot] if "tangent" in sums else [0] * self.g.lanes
        bias_signs = [self.rows[k][i] * self.column(k) * (self.mask >> k & 1) for k in lanes]
        given = (sums["value"][slot], moved, signs)
        return weighted(self.d, self.g, self.layer, given, self.biases[i], bias_signs)

    def column(self, lane: int) -> int:
        """The bias's column sign; `Signs` gives 0, which is +1, for independent signs."""
        return self.first[lane]

    @property
    def latency(self) -> int:
        """4 cycles where the mean over T is a multiplication, else 3."""
        steps = self.d.network.time_steps
        return 4 if self.layer.reads_out and steps & (steps - 1) else 3


def _bits(signs: list[int]) -> int:
    return sum((sign < 0) << n for n, sign in enumerate(signs))


@Bench.test(stalls=[(0.5, 0.5), (0.0, 0.7), (0.7, 0.0)])
async def settles_exactly(bench: Bench, stalls: tuple[float, float]) -> None:
    """Sums of all sizes and both ends, some lanes masked, signs turned; every overflow."""
    source, sink = bench.source("inputs", stalls[0]), bench.sink("outputs", stalls[1])
    overflow = bench.pulses("overflow")
    for mask in (bench.mask, 0, bench.rng.getrandbits(bench.g.lanes), bench.mask):
        bench.drive(mask)
        await bench.cycle(2)  # signs of many rows are chosen ahead
        rows, expected = bench.frames(60 if bench.layer.rows < LONG else 3)
        source.send(rows)
        sink.taken.clear()
        overflow.clear()
        await bench.taken(sink, len(expected))
        check_rows(sink.taken, expected)
        flags = [overflow_of(row) for row in expected]
        assert [value for _, value in overflow] == [flag for flag in flags if flag]
        assert 0 in flags and len(set(flags)) > 1
        bench.rows = [[-sign for sign in row] for row in bench.rows]
        bench.biases = [~bias for bias in bench.biases]
        await fill(bench, "host", bench.biases)
        bench.first = [bench.rng.choice([1, -1]) for _ in bench.first]


@Bench.test()
async def takes_rows_as_groups_give_them(bench: Bench) -> None:
    """Latency 3, or 4 with a multiplication; overflow is told with its row."""
    layer, overflow = bench.layer, bench.pulses("overflow")
    rows, expected = bench.frames(10)
    source, sink = bench.source("inputs"), bench.sink("outputs")
    starts: list[int] = []
    for n, row in enumerate(rows):
        if n and n % layer.rows % layer.group_rows == 0:
            before = layer.group_rows if n % layer.rows else layer.last_group_rows
            await bench.cycle(max(0, layer.chunks - before))
        starts.append(bench.now)
        source.send([row])
        await bench.cycle()
    await bench.taken(sink, len(rows))
    assert source.moved == starts
    assert sink.moved == [cycle + bench.latency for cycle in source.moved]
    flags = [overflow_of(row) for row in expected]
    pairs = zip(sink.moved, flags, strict=True)
    assert overflow == [pair for pair in pairs if pair[1]]


@Bench.test()
async def sweeps_move_biases(bench: Bench) -> None:
    """Every lane's signs and steps up to both ends; a sweep takes as many cycles as rows."""
    layer, form = bench.layer, bench.d.formats.weight
    source, sink = bench.source("inputs", 0.3), bench.sink("outputs", 0.3)
    for turn in range(3):
        for lane in range(bench.g.lanes):
            small = bench.rng.randint(form.lowest // 4, form.highest // 4)
            step = [small, form.lowest, form.highest][turn]
            seen, start = bench.pulses("saturated"), bench.now
            bench.set(sweep=1, lane=lane, step=step)
            for n in range(layer.rows):
                await bench.settle()
                assert bench.get("swept") == (n == layer.rows - 1)
                assert bench.get("inputs_ready") == 0
                await bench.edge()
            bench.set(sweep=0)
            await bench.cycle(4)
            over = set()
            for i, bias in enumerate(bench.biases):
                moved = bias - bench.rows[lane][i] * bench.column(lane) * step
                bench.biases[i], clips = clipped(moved, form.bits)
                if clips:
                    over.add(start + i // layer.next_simd + 3)
            assert seen == [(cycle, 1) for cycle in sorted(over)]
            bench.parts.pop()
        rows, expected = bench.frames(3)
        source.send(rows)
        sink.taken.clear()
        await bench.taken(sink, len(expected))
        check_rows(sink.taken, expected)
    assert await read_back(bench, "host", layer.n_out) == bench.biases


@Bench.test()
async def host_is_answered(bench: Bench) -> None:
    """Four cycles after it asks, and until it asks again."""
    await bench.pulse(host_rewind=1)
    for bias in bench.biases:
        await bench.pulse(host_access=1)
        await bench.cycle(READ - 1)
        for _ in range(3):
            assert await bench.see("host_read_data") == bias
