"""A small chip over its bus and streams, next to `golden.integer.rfg.chip.Chip`, for benches."""

import random
from dataclasses import replace

import numpy as np
from cocotb.handle import HierarchyObject

from dualspike.golden.integer.rfg.chip import Chip
from dualspike.golden.numeric import Ints
from dualspike.hw.chip.core import Core
from dualspike.model.description.format import Format
from dualspike.model.interface.identity import config_word
from dualspike.model.interface.interrupts import Cause
from dualspike.model.interface.memory_map import memory_map
from dualspike.model.interface.record import Record
from dualspike.model.interface.register import ALARMS, Command
from dualspike.model.interface.registers import register_map
from dualspike.model.sizes.geometry import geometry
from dualspike.testbench.unit.benches.host import Host
from dualspike.testbench.unit.benches.shapes import described
from dualspike.testbench.unit.tb import TB

TOP = "core"
_PATIENCE = 40_000


def component(name: str) -> Core:
    """The core of one of the shapes."""
    d = described(name)
    return Core(d, config_word(d))


class Bench(TB):
    """A core next to a golden chip with the same random weights."""

    def __init__(self, dut: HierarchyObject, stall: float = 0.5) -> None:
        super().__init__(dut)
        self.d = d = described(self.case["name"])
        # Other weights for each kind of stall.
        self.rng, self._rubbish = np.random.default_rng(int(10 * stall)), random.Random(6)
        form = d.formats.weight
        weights = [self.rng.integers(form.lowest, form.highest, s[::-1]) for s in d.shapes]
        biases = [self.rng.integers(form.lowest, form.highest, s[1]) for s in d.shapes]
        self.chip = Chip(d, weights, biases)
        highest = d.step_format.highest
        for velocity in self.chip.further:
            velocity[:] = self.rng.integers(-highest, highest, velocity.shape)
        layers = [layer for part in d.parts for layer in geometry(part).layers]
        self.skips = [n for n, layer in enumerate(layers) if layer.skips]
        self.skipped: list[tuple[int, ...]] = []
        self.done = 0
        self.host = Host(self, register_map(d), memory_map(d))
        names = ["inputs"] if d.kind == "mlp" else [f"inputs_{n}" for n in range(len(d.parts))]
        self.ports = names
        self.inputs = [self.source(name, stall) for name in names]
        self.given = list(self.inputs)
        if d.learns:
            self.targets = self.source("targets", stall)
            self.given.append(self.targets)
        if d.floor is not None:
            self.scales = self.source("scales", stall)
            self.given.append(self.scales)
        self.results = self.sink("results", stall)

    async def load(self) -> None:
        """Load the chip's weights."""
        await self.host.fill(self.chip.memories)
        if self.d.hardware.protection != "none":
            for flips in (5, 0):
                await self.host.write("INJECT", flips)
                assert await self.host.read("INJECT") == flips

    async def compare_weights(self) -> None:
        """Read every memory back, after a few words of each, which it need not have come to."""
        for select in range(len(self.chip.memories)):
            await self.host.write("WEIGHT_SELECT", select)
            for _ in range(1 + select % 3):
                await self.host.read("WEIGHT_DATA")
        contents = zip(self.chip.memories, await self.host.contents(), strict=True)
        for select, (expected, found) in enumerate(contents):
            np.testing.assert_array_equal(found, expected, f"weight memory {select}")

    def stored(self, form: Format, *shape: int) -> Ints:
        """Random stored integers of a format."""
        return self.rng.integers(form.lowest, form.highest + 1, shape)

    def rows(self, part: int, count: int) -> Ints:
        """Random stored inputs [count, n_in] of a part."""
        return self.stored(self.d.formats.input, count, self.d.networks[part].layers[0])

    def samples(self, count: int) -> list[Ints]:
        """So many rows of the first part, and all rows of the others."""
        return [self.rows(part, rows) for part, rows in enumerate([count, *self.d.batch[1:]])]

    def send(self, inputs: list[Ints]) -> None:
        """Queue rows of every part as chunks; what fills up the last one must not count."""
        for part, rows in enumerate(inputs):
            self.send_rows(part, rows)

    def send_rows(self, part: int, rows: Ints) -> None:
        """Queue rows of one part."""
        form, simd = self.d.formats.input, self.shape(f"{self.ports[part]}_payload").length
        for row in rows.tolist():
            padding = [
                self._rubbish.randint(form.lowest, form.highest) for _ in range(-len(row) % simd)
            ]
            whole = row + padding
            self.inputs[part].send(whole[n : n + simd] for n in range(0, len(whole), simd))

    def batches(self, count: int, stage: int = 0) -> tuple[list[Ints], Record]:
        """Send all of some batches but the targets; these, and what golden has learned."""
        d, f = self.d, self.d.formats
        shape = [*d.batch, d.basis] if d.kind == "mlp" else d.batch
        targets: list[Ints] = []
        record = Record(0, (), 0, 0)
        for _ in range(count):
            inputs, target = self.samples(d.batch[0]), self.stored(f.target, *shape)
            scale = None
            if d.floor is not None:
                scale = self.rng.integers(0, f.scale.highest + 1, d.batch[0])
                self.scales.send(scale.tolist())
            for _ in range(d.passes):
                self.send(inputs)
                targets.append(target)
            if d.learning.schedule == "chip":
                stage = d.stage(self.done)
            record = self.chip.update(inputs, target, stage, scale)
            self.skipped.append(record.skipped)
            self.done += 1
        return targets, record

    def send_targets(self, targets: list[Ints]) -> None:
        """Queue targets of batches."""
        for target in targets:
            self.targets.send(target.ravel().tolist())

    async def learn(self, updates: int, stage: int = 0) -> None:
        """The same batches for the core and the chip; then every register must agree.

        Before the first target comes, so in the midst of the first batch, other commands are
        given: they are ignored.
        """
        host = self.host
        targets, record = self.batches(updates, stage)
        await host.set_stage(stage)
        await host.write("UPDATES", updates)
        for command in (Command.LEARN, Command.LEARN, Command.INFER, Command.STOP):
            await host.write("CONTROL", command)
            names = ("CONTROL", "STATUS", "UPDATES")
            assert [await host.read(name) for name in names] == [Command.LEARN, 1, updates]
        self.send_targets(targets)
        await self.idle()
        assert not any(source.queue for source in self.given) and not self.results.taken
        assert [await host.read(name) for name in ("CONTROL", "STATUS", "UPDATES")] == [0, 0, 0]
        await self.compare(record)

    async def idle(self) -> None:
        """Cycles until nothing is under way."""
        await self.until(lambda: not self.get("busy"), _PATIENCE)

    async def interrupts(self) -> None:
        """Both causes of `infer`, with each of them enabled.

        Flags that are up are no news, and FLOOR never is.
        """
        host, both = self.host, {cause: 1 << cause for cause in Cause}
        await host.write("FLAGS", 0)
        await host.write("IRQ_STATUS", sum(both.values()))
        self.chip.flags = 0
        flagged = await self.flagged()
        assert not await self.see("irq"), "nothing is enabled"
        for cause, bit in both.items():
            held = 1 << Cause.DONE | flagged
            assert await host.read("IRQ_STATUS") == held
            await host.enable_irq([cause])
            assert await host.read("IRQ_ENABLE") == bit
            await host.write("IRQ_STATUS", sum(both.values()) - bit)
            assert await self.see("irq") == (held & bit != 0), "another one was cleared"
            assert await host.take_irq() == ({cause} if held & bit else set())
            assert await self.see("irq") == await host.read("IRQ_STATUS") == 0
            flagged = await self.flagged()
        assert await host.take_irq() == {Cause.DONE} | ({Cause.FLAG} if flagged else set())

    async def flagged(self) -> int:
        """Infer two samples; the bit of their cause if an alarm has gone up."""
        before = self.chip.flags
        await self.infer(2)
        return (self.chip.flags & ~before & ALARMS != 0) << Cause.FLAG

    async def compare(self, record: Record) -> None:
        """All that can be read after an update."""
        host = self.host
        assert await host.record() == replace(record, skipped=())
        skipped = [await host.read(f"SKIPPED_{layer}") for layer in self.skips]
        assert skipped == [sum(layer) for layer in zip(*self.skipped, strict=True)]
        await self.compare_weights()

    async def infer(self, count: int, wait: int = 0) -> None:
        """The same samples for the core and the chip; results are taken after ``wait`` cycles."""
        inputs, host = self.samples(count), self.host
        expected = self.chip.infer(inputs).ravel().tolist()
        self.skipped.append(self.chip.skipped)
        await host.write("CONTROL", Command.INFER)
        assert await host.read("CONTROL") == Command.INFER
        self.results.taken.clear()
        self.results.open = not wait
        self.send(inputs)
        await self.cycle(wait)
        self.results.open = True
        await self.taken(self.results, len(expected))
        assert self.results.taken == expected
        await host.write("CONTROL", Command.STOP)
        assert [await host.read(name) for name in ("CONTROL", "STATUS")] == [0, 0]
        assert await host.read("FLAGS") == self.chip.flags
        self.results.taken.clear()
