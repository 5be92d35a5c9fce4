"""`Tally`: spike counts and summed tangents over T frames."""

import random
from typing import Any

import cocotb
from cocotb.handle import HierarchyObject

from dualspike.hw.tally import Tally
from dualspike.testbench.benches.shapes import shape
from dualspike.testbench.benches.tb import TB
from dualspike.testbench.components import parameters

TOP = "tally"
CASES = [{"name": name} for name in ("folded", "twisted", "odd")]


def component(name: str) -> Tally:
    """The tally before the readout."""
    d, g, layer = shape(name, -1)
    return Tally(layer, g.lanes, d.network.time_steps, d.formats.tangent.bits)


class Bench(TB):
    """A tally and samples for it."""

    def __init__(self, dut: HierarchyObject) -> None:
        super().__init__(dut)
        self.rng = random.Random(11)
        self.d, self.g, self.layer = shape(parameters()["name"], -1)

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
        pairs = [self.sample(end) for end in (None, form.lowest, None, form.highest, None, None)]
        return [row for rows, _ in pairs for row in rows], [s for _, sums in pairs for s in sums]


@cocotb.test()
@cocotb.parametrize(stalls=[(0.5, 0.5), (0.0, 0.7), (0.7, 0.0)])
async def sums_every_sample(dut: HierarchyObject, stalls: tuple[float, float]) -> None:
    """Sums of random and of extreme samples, whoever waits."""
    bench = await Bench.start(dut)
    rows, expected = bench.samples()
    _, sink = await bench.through(rows, len(expected), stalls)
    await bench.cycle(5)
    assert sink.taken == expected


@cocotb.test()
async def takes_one_cycle(dut: HierarchyObject) -> None:
    """A row in every cycle; sums 1 cycle behind the rows of the last frame."""
    bench = await Bench.start(dut)
    rows, expected = bench.samples()
    source, sink = await bench.through(rows, len(expected))
    assert source.moved == list(range(source.moved[0], source.moved[0] + len(rows)))
    chunks, steps = bench.layer.chunks, bench.d.network.time_steps
    last = [cycle for n, cycle in enumerate(source.moved) if n // chunks % steps == steps - 1]
    assert sink.moved == [cycle + 1 for cycle in last]
