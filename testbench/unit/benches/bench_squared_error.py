"""`SquaredErrorLoss`: squared errors and slopes of a batch, or outputs passed on."""

from typing import Any

from cocotb.handle import HierarchyObject

from dualspike.hw.head.squared_error import SquaredErrorLoss
from dualspike.model.sizes.head import squared_error_sizes
from dualspike.testbench.unit.benches.layer import LayerTB
from dualspike.testbench.unit.benches.shapes import described

TOP = "loss_unit"
CASES = [{"name": name} for name in ("plain", "folded", "odd", "local", "fast")]


def component(name: str) -> SquaredErrorLoss:
    """The end of one core."""
    return SquaredErrorLoss(described(name))


class Bench(LayerTB):
    """The accumulators, and batches for them."""

    def __init__(self, dut: HierarchyObject) -> None:
        super().__init__(dut)
        self.outputs = self.d.batch[0] * self.d.network.layers[-1] * self.part.readouts

    def batch(self, ends: tuple[int, int, int] | None = None) -> tuple[list[Any], list[int]]:
        """Outputs and targets of a whole batch, random or all at the given ends (y, target, dy)."""
        f = self.d.formats
        outputs: list[Any] = []
        targets: list[int] = []
        for _ in range(self.outputs):
            y, target = (
                self.rng.randint(form.lowest, form.highest) for form in (f.membrane, f.target)
            )
            lanes = range(self.g.lanes)
            dy = [self.rng.randint(f.tangent.lowest, f.tangent.highest) for _ in lanes]
            if ends:
                y, target, dy = ends[0], ends[1], [ends[2] for _ in lanes]
            outputs.append({"value": [y], "tangent": [dy]})
            targets.append(target)
        return outputs, targets

    def accumulated(
        self, outputs: list[Any], targets: list[int], local: bool = False
    ) -> tuple[int, list[int]]:
        """Loss and jvp of some outputs, all of the readout or all ``local``."""
        align = self.d.formats.membrane.fraction - self.d.formats.target.fraction
        weight = 1 if local else self.part.readouts - 1 or 1
        pairs = zip(outputs, targets, strict=True)
        errors = [output["value"][0] - (target << align) for output, target in pairs]
        jvp = [
            weight * sum(e * out["tangent"][0][k] for e, out in zip(errors, outputs, strict=True))
            for k in range(self.g.lanes)
        ]
        return weight * sum(e * e for e in errors), jvp

    async def check(self, outputs: list[Any], targets: list[int], local: bool = False) -> None:
        """Compare the accumulators."""
        await self.settle()
        found = self.get("loss"), self.get("jvp")
        assert found == self.accumulated(outputs, targets, local)
        await self.edge()


@Bench.test(stalls=[(0.0, 0.0), (0.5, 0.5), (0.0, 0.7), (0.7, 0.0)])
async def accumulates_a_batch(bench: Bench, stalls: tuple[float, float]) -> None:
    """Random batches and those at every end of the formats, cleared between; one count each."""
    f = bench.d.formats
    bench.set(learn=1)
    outputs, targets = bench.source("inputs", stalls[0]), bench.source("targets", stalls[1])
    results, counted = bench.sink("results"), bench.pulses("counted")
    ends = [
        (y, target, dy)
        for y in (f.membrane.lowest, f.membrane.highest)
        for target in (f.target.lowest, f.target.highest)
        for dy in (f.tangent.lowest, f.tangent.highest)
    ]
    for turn, end in enumerate([None, *ends, None]):
        local = bench.d.local and turn % 2 == 1
        batch = bench.batch(end)
        if bench.d.local:
            bench.set(is_local=local)
        await bench.pulse(clear=1)
        await bench.check([], [])
        counted.clear()
        outputs.send(batch[0])
        targets.send(batch[1])
        await bench.until(lambda: len(counted) == bench.outputs)
        await bench.check(*batch, local)
        await bench.cycle(3)
        await bench.check(*batch, local)
        assert len(counted) == bench.outputs
        assert outputs.moved == targets.moved
    assert not results.taken


@Bench.test()
async def takes_its_cycles(bench: Bench) -> None:
    """An output in every cycle, counted after 1 + multiply, in the accumulators a cycle later."""
    after = 1 + squared_error_sizes(bench.d).multiply
    bench.set(learn=1)
    outputs, targets = bench.source("inputs"), bench.source("targets")
    counted = bench.pulses("counted")
    y, wanted = bench.batch()
    outputs.send(y)
    targets.send(wanted)
    start = bench.now
    for done in range(-1 - after, bench.outputs + 2):
        present = max(0, min(done + 1, bench.outputs))
        await bench.check(y[:present], wanted[:present])
    moved = list(range(start, start + bench.outputs))
    assert outputs.moved == moved
    assert counted == [(cycle + after, 1) for cycle in moved]


@Bench.test(stalls=[(0.0, 0.0), (0.5, 0.5)])
async def passes_results_on(bench: Bench, stalls: tuple[float, float]) -> None:
    """Without ``learn`` every output becomes a result in its own cycle; targets wait."""
    outputs, results = bench.source("inputs", stalls[0]), bench.sink("results", stalls[1])
    targets, counted = bench.source("targets"), bench.pulses("counted")
    batch = bench.batch()
    outputs.send(batch[0])
    targets.send(batch[1])
    await bench.taken(results, bench.outputs)
    assert results.taken == [output["value"][0] for output in batch[0]]
    assert results.moved == outputs.moved
    assert counted == [(cycle, 1) for cycle in results.moved]
    assert not targets.moved
    await bench.check([], [])
