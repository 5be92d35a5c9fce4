"""`Neuron`: integrate and fire on dual numbers, with and without leak, sample after sample."""

import math
from fractions import Fraction
from itertools import product
from typing import Any

from cocotb.handle import HierarchyObject

from dualspike.golden.integer.surrogate_table import surrogate_table
from dualspike.hw.layer.neuron import Neuron
from dualspike.model.sizes.depth import LONG
from dualspike.testbench.unit.benches.layer import LayerTB, joined
from dualspike.testbench.unit.benches.reference import clipped
from dualspike.testbench.unit.benches.shapes import shape

PAIRS = 1024

TOP = "neuron"
CASES = [
    {"name": "plain", "layer": 0},
    {"name": "folded", "layer": 0},
    {"name": "folded", "layer": 1},
    {"name": "twisted", "layer": 1},
    {"name": "odd", "layer": 1},
    {"name": "single", "layer": 0},
    {"name": "leaky", "layer": 0},
    {"name": "attached", "layer": 0},
    {"name": "attached", "layer": 1},
    {"name": "fast", "layer": 0},
    {"name": "wide", "layer": 2},
]


def component(name: str, layer: int) -> Neuron:
    """The neurons after one layer."""
    d, g, one = shape(name, layer)
    return Neuron(d.parts[0], one, g.lanes)


class Bench(LayerTB):
    """Neurons, and samples for them."""

    def __init__(self, dut: HierarchyObject) -> None:
        super().__init__(dut)
        f = self.d.formats
        self.table: list[int] = surrogate_table(self.d.parts[0]).tolist()
        self.half = 1 << (f.membrane.bits - 1), 1 << (f.tangent.bits - 1)

    def number(self, half: int, large: int) -> int:
        """A number in [-half, half): tiny, or of any size, or often with ``large`` an end."""
        if self.rng.randrange(10) < large:
            return self.rng.choice([-half, half - 1])
        bits = half.bit_length()
        return self.rng.randint(-half, half - 1) >> (
            self.rng.randrange(bits) if large else bits - 2
        )

    def sample(self, large: int) -> tuple[list[Any], list[Any]]:
        """T frames of rows with `number`s, and for every row what comes of it."""
        lanes = range(self.g.lanes)
        return self.fed(
            [
                [
                    (
                        self.number(self.half[0], large),
                        [self.number(self.half[1], large) for _ in lanes],
                    )
                    for _ in range(self.layer.n_out)
                ]
                for _ in range(self.d.network.time_steps)
            ]
        )

    def fed(self, frames: list[list[tuple[int, list[int]]]]) -> tuple[list[Any], list[Any]]:
        """Frames of (z, dz) of every neuron as rows, padding filled with ends; what comes of it."""
        layer, lanes, width = self.layer, range(self.g.lanes), self.layer.next_simd
        states = [(0, [0] * self.g.lanes) for _ in range(layer.n_out)]
        rows: list[Any] = []
        expected: list[Any] = []
        for frame in frames:
            for row in range(layer.rows):
                z = [self.half[0] - 1] * width
                dz = [[-self.half[1] for _ in lanes] for _ in range(width)]
                spikes, tangents, flags = [0] * width, [[0 for _ in lanes]] * width, [False] * 5
                for slot in range(min(width, layer.n_out - row * width)):
                    i = row * width + slot
                    z[slot], dz[slot] = frame[i]
                    states[i], spikes[slot], tangents[slot], over = self.step(
                        states[i], z[slot], dz[slot]
                    )
                    flags = [a or b for a, b in zip(flags, over, strict=True)]
                rows.append({"value": z, "tangent": dz})
                expected.append(({"value": spikes, "tangent": tangents}, flags))
        return rows, expected

    def leaked(self, state: int) -> int:
        """A state a step later: it loses a share of 2^-k, rounded half up."""
        share = 1 - Fraction(self.d.network.leak)
        return state - math.floor(state * share + Fraction(1, 2)) if share else state

    def step(self, state: Any, z: int, dz: list[int]) -> tuple[Any, int, list[int], list[bool]]:
        """One neuron's step: state, spike, spike tangents, clipped.

        That is: a membrane above and below its format, dU, dS, dU after the reset.
        """
        f, network, s = self.d.formats, self.d.network, self.d.network.surrogate
        theta = round(network.thresholds[self.layer.index] * 2**f.membrane.fraction)
        summed = self.leaked(state[0]) + z
        membrane = clipped(summed, f.membrane.bits)[0]
        distance = membrane - theta
        spike = int(distance > 0)
        in_bins = (distance + (s.span << f.membrane.fraction)) * s.entries
        bin_number = in_bins // (2 * s.span << f.membrane.fraction)
        inside = 0 <= bin_number < s.entries
        slope = self.table[1 + bin_number] if inside else 0
        pairs = [
            clipped(self.leaked(charge) + one, f.tangent.bits)
            for charge, one in zip(state[1], dz, strict=True)
        ]
        charges = [charge for charge, _ in pairs]
        scale = 1 << f.surrogate.fraction
        found = [
            clipped((2 * slope * charge + scale) // (2 * scale), f.tangent.bits)
            for charge in charges
        ]
        spikes = [one for one, _ in found]
        flags = [summed > membrane, summed < membrane]
        flags += [any(clips for _, clips in pairs), any(clips for _, clips in found), False]
        if network.reset == "attached":
            one = Fraction(theta, 1 << f.membrane.fraction)
            lost = [math.floor(one * spike + Fraction(1, 2)) for spike in spikes]
            pairs = [
                clipped(charge - gone, f.tangent.bits)
                for charge, gone in zip(charges, lost, strict=True)
            ]
            charges, flags[4] = [charge for charge, _ in pairs], any(clips for _, clips in pairs)
        return (membrane - theta * spike, charges), spike, spikes, flags


@Bench.test(stalls=[(0.5, 0.5), (0.0, 0.7), (0.7, 0.0)])
async def fires_as_the_equations(bench: Bench, stalls: tuple[float, float]) -> None:
    """Samples from small to wild, whoever waits; each sample's overflows; padding stays silent."""
    source, sink = bench.source("inputs", stalls[0]), bench.sink("outputs", stalls[1])
    overflow, floor = bench.pulses("overflow"), bench.pulses("floor")
    seen = set[tuple[bool, bool, bool]]()
    many = 40 if bench.layer.rows < LONG else 8
    for turn in range(max(many, 160 // bench.layer.n_out)):  # so that even one neuron clips both
        rows, expected = bench.sample(turn % 4)
        source.send(rows)
        sink.taken.clear()
        overflow.clear()
        floor.clear()
        await bench.taken(sink, len(rows))
        await bench.cycle()
        assert sink.taken == [payload for payload, _ in expected]
        flags = [flag for _, flag in expected]
        told = [sum(value >> n & 1 for _, value in overflow) > 0 for n in range(2)]
        over, below, *tangent = (any(column) for column in zip(*flags, strict=True))
        assert [*told, bool(floor)] == [over, any(tangent), below]
        seen.add((over, any(tangent), below))
    both = {(False, False), (True, True)} if bench.d.network.time_steps > 1 else {(False, False)}
    assert {one[:2] for one in seen} >= both and {one[1:] for one in seen} >= both


@Bench.test()
async def follows_every_pair_of_inputs(bench: Bench) -> None:
    """All pairs of numbers in the first two steps, or so many of them drawn at random."""
    rng, lanes = bench.rng, range(bench.g.lanes)
    source, sink = bench.source("inputs"), bench.sink("outputs")

    def pairs(half: int) -> list[tuple[int, int]]:
        if (2 * half) ** 2 > PAIRS:
            ends = -half, half - 1
            return [(rng.randint(*ends), rng.randint(*ends)) for _ in range(PAIRS)]
        every = list(product(range(-half, half), range(-half, half)))
        rng.shuffle(every)
        return every

    values = pairs(bench.half[0])
    tangents = [pairs(bench.half[1]) for _ in lanes]
    n_out, steps = bench.layer.n_out, bench.d.network.time_steps

    def frames(first: int) -> list[list[tuple[int, list[int]]]]:
        silent = [(0, [0 for _ in lanes])] * n_out
        driven = [
            [
                (values[i % len(values)][t], [lane[i % len(lane)][t] for lane in tangents])
                for i in range(first, first + n_out)
            ]
            for t in range(min(steps, 2))
        ]
        return driven + [silent] * (steps - 2)

    rows, expected = joined(bench.fed(frames(first)) for first in range(0, PAIRS, n_out))
    source.send(rows)
    await bench.taken(sink, len(rows))
    assert sink.taken == [payload for payload, _ in expected]


@Bench.test()
async def takes_its_cycles(bench: Bench) -> None:
    """4 + integrate + derive; a row in each, or a frame in these with few rows and reset attached.

    Overflows of charges 1 cycle after a row, both ends of membranes ``integrate`` more, of dS 1
    before the row is there, of the reset then.
    """
    summed = bench.layer.integrate
    late = 4 + summed + bench.layer.derive
    source, sink = bench.source("inputs"), bench.sink("outputs")
    overflow, floor = bench.pulses("overflow"), bench.pulses("floor")
    rows, expected = joined(bench.sample(turn % 4) for turn in range(12))
    source.send(rows)
    await bench.taken(sink, len(rows))
    await bench.cycle()
    count, every = bench.layer.rows, bench.layer.frame_cycles
    begins = [source.moved[0] + n // count * every + n % count for n in range(len(rows))]
    assert source.moved == begins
    assert every == max(count, late if bench.d.network.reset == "attached" else 0)
    assert sink.moved == [cycle + late for cycle in source.moved]
    assert sink.taken == [payload for payload, _ in expected]
    told: dict[int, int] = {}
    below: list[tuple[int, int]] = []
    for cycle, (_, (over, rests, charge, spike, reset)) in zip(source.moved, expected, strict=True):
        charged, spiked = (1, charge << 1), (late - 1, spike << 1)
        for after, flag in charged, spiked, (1 + summed, int(over)), (late, reset << 1):
            told[cycle + after] = told.get(cycle + after, 0) | flag
        below += [(cycle + 1 + summed, 1)] if rests else []
    assert floor == below
    assert overflow == [(cycle, value) for cycle, value in sorted(told.items()) if value]


@Bench.test()
async def begins_anew_after_a_reset(bench: Bench) -> None:
    """One clock of it, wherever in a sample it comes, and a row in the clock after it."""
    source, sink = bench.source("inputs"), bench.sink("outputs")
    for seed in range(2, 8):
        await bench.reset(seed)
        rows, expected = bench.sample(3)
        source.send(rows)
        sink.taken.clear()
        await bench.taken(sink, len(expected))
        assert sink.taken == [payload for payload, _ in expected]
