"""`Replay`: frames repeated, and the next taken meanwhile."""

import random

import cocotb
from amaranth.hdl import unsigned
from cocotb.handle import HierarchyObject

from dualspike.hw.replay import Replay
from dualspike.testbench.benches.tb import TB
from dualspike.testbench.components import parameters

TOP = "replay"
CASES = [
    {"depth": 1, "times": 1},
    {"depth": 1, "times": 5},
    {"depth": 3, "times": 2},
    {"depth": 4, "times": 3},
]


def component(depth: int, times: int) -> Replay:
    """A replay of frames of ``depth`` bytes."""
    return Replay(unsigned(8), depth, times)


class Bench(TB):
    """A replay and random frames."""

    def __init__(self, dut: HierarchyObject) -> None:
        super().__init__(dut)
        self.depth, self.times = parameters()["depth"], parameters()["times"]

    def frames(self, count: int) -> tuple[list[int], list[int]]:
        """Rows in, and rows out."""
        rng = random.Random(count)
        frames = [[rng.randrange(256) for _ in range(self.depth)] for _ in range(count)]
        return [row for frame in frames for row in frame], [
            row for frame in frames for row in frame * self.times
        ]


@cocotb.test()
@cocotb.parametrize(stalls=[(0.0, 0.5), (0.5, 0.0), (0.5, 0.5), (0.9, 0.0), (0.0, 0.9)])
async def repeats_every_frame(dut: HierarchyObject, stalls: tuple[float, float]) -> None:
    """Each frame as often as it should, whoever waits, and nothing more."""
    bench = await Bench.start(dut)
    rows, expected = bench.frames(20)
    _, sink = await bench.through(rows, len(expected), stalls)
    await bench.cycle(5)
    assert sink.taken == expected


@cocotb.test()
async def loses_no_cycle(dut: HierarchyObject) -> None:
    """First row out 2 cycles behind the last in; then a row in every cycle, frame upon frame."""
    bench = await Bench.start(dut)
    rows, expected = bench.frames(6)
    source, sink = await bench.through(rows, len(expected))
    depth = bench.depth
    assert source.moved[: 2 * depth] == list(range(source.moved[0], source.moved[0] + 2 * depth))
    first = source.moved[depth - 1] + 2
    assert sink.moved == list(range(first, first + len(expected)))
