"""`SpikeCounter`: spike counts and summed tangents over T frames."""

from typing import Any

from dualspike.hw.layer.spike_counter import SpikeCounter
from dualspike.testbench.unit.benches.layer import LayerTB, joined
from dualspike.testbench.unit.benches.shapes import shape

TOP = "spike_counter"
CASES = [{"name": name} for name in ("folded", "twisted", "odd", "wide")]


def component(name: str) -> SpikeCounter:
    """The spike counter before the readout."""
    d, g, layer = shape(name, -1)
    return SpikeCounter(layer, g.lanes, d.network.time_steps, d.formats.tangent.bits)


class Bench(LayerTB):
    """A spike counter and samples for it."""

    LAYER = -1

    def sample(self, end: int | None) -> tuple[list[Any], list[Any]]:
        """T frames of rows and the one frame of sums; ``end`` sets all spikes and tangents."""
        layer, form = self.layer, self.d.formats.tangent
        slots, lanes = range(layer.simd), range(self.g.lanes)
        sums = [
            {"value": [0 for _ in slots], "tangent": [[0 for _ in lanes] for _ in slots]}
            for _ in range(layer.chunks)
        ]
        rows: list[Any] = []
        for _ in range(self.d.network.time_steps):
            for total in sums:
                spikes = [1 if end is not None else self.rng.randint(0, 1) for _ in slots]
                tangents = [
                    [
                        self.rng.randint(form.lowest, form.highest) if end is None else end
                        for _ in lanes
                    ]
                    for _ in slots
                ]
                rows.append({"value": spikes, "tangent": tangents})
                for slot in slots:
                    total["value"][slot] += spikes[slot]
                    for k in lanes:
                        total["tangent"][slot][k] += tangents[slot][k]
        return rows, sums

    def samples(self) -> tuple[list[Any], list[Any]]:
        """Random samples, and the two that reach the ends of the sums' widths."""
        form = self.d.formats.tangent
        return joined(map(self.sample, (None, form.lowest, None, form.highest, None, None)))


@Bench.test(stalls=[(0.5, 0.5), (0.0, 0.7), (0.7, 0.0)])
async def sums_every_sample(bench: Bench, stalls: tuple[float, float]) -> None:
    """Sums of random and of extreme samples, whoever waits."""
    rows, expected = bench.samples()
    _, sink = await bench.through(rows, len(expected), stalls)
    await bench.cycle(5)
    assert sink.taken == expected


@Bench.test()
async def takes_one_cycle(bench: Bench) -> None:
    """A row in every cycle; sums 1 cycle after the rows of the last frame."""
    rows, expected = bench.samples()
    source, sink = await bench.through(rows, len(expected))
    assert source.moved == list(range(source.moved[0], source.moved[0] + len(rows)))
    chunks, steps = bench.layer.chunks, bench.d.network.time_steps
    last = [cycle for n, cycle in enumerate(source.moved) if n // chunks % steps == steps - 1]
    assert sink.moved == [cycle + 1 for cycle in last]


@Bench.test()
async def begins_anew_after_a_reset(bench: Bench) -> None:
    """One clock of it, wherever in a sample it comes, and a row in the clock after it."""
    source, sink = bench.source("inputs"), bench.sink("outputs")
    for seed in range(2, 8):
        await bench.reset(seed)
        rows, expected = bench.sample(None)
        source.send(rows)
        sink.taken.clear()
        await bench.taken(sink, len(expected))
        assert sink.taken == expected
