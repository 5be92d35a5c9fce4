"""`ZeroSkipper`: silent chunks go, all others come out in order, as often as there are groups."""

from itertools import pairwise
from typing import Any

from dualspike.hw.layer.zero_skipper import ZeroSkipper
from dualspike.testbench.unit.benches.layer import LayerTB
from dualspike.testbench.unit.benches.reference import chunks, frame, kept
from dualspike.testbench.unit.benches.shapes import shape

TOP = "sieve"
CASES = [
    {"name": "event", "layer": 1},
    {"name": "sparse", "layer": 2},
]


def component(name: str, layer: int) -> ZeroSkipper:
    """The sieve before one layer."""
    _, g, one = shape(name, layer)
    return ZeroSkipper(one, g.lanes)


class Bench(LayerTB):
    """A zero skipper and random frames."""

    def frame(self) -> list[dict[str, Any]]:
        """The chunks of a random frame."""
        return chunks(self.layer, *frame(self.rng, self.layer, self.d))

    def sifted(self, given: list[dict[str, Any]], learn: bool) -> list[dict[str, Any]]:
        """What comes out for a frame."""
        places = kept(self.layer, given, learn=learn)
        out = [{"chunk": given[n], "index": n, "last": int(n == places[-1])} for n in places]
        return out * self.layer.groups


@Bench.test(
    stalls=[(0.0, 0.5), (0.5, 0.0), (0.5, 0.5), (0.9, 0.0), (0.0, 0.9)], learn=[True, False]
)
async def keeps_what_sounds(bench: Bench, stalls: tuple[float, float], learn: bool) -> None:
    """Chunks with a spike or, in learning, a tangent; the last of a silent frame; no others."""
    bench.set(learn=learn)
    source, sink = bench.source("inputs", stalls[0]), bench.sink("outputs", stalls[1])
    dropped = bench.pulses("dropped")
    frames = [bench.frame() for _ in range(25)]
    source.send(chunk for one in frames for chunk in one)
    expected = [chunk for one in frames for chunk in bench.sifted(one, learn)]
    await bench.taken(sink, len(expected))
    await bench.cycle(5)
    assert sink.taken == expected
    clocks = len(frames) * bench.layer.cycles - len(expected)
    assert len(dropped) * bench.layer.groups == clocks


@Bench.test()
async def takes_time_by_what_is_kept(bench: Bench) -> None:
    """Latency of 2 cycles; then a frame every max(chunks, groups * kept) cycles."""
    layer = bench.layer
    bench.set(learn=1)
    source, sink = bench.source("inputs"), bench.sink("outputs")
    still = [[0] * bench.d.lanes_built] * layer.n_in
    silent, loud = (chunks(layer, [spike] * layer.n_in, still) for spike in (0, 1))
    for kept_chunks in range(layer.chunks + 1):
        source.moved.clear()
        sink.moved.clear()
        payloads = (loud[:kept_chunks] + silent[kept_chunks:]) * 8
        source.send(payloads)
        given = layer.groups * max(1, kept_chunks)
        await bench.taken(sink, len(sink.taken) + 8 * given)
        assert sink.moved[0] - source.moved[layer.chunks - 1] == 2
        starts = sink.moved[::given]
        interval = max(layer.chunks, given)
        assert [b - a for a, b in pairwise(starts)] == [interval] * 7
