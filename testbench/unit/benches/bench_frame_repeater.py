"""`FrameRepeater`: frames repeated, and the next taken meanwhile."""

import random

from amaranth.hdl import unsigned

from dualspike.hw.stream.buffers.frame_repeater import FrameRepeater
from dualspike.testbench.unit.benches.layer import joined
from dualspike.testbench.unit.tb import TB

TOP = "frame_repeater"
CASES = [
    {"depth": 1, "times": 1},
    {"depth": 1, "times": 5},
    {"depth": 3, "times": 2},
    {"depth": 4, "times": 3},
    {"depth": 4, "times": 3, "held": True},
]


def component(depth: int, times: int, *, held: bool = False) -> FrameRepeater:
    """A replay of frames of ``depth`` bytes."""
    return FrameRepeater(unsigned(8), depth, times, held=held)


class Bench(TB):
    """A replay and random frames."""

    def frames(self, count: int) -> tuple[list[int], list[int]]:
        """Rows in, and rows out."""
        depth, times = self.case["depth"], self.case["times"]
        rng = random.Random(count)
        frames = [[rng.randrange(256) for _ in range(depth)] for _ in range(count)]
        return joined((frame, frame * times) for frame in frames)


@Bench.test(stalls=[(0.0, 0.5), (0.5, 0.0), (0.5, 0.5), (0.9, 0.0), (0.0, 0.9)])
async def repeats_every_frame(bench: Bench, stalls: tuple[float, float]) -> None:
    """Each frame as often as it should, whoever waits, and nothing more."""
    rows, expected = bench.frames(20)
    _, sink = await bench.through(rows, len(expected), stalls)
    await bench.cycle(5)
    assert sink.taken == expected


@Bench.test()
async def loses_no_cycle(bench: Bench) -> None:
    """First row out 2 or 3 cycles after the last in; then one in every cycle, frame upon frame."""
    rows, expected = bench.frames(6)
    source, sink = await bench.through(rows, len(expected))
    depth = bench.case["depth"]
    assert source.moved[: 2 * depth] == list(range(source.moved[0], source.moved[0] + 2 * depth))
    first = source.moved[depth - 1] + (3 if bench.case.get("held") else 2)
    assert sink.moved == list(range(first, first + len(expected)))
