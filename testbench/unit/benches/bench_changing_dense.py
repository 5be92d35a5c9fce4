"""`ChangingDense`: passes of batches, each with the change of ``lag`` passes before.

Or, with one change a sample, its first pass with the one of ``lag`` samples before.
"""

from fractions import Fraction
from itertools import pairwise
from math import floor
from typing import Any

from cocotb.handle import HierarchyObject

from dualspike.golden.integer.lfsr import leap
from dualspike.hw.layer.online.dense import ChangingDense
from dualspike.hw.layer.online.passes import change_steps
from dualspike.hw.layer.online.shapes import signal_shape
from dualspike.hw.layer.online.weights import AGAIN
from dualspike.model.description.part import change_shifts
from dualspike.model.interface.lfsr import DITHER, SIGNS, WORD
from dualspike.model.sizes.geometry import geometry
from dualspike.model.sizes.online import bias_trace, follows
from dualspike.testbench.unit.benches.memories import fill, read_back
from dualspike.testbench.unit.benches.online import OnlineTB, taught
from dualspike.testbench.unit.benches.reference import clipped, flat, rounded
from dualspike.testbench.unit.streams import StreamSink, StreamSource

TOP = "changing_dense"
CASES = [
    {"name": "lanes", "layer": 0},
    {"name": "lanes", "layer": 1},
    {"name": "lanes", "layer": 2},
    {"name": "frames", "layer": 0},
    {"name": "own", "layer": 1},
    {"name": "short", "layer": 1},
    {"name": "sample", "layer": 0},
    {"name": "sample", "layer": 1},
    {"name": "sample", "layer": 2},
    {"name": "levels", "layer": 0},
    {"name": "counts", "layer": 0},
    {"name": "counts", "layer": 1},
    {"name": "narrow", "layer": 0},
    {"name": "sparse", "layer": 0},
    {"name": "sparse", "layer": 1},
    {"name": "hushed", "layer": 1},
]

Frame = tuple[list[int], list[list[int]]]
"""Values of the inputs, and tangents [n_in][lanes]."""


def component(name: str, layer: int) -> ChangingDense:
    """One weight layer."""
    d, one = taught(name, layer)
    return ChangingDense(d.parts[0], one, d.batch[0])


class Bench(OnlineTB):
    """A layer with random weights and biases, and all that it should make of a batch."""

    def __init__(self, dut: HierarchyObject) -> None:
        super().__init__(dut)
        every = self.layer.every_step
        self.steps = self.d.network.time_steps if every else 1
        self.passes = self.d.batch[0] * self.steps
        self.shared = change_steps(self.part, self.layer)
        self.changes = self.passes // self.shared
        self.sizes = geometry(self.part)
        self.words = [0, 0]
        self.nothing = [0] * self.layer.n_out, [0] * self.layer.n_in
        self.reach = change_shifts(self.part)[self.layer.index]
        self.shift = 0

    async def load(self) -> None:
        """Load weights and biases."""
        await fill(self, "weights", flat(self.weights))
        await fill(self, "biases", self.biases)

    async def begin(self, shift: int) -> None:
        """Begin a batch with random words."""
        self.shift = min(max(shift, self.reach[0]), self.reach[-1])
        given = [self.rng.getrandbits(WORD) for _ in range(2)]
        self.words = [leap(SIGNS, word, self.reach[-1] - self.shift) for word in given]
        self.set(learn=1, shift=shift)
        for n, word in enumerate(given):
            await self.pulse(load=1 << n, word=word)
        await self.pulse(start=1)

    def frame(self, *, loud: bool = False) -> Frame:
        """Random inputs over their whole range; many silent where the layer skips, or none."""
        layer = self.layer
        values = [self.rng.randint(*self.ends) for _ in range(layer.n_in)]
        others, bits = layer.lanes_in - layer.own_lanes, layer.tangent_in_bits
        tangents = [self.numbers(bits, others) if others else [] for _ in values]
        own = [self.rng.choices((-1, 0, 1), k=layer.own_lanes) for _ in values]
        if layer.skips:
            silence = 0.0 if loud else self.rng.choice([0.3, 0.9, 1.0])
            for j in range(layer.n_in):
                if self.rng.random() < silence:
                    values[j], own[j] = 0, [0] * layer.own_lanes
                    tangents[j] = [0] * others if self.rng.random() < silence else tangents[j]
                elif loud:
                    values[j] = 1
        return values, [[*ones, *twos] for ones, twos in zip(tangents, own, strict=True)]

    def chunks(self, frame: Frame) -> list[dict[str, Any]]:
        """A frame as payloads."""
        layer, payloads = self.layer, list[dict[str, Any]]()
        others = layer.lanes_in - layer.own_lanes
        width = layer.chunks * layer.simd
        values = [*frame[0], *[0] * (width - layer.n_in)]
        lanes = [*frame[1], *[[0] * layer.lanes_in] * (width - layer.n_in)]
        for at in range(0, width, layer.simd):
            payload: dict[str, Any] = {"value": values[at : at + layer.simd]}
            if layer.own_lanes:
                payload["own"] = [one[others:] for one in lanes[at : at + layer.simd]]
            if others:
                payload["tangent"] = [one[:others] for one in lanes[at : at + layer.simd]]
            payloads.append(payload)
        return payloads

    def neurons(self, frame: Frame, *, learn: bool) -> list[tuple[int, list[int], int]]:
        """(z, dz of every lane, overflow) of every neuron; dz count where the core may ``learn``.

        Without, they are those of any chunks where the layer skips.
        """
        layer, f = self.layer, self.d.formats
        others, unit = layer.lanes_in - layer.own_lanes, Fraction(1, 1 << layer.value_fraction)
        mean = Fraction(1)
        if layer.reads_out:
            mean = Fraction(self.sizes.reciprocal, 1 << self.sizes.reciprocal_shift)
        found: list[tuple[int, list[int], int]] = []
        for weights, bias in zip(self.weights, self.biases, strict=True):
            total = sum(w * x for w, x in zip(weights, frame[0], strict=True))
            z, over = rounded((total * unit * mean + bias) * f.weight.lsb, f.membrane)
            dz: list[int] = []
            over_tangent = False
            for k in range(layer.lanes_in):
                total = sum(w * x[k] for w, x in zip(weights, frame[1], strict=True))
                last = f.tangent.lsb * mean if k < others else 1
                one, clips = rounded(total * f.weight.lsb * last, f.tangent)
                dz.append(one)
                over_tangent |= clips
            some = (z, dz, over + 2 * over_tangent)
            found.append(some if learn or not layer.skips else (z, [], over))
        return found

    def traces(self, frames: list[Frame]) -> list[list[int]]:
        """Those of every change."""
        layer, shift = self.layer, self.part.leak_shift
        if not follows(layer):
            return [frame[0] for frame in frames]
        if self.part.by_sample:
            samples = [frames[n : n + self.shared] for n in range(0, len(frames), self.shared)]
            return [
                [sum(column) for column in zip(*(values for values, _ in sample), strict=True)]
                for sample in samples
            ]
        result: list[list[int]] = []
        for n, (values, _) in enumerate(frames):
            before = result[-1] if n % self.steps else [0] * layer.n_in
            lost = [floor(Fraction(a, 1 << shift)) if shift else 0 for a in before]
            result.append([a - b + 64 * s for a, b, s in zip(before, lost, values, strict=True)])
        return result

    def change(self, number: int, signals: list[int], trace: list[int]) -> bool:
        """Change ``number`` of the batch lands; whether a weight was clipped."""
        one = bias_trace(self.part, self.layer)
        over, bits = False, self.d.formats.weight.bits
        rows, columns = (leap(SIGNS, start, number * WORD) for start in self.words)
        for i, signal in enumerate(signals):
            row = leap(SIGNS, rows, i)
            moved: list[int] = []
            for j, a in enumerate([one, *trace]):
                old = self.weights[i][j - 1] if j else self.biases[i]
                dither = (row ^ leap(SIGNS, columns, j)) % (1 << self.shift)
                new, clips = clipped(
                    old - floor(Fraction(signal * a + dither, 1 << self.shift)), bits
                )
                over |= clips
                moved.append(new)
            self.biases[i], self.weights[i] = moved[0], moved[1:]
        return over

    def signals(self) -> list[int]:
        """Random signals of all neurons, sometimes none."""
        bits = signal_shape(self.part, self.layer).width
        return [n * self.rng.randrange(2) for n in self.numbers(bits, self.layer.n_out)]

    def left(self, frame: Frame | None, signals: list[int], trace: list[int], learn: bool) -> int:
        """Clocks that a pass leaves out, with a change of ``signals`` and ``trace``, all 0 if none.

        A pass after a batch has no ``frame``.
        """
        layer, heard, moved = self.layer, 0, 0
        values, lanes = frame or ([0] * layer.n_in, [[0]] * layer.n_in)
        for n in range(0, layer.n_in, layer.simd):
            chunk = slice(n, n + layer.simd)
            loud = any(values[chunk]) or (learn and any(map(any, lanes[chunk])))
            heard += loud
            moved += loud or any(trace[chunk])
        groups = [any(signals[n : n + layer.pe]) for n in range(0, layer.n_out, layer.pe)]
        return sum(layer.chunks - max(1, moved if moves else heard) for moves in groups)

    def latency(self) -> int:
        """Cycles from a frame's last chunk to its first row."""
        layer = self.layer
        if layer.skips:
            return 12 + 2 * layer.multiply + 3 + layer.chunks
        again = 1 + layer.chunks if layer.groups > 1 else 0
        again += layer.reads_out and self.sizes.reciprocal != 1
        return 12 + 2 * layer.multiply + again


@Bench.test(stalls=[(0.0, 0.0), (0.5, 0.5)])
async def learns(bench: Bench, stalls: tuple[float, float]) -> None:
    """Batches with frames, signals and rows that wait for each other; an inference between."""
    source, sink = bench.source("inputs", stalls[0]), bench.sink("outputs", stalls[1])
    signals = bench.source("signals", stalls[1], seed=2)
    overflow, saturated = bench.pulses("overflow"), bench.pulses("saturated")
    left = bench.pulses("left") if bench.layer.skips else []
    clips = set[bool]()
    first = bench.reach[0]
    for shift in (first, 0, first, first + 1, first + 3, bench.reach[-1], DITHER):
        frames = [bench.frame() for _ in range(bench.passes)]
        given = [bench.signals() for _ in range(bench.changes)]
        for learn in (1, 0):
            for seen in (overflow, saturated, left, sink.taken):
                seen.clear()
            bench.set(learn=learn)
            if learn:
                await bench.begin(shift)
                for one in given:
                    signals.send(bench.rows_of(one))
            expected: list[Any] = []
            over, fewer = False, 0
            traces, lag = bench.traces(frames), bench.layer.lag
            for n in range(bench.changes + lag * learn):
                if learn and n >= lag:
                    over |= bench.change(n - lag, given[n - lag], traces[n - lag])
                due = learn and n >= lag
                change = (given[n - lag], traces[n - lag]) if due else bench.nothing
                here = frames[n * bench.shared : (n + 1) * bench.shared]
                fewer += sum(bench.left(frame, *change, bool(learn)) for frame in here or [None])
                for frame in here:
                    source.send(bench.chunks(frame))
                    expected += bench.rows_of(bench.neurons(frame, learn=bool(learn)))
            if learn:
                await bench.until(lambda: bench.get("over") and not bench.get("start"))
            await bench.taken(sink, len(expected))
            await bench.cycle(4)
            check(sink.taken, expected)
            flags = [one[2] if one else 0 for row in expected for one in row]
            kinds = range(1 if bench.layer.skips and not learn else 2)
            told = [sum(value >> n & 1 for _, value in overflow) > 0 for n in kinds]
            assert told == [any(flag >> n & 1 for flag in flags) for n in kinds]
            assert bool(saturated) == over
            assert not bench.layer.skips or sum(clocks for _, clocks in left) == fewer
            clips.add(over)
        count = bench.layer.n_out * bench.layer.n_in
        assert await read_back(bench, "weights", count) == flat(bench.weights)
        assert await read_back(bench, "biases", bench.layer.n_out) == bench.biases
    # A single change a batch is too small for that.
    assert clips == {False, True} or bench.case["name"] == "short"


def check(taken: list[Any], expected: list[Any]) -> None:
    """Rows as they should be; a 0 stands for a neuron that is not there."""
    assert len(taken) == len(expected)
    for payload, row in zip(taken, expected, strict=True):
        for slot, one in enumerate(row):
            if one:
                assert payload["value"][slot] == one[0]
                assert not one[1] or payload["tangent"][slot] == one[1]


@Bench.test()
async def keeps_its_pace(bench: Bench) -> None:
    """Latency of a frame on its own; then the cycles from one to the next, also with changes."""
    layer = bench.layer
    source, sink = bench.source("inputs"), bench.sink("outputs")
    signals = bench.source("signals")
    await bench.begin(bench.rng.choice(bench.reach))
    source.send(bench.chunks(bench.frame(loud=True)))
    await bench.taken(sink, layer.rows)
    assert sink.moved[0] - source.moved[-1] == bench.latency()
    for _ in range(bench.changes):
        signals.send(bench.rows_of(bench.signals()))
    for _ in range(bench.passes - 1):
        source.send(bench.chunks(bench.frame()))
    await bench.until(lambda: bool(bench.get("over")))
    bench.set(learn=0)
    count = len(sink.taken)
    for _ in range(12):
        source.send(bench.chunks(bench.frame(loud=True)))
    await bench.taken(sink, count + 12 * layer.rows)
    starts = sink.moved[:: layer.rows]
    interval = max(layer.cycles, layer.rows, AGAIN)
    assert [b - a for a, b in pairwise(starts[-5:])] == [interval] * 4
    within = starts[layer.lag * bench.shared : bench.passes]
    assert all(b - a <= interval for a, b in pairwise(within[2:]))
    if layer.skips:
        await _takes_what_is_loud(bench, source, sink)


async def _takes_what_is_loud(bench: Bench, source: StreamSource, sink: StreamSink) -> None:
    """Two passes take as long as two frames in, two walks, or one of both and 4 cycles.

    A group takes no less than its rows.
    """
    layer = bench.layer
    for loud in range(layer.chunks + 1):
        values = [int(n < loud * layer.simd) for n in range(layer.n_in)]
        await bench.cycle(40)
        sink.moved.clear()
        for _ in range(10):
            source.send(bench.chunks((values, [[0] * layer.lanes_in] * layer.n_in)))
        await bench.taken(sink, len(sink.taken) + 10 * layer.rows)
        starts, kept = sink.moved[:: layer.rows], max(1, loud)
        walk = (layer.groups - 1) * max(kept, layer.group_rows) + max(kept, layer.last_group_rows)
        two = max(2 * max(layer.chunks, walk, AGAIN), layer.chunks + walk + 4)
        assert [b - a for a, b in zip(starts[4:], starts[6:], strict=False)] == [two] * 4
