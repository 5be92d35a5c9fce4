"""`Gatherer`: rows become groups, also the last one of a frame, which has fewer."""

import random

from amaranth.hdl import unsigned

from dualspike.hw.stream.gatherer import Gatherer
from dualspike.testbench.unit.benches.online import OnlineTB, taught
from dualspike.testbench.unit.streams import StreamSink, StreamSource

TOP = "gatherer"
CASES = [{"name": "lanes", "layer": 1}, {"name": "frames", "layer": 1}, {"name": "own", "layer": 0}]


def component(name: str, layer: int) -> Gatherer:
    """For numbers of 8 bits."""
    return Gatherer(taught(name, layer)[1], unsigned(8))


async def _through(
    tb: OnlineTB, frames: int, stalls: tuple[float, float]
) -> tuple[StreamSource, StreamSink]:
    """Random frames in rows, which come out in groups."""
    layer, rng = tb.layer, random.Random(2)
    given = [[rng.getrandbits(8) for _ in range(layer.n_out)] for _ in range(frames)]
    rows = [row for frame in given for row in tb.rows_of(frame)]
    source, sink = await tb.through(rows, frames * layer.groups, stalls)
    starts = range(0, layer.n_out, layer.pe)
    groups = [frame[n : n + layer.pe] for frame in given for n in starts]
    for taken, group in zip(sink.taken, groups, strict=True):
        assert taken[: len(group)] == group
    return source, sink


@OnlineTB.test(stalls=[(0.0, 0.5), (0.5, 0.0), (0.5, 0.5)])
async def gathers(tb: OnlineTB, stalls: tuple[float, float]) -> None:
    """Frames, whoever waits."""
    await _through(tb, 20, stalls)


@OnlineTB.test()
async def keeps_its_pace(tb: OnlineTB) -> None:
    """A row a cycle, and each group a cycle after its last."""
    layer = tb.layer
    source, sink = await _through(tb, 6, (0.0, 0.0))
    assert source.moved == list(range(source.moved[0], source.moved[0] + 6 * layer.rows))
    last = [*range(layer.group_rows, layer.rows, layer.group_rows), layer.rows]
    ends = [source.moved[frame * layer.rows + n - 1] for frame in range(6) for n in last]
    assert sink.moved == [cycle + 1 for cycle in ends]
