"""`Sieve`: silent chunks go, all others come out in order, as often as there are groups."""

import random
from itertools import pairwise
from typing import Any

import cocotb
from cocotb.handle import HierarchyObject

from dualspike.hw.sieve import Sieve
from dualspike.testbench.benches.reference import chunks, frame, kept
from dualspike.testbench.benches.shapes import shape
from dualspike.testbench.benches.stand import Stand
from dualspike.testbench.components import parameters

TOP = "sieve"
CASES = [
    {"name": "event", "layer": 1},
    {"name": "sparse", "layer": 2},
]


def component(name: str, layer: int) -> Sieve:
    """The sieve before one layer."""
    _, g, one = shape(name, layer)
    return Sieve(one, g.lanes)


class Bench:
    """A sieve and random frames."""

    def __init__(self, stand: Stand, name: str, layer: int) -> None:
        self.stand, self.rng = stand, random.Random(3)
        self.d, _, self.layer = shape(name, layer)

    @classmethod
    async def start(cls, dut: HierarchyObject) -> "Bench":
        """Reset."""
        given = parameters()
        return cls(await Stand.start(dut, component(**given)), **given)

    def frame(self) -> list[dict[str, Any]]:
        """The chunks of a random frame."""
        return chunks(self.layer, *frame(self.rng, self.layer, self.d))

    def sifted(self, given: list[dict[str, Any]], learn: bool) -> list[dict[str, Any]]:
        """What comes out for a frame."""
        places = kept(self.layer, given, learn=learn)
        out = [{"chunk": given[n], "index": n, "last": int(n == places[-1])} for n in places]
        return out * self.layer.groups


@cocotb.test()
@cocotb.parametrize(
    stalls=[(0.0, 0.5), (0.5, 0.0), (0.5, 0.5), (0.9, 0.0), (0.0, 0.9)], learn=[True, False]
)
async def keeps_what_sounds(dut: HierarchyObject, stalls: tuple[float, float], learn: bool) -> None:
    """Chunks with a spike or, in learning, a tangent; the last of a silent frame; no others."""
    bench = await Bench.start(dut)
    stand = bench.stand
    stand.set(learn=learn)
    source, sink = stand.source("inputs", stalls[0]), stand.sink("outputs", stalls[1])
    dropped = stand.pulses("dropped")
    frames = [bench.frame() for _ in range(25)]
    source.send(chunk for one in frames for chunk in one)
    expected = [chunk for one in frames for chunk in bench.sifted(one, learn)]
    await stand.taken(sink, len(expected))
    await stand.cycle(5)
    assert sink.taken == expected
    clocks = len(frames) * bench.layer.cycles - len(expected)
    assert len(dropped) * bench.layer.groups == clocks


@cocotb.test()
async def takes_time_by_what_is_kept(dut: HierarchyObject) -> None:
    """Latency of 2 cycles; then a frame every max(chunks, groups * kept) cycles."""
    bench = await Bench.start(dut)
    stand, layer = bench.stand, bench.layer
    stand.set(learn=1)
    source, sink = stand.source("inputs"), stand.sink("outputs")
    still = [[0] * bench.d.lanes_built] * layer.n_in
    silent, loud = (chunks(layer, [spike] * layer.n_in, still) for spike in (0, 1))
    for kept_chunks in range(layer.chunks + 1):
        source.moved.clear()
        sink.moved.clear()
        payloads = (loud[:kept_chunks] + silent[kept_chunks:]) * 8
        source.send(payloads)
        given = layer.groups * max(1, kept_chunks)
        await stand.taken(sink, len(sink.taken) + 8 * given)
        assert sink.moved[0] - source.moved[layer.chunks - 1] == 2
        starts = sink.moved[::given]
        interval = max(layer.chunks, given)
        assert [b - a for a, b in pairwise(starts)] == [interval] * 7
