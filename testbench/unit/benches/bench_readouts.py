"""`Readouts`: outputs of all readouts, each with the target of its own sample."""

from typing import Any

from cocotb.handle import HierarchyObject

from dualspike.hw.head.readouts import Readouts
from dualspike.model.ceil_div import ceil_div
from dualspike.testbench.unit.benches.layer import LayerTB
from dualspike.testbench.unit.benches.shapes import shape

TOP = "readouts"
CASES = [{"name": name} for name in ("local", "near")]


def component(name: str) -> Readouts:
    """What gathers the outputs of one core."""
    d, g, _ = shape(name, 0)
    return Readouts(d.parts[0], g)


class Bench(LayerTB):
    """The readouts' outputs, and samples for them."""

    def __init__(self, dut: HierarchyObject) -> None:
        super().__init__(dut)
        self.outputs = self.d.network.layers[-1]
        self.readouts = range(self.d.parts[0].readouts)

    def rows(self, samples: int) -> list[Any]:
        """Outputs of one readout over the whole formats."""
        f = self.d.formats
        return [
            {
                "value": [self.rng.randint(f.membrane.lowest, f.membrane.highest)],
                "tangent": [
                    [
                        self.rng.randint(f.tangent.lowest, f.tangent.highest)
                        for _ in range(self.g.lanes)
                    ]
                ],
            }
            for _ in range(samples * self.outputs)
        ]

    def targets(self, samples: int) -> list[int]:
        """Their targets."""
        form = self.d.formats.target
        return [self.rng.randint(form.lowest, form.highest) for _ in range(samples * self.outputs)]

    def check(self, taken: list[Any], rows: list[list[Any]], targets: list[int]) -> None:
        """Every output of every readout came once, in order, with its target."""
        left = [list(zip(one, targets, strict=True)) for one in rows]
        for given in taken:
            at = (given["row"], given["target"])
            found = [n for n in self.readouts if left[n] and left[n][0] == at]
            assert found, f"{at} is the next of no readout"
            assert given["local"] == int(found[0] > 0)
            left[found[0]].pop(0)
        assert not any(left)


@Bench.test(stalls=[(0.0, 0.0), (0.5, 0.5), (0.0, 0.8), (0.8, 0.0)])
async def brings_outputs_and_targets_together(bench: Bench, stalls: tuple[float, float]) -> None:
    """Readouts and targets at different paces, with pauses; samples enter in between."""
    samples = 40
    bench.set(learn=1)
    sources = [bench.source(f"inputs_{n}", stalls[0] * n / 3) for n in bench.readouts]
    wanted, out = bench.source("targets", stalls[0]), bench.sink("outputs", stalls[1])
    rows, targets = [bench.rows(samples) for _ in sources], bench.targets(samples)
    wanted.send(targets)
    for source, one in zip(sources, rows, strict=True):
        source.send(one)
    for _ in range(samples):
        await bench.cycle(bench.rng.randrange(4 * bench.outputs))
        await bench.pulse(entered=1)
    await bench.taken(out, len(targets) * len(rows))
    await bench.cycle(5)
    bench.check(out.taken, rows, targets)


@Bench.test()
async def loses_no_cycle(bench: Bench) -> None:
    """With targets there: an output a cycle after its coming in, and one in every cycle."""
    samples = 2
    bench.set(learn=1)
    for _ in range(samples):
        await bench.pulse(entered=1)
    wanted, out = bench.source("targets"), bench.sink("outputs")
    targets = bench.targets(samples)
    wanted.send(targets)
    await bench.until(lambda: not wanted.queue)
    rows = [bench.rows(samples) for _ in bench.readouts]
    sources = [bench.source(f"inputs_{n}") for n in bench.readouts]
    for source, one in zip(sources, rows, strict=True):
        source.send(one)
    count = len(targets) * len(rows)
    await bench.taken(out, count)
    assert out.moved == list(range(out.moved[0], out.moved[0] + count))
    assert sorted(cycle + 1 for one in sources for cycle in one.moved) == out.moved
    bench.check(out.taken, rows, targets)


@Bench.test()
async def takes_targets_of_samples_alone(bench: Bench) -> None:
    """No target before its sample has entered; none is lost while one readout stands still."""
    kept = bench.g.targets_kept
    bench.set(learn=1)
    samples = ceil_div(kept, bench.outputs) + 2
    wanted, out = bench.source("targets"), bench.sink("outputs")
    targets = bench.targets(samples)
    rows = [bench.rows(samples) for _ in bench.readouts]
    wanted.send(targets)
    sources = [bench.source(f"inputs_{n}") for n in bench.readouts]
    for source, one in zip(sources[:-1], rows, strict=False):
        source.send(one)
    await bench.cycle(20)
    assert not wanted.moved and not out.taken
    await bench.pulse(entered=1)
    await bench.cycle(20 * bench.outputs)
    assert len(wanted.moved) == bench.outputs
    assert len(out.taken) == bench.outputs * len(sources[:-1])
    for _ in range(samples - 1):
        await bench.pulse(entered=1)
    await bench.cycle(20 * kept)
    assert len(wanted.moved) == kept
    assert len(out.taken) == kept * len(sources[:-1])
    sources[-1].send(rows[-1])
    await bench.taken(out, len(targets) * len(rows))
    bench.check(out.taken, rows, targets)


@Bench.test(stalls=[(0.0, 0.0), (0.5, 0.5)])
async def passes_results_on(bench: Bench, stalls: tuple[float, float]) -> None:
    """Without ``learn`` the network's outputs need no target, and none is taken; then learning."""
    samples = 30
    sources = [bench.source(f"inputs_{n}", stalls[0]) for n in bench.readouts]
    wanted, out = bench.source("targets"), bench.sink("outputs", stalls[1])
    results = bench.rows(samples)
    sources[0].send(results)
    targets = bench.targets(samples)
    wanted.send(targets)
    for _ in range(samples):
        await bench.pulse(entered=1)
    await bench.taken(out, len(results))
    assert [given["row"] for given in out.taken] == results
    assert not any(given["local"] for given in out.taken) and not wanted.moved
    out.taken.clear()
    bench.set(learn=1)
    rows = [bench.rows(samples) for _ in sources]
    for source, one in zip(sources, rows, strict=True):
        source.send(one)
    for _ in range(samples):
        await bench.pulse(entered=1)
    await bench.taken(out, len(targets) * len(rows))
    bench.check(out.taken, rows, targets)
