"""The product unit against `golden.integer.product`: y, loss, mean errors, flags, clocks."""

import math
from itertools import pairwise

import numpy as np
from cocotb.handle import HierarchyObject

from dualspike.golden.integer.part import Forward
from dualspike.golden.integer.product import IntegerProduct as Golden
from dualspike.golden.numeric import Ints
from dualspike.hw.head.product.product import ProductUnit
from dualspike.model.description.format import Format
from dualspike.model.description.head import ProductFlag
from dualspike.model.interface.register import Flag
from dualspike.model.sizes.cycles import prefix_cycles
from dualspike.model.sizes.head import product_sizes
from dualspike.testbench.unit.benches.shapes import described
from dualspike.testbench.unit.tb import TB

BATCHES = 40  # of functions after each other, enough to go round in every memory
PULSES = (Flag.MEMBRANE, ProductFlag.FACTOR, ProductFlag.ERROR, ProductFlag.COTANGENT)

TOP = "product_unit"
CASES = [{"name": name} for name in ("pair", "triple", "tight", "point")]


def component(name: str) -> ProductUnit:
    """The product unit of one of the shapes."""
    d = described(name)
    return ProductUnit(d, product_sizes(d))


class Bench(TB):
    """The unit with a source of factors and a sink of mean errors for each part."""

    def __init__(self, dut: HierarchyObject, stall: float) -> None:
        super().__init__(dut)
        self.d = described(self.case["name"])
        self.rng = np.random.default_rng(3)
        self.axes = range(len(self.d.batch))
        self.factors = [self.source(f"factors_{n}", stall) for n in self.axes]
        self.means = [self.sink(f"means_{n}", stall) for n in self.axes]
        self.targets = self.source("targets", stall)
        self.weighted = self.d.learning.floor is not None
        self.scales = self.source("scales", stall) if self.weighted else None
        self.results = self.sink("results", stall)
        self.overflow, self.counted = self.pulses("overflow"), self.pulses("counted")

    def stored(self, form: Format, *shape: int, calm: bool) -> Ints:
        """Random stored integers of the whole format with its ends, or of its middle."""
        values = self.rng.integers(form.lowest, form.highest + 1, shape)
        if calm:
            return values >> 2
        ends = self.rng.choice([form.lowest, form.highest], shape)
        return np.where(self.rng.random(shape) < 0.3, ends, values)

    def outputs(self, calm: bool) -> tuple[list[Ints], list[Ints]]:
        """Factors of all parts, and outputs that are these factors, in the format membrane."""
        f = self.d.formats.factor
        shapes = [(rows, self.d.basis) for rows in self.d.batch]
        return self.lifted([self.stored(f, *shape, calm=calm) for shape in shapes])

    def edges(self) -> tuple[list[Ints], list[Ints]]:
        """The same, with products that are all as low as can be and y above the format."""
        f = self.d.formats.factor
        factors = [np.full((rows, self.d.basis), f.highest) for rows in self.d.batch]
        factors[0][:] = factors[-1][:] = f.lowest
        return self.lifted(factors)

    def halves(self, shift: int) -> tuple[list[Ints], list[Ints]]:
        """The same, 1 in part 0, else numbers about 0 and about half of what ``shift`` leaves."""
        f, rng = self.d.formats.factor, self.rng
        factors: list[Ints] = []
        for part, rows in enumerate(self.d.batch):
            shape = rows, self.d.basis
            some = rng.integers(-8, 9, shape) << rng.integers(0, 4, shape)
            some += rng.choice((0, 1 << min(shift, f.bits - 1) - 1), shape)
            signed = some * rng.choice((-1, 1), shape)
            signed = signed if part else np.full(shape, 1 << f.fraction)
            factors.append(signed.clip(f.lowest, f.highest))
        return self.lifted(factors)

    def nearly(self, y: Ints) -> Ints:
        """Targets that differ from y by about a last bit."""
        f = self.d.formats
        off = y + self.rng.choice((-1, 1), y.shape)
        shifted = off >> f.membrane.fraction - f.target.fraction
        return shifted.clip(f.target.lowest, f.target.highest)

    def lifted(self, factors: list[Ints]) -> tuple[list[Ints], list[Ints]]:
        """Factors, and the same numbers in the format membrane."""
        f = self.d.formats
        return factors, [one << f.membrane.fraction - f.factor.fraction for one in factors]

    def golden(self, outputs: list[Ints]) -> Golden:
        """What golden makes of the outputs of the parts."""
        none = np.zeros((0, 0, 0), np.int64)
        return Golden(self.d, [Forward(one, none) for one in outputs])

    def send(self, factors: list[Ints]) -> None:
        """Queue the rows of all parts."""
        for source, rows in zip(self.factors, factors, strict=True):
            source.send(rows.ravel().tolist())

    def raised(self) -> int:
        """The flags that have pulsed since it was last asked."""
        seen = [value for _, value in self.overflow]
        self.overflow.clear()
        return sum(any(value >> n & 1 for value in seen) << flag for n, flag in enumerate(PULSES))

    async def learn(self, calm: bool, shift: int = 0) -> None:
        """One batch, ordinary or at the halves of a ``shift``: all that comes of it is golden's."""
        d, f, batch = self.d, self.d.formats, self.d.batch
        self.set(learn=1)
        await self.pulse(clear=1, empty=1)
        factors, outputs = self.halves(shift) if shift else self.outputs(calm)
        golden = self.golden(outputs)
        target = self.nearly(golden.y) if shift else self.stored(f.target, *batch, calm=calm)
        scale = None
        if self.scales:
            scale = self.stored(f.scale, batch[0], calm=calm).clip(0)
            self.scales.send(scale.tolist())
        errors = golden.errors(target, scale)
        self.send(factors)
        self.targets.send(target.ravel().tolist())
        await self.taken(self.means[0], batch[0] * d.basis)
        await self.pulse(flush=1)
        for n in self.axes:
            await self.taken(self.means[n], batch[n] * d.basis)
            assert self.means[n].taken == errors.of_outputs[n].values.ravel().tolist(), f"E_{n}"
            self.means[n].taken.clear()
        assert await self.see("loss") == errors.loss
        assert self.raised() == golden.flags
        queues = [*self.factors, self.targets, *([self.scales] if self.scales else [])]
        assert not any(source.queue for source in queues)
        assert not self.results.taken and not self.counted

    async def infer(self, *, edges: bool = False) -> None:
        """One grid of functions without learning."""
        self.set(learn=0)
        await self.pulse(empty=1)
        factors, outputs = self.edges() if edges else self.outputs(calm=False)
        golden = self.golden(outputs)
        self.send(factors)
        await self.taken(self.results, golden.y.size)
        assert self.results.taken == golden.y.ravel().tolist()
        assert len(self.counted) == len(golden.y)
        assert self.raised() == golden.flags
        self.results.taken.clear()
        self.counted.clear()


@Bench.test(stall=[0.0, 0.5])
async def computes_what_golden_does(bench: Bench) -> None:
    """Batches in and out of range, and inference, in turns; at first and at once."""
    await bench.infer()
    for calm in (True, False, True):
        await bench.learn(calm)
    sizes = product_sizes(bench.d)
    for shift in sorted({one.shift for one in (*sizes.own, *sizes.carried)}):
        await bench.learn(calm=True, shift=shift)
    await bench.infer()
    await bench.infer()
    await bench.infer(edges=True)
    await bench.learn(calm=False)


@Bench.test(stall=0.0)
async def waits_for_the_whole_grid(bench: Bench) -> None:
    """No function goes in before every trunk's rows are there; ``empty`` takes them away."""
    factors, _ = bench.outputs(calm=True)
    bench.factors[0].send(factors[0].ravel().tolist())
    for n in bench.axes[1:]:
        bench.factors[n].send(factors[n].ravel().tolist()[:-1])
    await bench.cycle(100)
    assert not bench.factors[0].moved
    assert not await bench.see("full")
    for n in bench.axes[1:]:
        assert await bench.see(f"stored_{n}") == bench.d.batch[n] - 1
    await bench.pulse(empty=1)
    for n in bench.axes[1:]:
        assert await bench.see(f"stored_{n}") == 0


@Bench.test(shut=[0, 1000], stall=0.0)
async def keeps_its_pace(bench: Bench, shut: int) -> None:
    """Many functions after each other, until all places have been taken again and again.

    G of one follows the one before after `prefix_cycles` of axis 1, also when nobody took it for
    a while and the unit has filled up. It is the same whenever the same functions come.
    """
    batch, basis, (inputs, *trunks) = bench.d.batch, bench.d.basis, bench.factors
    means, words = bench.means[0], batch[0] * basis
    bench.set(learn=1)
    await bench.pulse(clear=1, empty=1)
    factors, _ = bench.outputs(calm=True)
    for source, rows in zip(trunks, factors[1:], strict=True):
        source.send(rows.ravel().tolist())
    for _ in range(BATCHES):
        inputs.send(factors[0].ravel().tolist())
        bench.targets.send([0] * math.prod(batch))
        if bench.scales:
            bench.scales.send([1] * batch[0])
    means.open = False
    await bench.cycle(shut)
    means.open = True
    await bench.taken(means, BATCHES * words)
    assert means.taken == BATCHES * means.taken[:words]
    apart = [after - before for before, after in pairwise(means.moved[::basis])]
    assert max(apart[len(apart) // 2 :]) == prefix_cycles(bench.d, 1)
