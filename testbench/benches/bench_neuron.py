"""`Neuron`: integrate and fire on dual numbers, sample after sample."""

import random
from typing import Any

import cocotb
from cocotb.handle import HierarchyObject

from dualspike.golden.integer import surrogate_table
from dualspike.hw.neuron import Neuron
from dualspike.testbench.benches.reference import clipped
from dualspike.testbench.benches.shapes import shape
from dualspike.testbench.benches.stand import Stand
from dualspike.testbench.components import parameters

LATENCY = 4


def component(name: str, layer: int) -> Neuron:
    """The neurons behind one layer."""
    d, g, one = shape(name, layer)
    return Neuron(d, one, g.lanes)


class Bench:
    """Neurons, and samples for them."""

    def __init__(self, stand: Stand, name: str, layer: int) -> None:
        self.stand, self.rng = stand, random.Random(10)
        self.d, self.g, self.layer = shape(name, layer)
        f = self.d.formats
        self.table: list[int] = surrogate_table(self.d.network, f.surrogate).tolist()
        self.half = 1 << (f.membrane.bits - 1), 1 << (f.tangent.bits - 1)

    @classmethod
    async def start(cls, dut: HierarchyObject) -> "Bench":
        """Reset."""
        given = parameters()
        return cls(await Stand.start(dut, component(**given)), **given)

    def number(self, half: int, large: int) -> int:
        """A number in [-half, half): tiny, or of any size, or often with ``large`` an end."""
        if self.rng.randrange(10) < large:
            return self.rng.choice([-half, half - 1])
        bits = half.bit_length()
        return self.rng.randint(-half, half - 1) >> (
            self.rng.randrange(bits) if large else bits - 2
        )

    def sample(self, large: int) -> tuple[list[Any], list[Any]]:
        """T frames of rows, padding filled with ends, and for every row what comes of it."""
        layer, lanes, width = self.layer, range(self.g.lanes), self.layer.next_simd
        states = [(0, [0] * self.g.lanes) for _ in range(layer.n_out)]
        rows: list[Any] = []
        expected: list[Any] = []
        for _ in range(self.d.network.time_steps):
            for row in range(layer.rows):
                z = [self.half[0] - 1] * width
                dz = [[-self.half[1] for _ in lanes] for _ in range(width)]
                spikes, tangents, flags = [0] * width, [[0 for _ in lanes]] * width, [False] * 3
                for slot in range(min(width, layer.n_out - row * width)):
                    i = row * width + slot
                    z[slot] = self.number(self.half[0], large)
                    dz[slot] = [self.number(self.half[1], large) for _ in lanes]
                    states[i], spikes[slot], tangents[slot], over = self.step(
                        states[i], z[slot], dz[slot]
                    )
                    flags = [a or b for a, b in zip(flags, over, strict=True)]
                rows.append({"value": z, "tangent": dz})
                expected.append(({"value": spikes, "tangent": tangents}, flags))
        return rows, expected

    def step(self, state: Any, z: int, dz: list[int]) -> tuple[Any, int, list[int], list[bool]]:
        """One neuron's step: state, spike, spike tangents, clipped (membrane, charge, dS)."""
        f, s, theta = self.d.formats, self.d.network.surrogate, self.d.threshold
        membrane, over = clipped(state[0] + z, f.membrane.bits)
        distance = membrane - theta
        spike = int(distance > 0)
        in_bins = (distance + (s.span << f.membrane.fraction)) * s.entries
        bin_number = in_bins // (2 * s.span << f.membrane.fraction)
        inside = 0 <= bin_number < s.entries
        slope = self.table[1 + bin_number] if inside else 0
        pairs = [
            clipped(charge + one, f.tangent.bits) for charge, one in zip(state[1], dz, strict=True)
        ]
        charges = [charge for charge, _ in pairs]
        scale = 1 << f.surrogate.fraction
        spikes = [
            clipped((2 * slope * charge + scale) // (2 * scale), f.tangent.bits)
            for charge in charges
        ]
        flags = [over, any(clips for _, clips in pairs), any(clips for _, clips in spikes)]
        after = membrane - theta * spike
        return (after, charges), spike, [one for one, _ in spikes], flags


@cocotb.test()
@cocotb.parametrize(stalls=[(0.5, 0.5), (0.0, 0.7), (0.7, 0.0)])
async def fires_as_the_equations(dut: HierarchyObject, stalls: tuple[float, float]) -> None:
    """Samples from small to wild, whoever waits; each sample's overflows; padding stays silent."""
    bench = await Bench.start(dut)
    stand = bench.stand
    source, sink = stand.source("inputs", stalls[0]), stand.sink("outputs", stalls[1])
    overflow = stand.pulses("overflow")
    seen = set()
    for turn in range(40):
        rows, expected = bench.sample(turn % 4)
        source.send(rows)
        sink.taken.clear()
        overflow.clear()
        await stand.taken(sink, len(rows))
        assert sink.taken == [payload for payload, _ in expected]
        flags = [flag for _, flag in expected]
        told = [sum(value >> n & 1 for _, value in overflow) > 0 for n in range(2)]
        assert told == [any(flag[0] for flag in flags), any(flag[1] or flag[2] for flag in flags)]
        seen.add(tuple(told))
    steps = bench.d.network.time_steps
    assert seen >= ({(False, False), (True, True)} if steps > 1 else {(False, False)})


@cocotb.test()
async def takes_four_cycles(dut: HierarchyObject) -> None:
    """A row in every cycle, 4 cycles long; overflows of charges as they come in, of dS 3 later."""
    bench = await Bench.start(dut)
    stand = bench.stand
    source, sink = stand.source("inputs"), stand.sink("outputs")
    overflow = stand.pulses("overflow")
    rows: list[Any] = []
    expected: list[Any] = []
    for turn in range(12):
        more, after = bench.sample(turn % 4)
        rows, expected = rows + more, expected + after
    source.send(rows)
    await stand.taken(sink, len(rows))
    assert source.moved == list(range(source.moved[0], source.moved[0] + len(rows)))
    assert sink.moved == [cycle + LATENCY for cycle in source.moved]
    assert sink.taken == [payload for payload, _ in expected]
    told: dict[int, int] = {}
    for cycle, (_, (membrane, charge, spike)) in zip(source.moved, expected, strict=True):
        told[cycle] = told.get(cycle, 0) | membrane | charge << 1
        told[cycle + LATENCY - 1] = spike << 1
    assert overflow == [(cycle, value) for cycle, value in sorted(told.items()) if value]
