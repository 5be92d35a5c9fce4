"""`Core`: a whole small chip over its bus and streams, bit for bit as `golden.chip.Chip`."""

from itertools import pairwise

import cocotb
import numpy as np
from amaranth.hdl import Shape, signed
from cocotb.handle import HierarchyObject

from dualspike.golden.chip import Chip, Record
from dualspike.golden.rounding import Ints
from dualspike.hw.core import Core
from dualspike.model.cycles import draw_cycles, fill_bound, learn_cycles
from dualspike.model.geometry import geometry
from dualspike.model.identity import config_word
from dualspike.model.registers import Command, register_map
from dualspike.testbench.benches.host import Host
from dualspike.testbench.benches.shapes import described
from dualspike.testbench.benches.tb import TB
from dualspike.testbench.components import parameters

LOSS_CYCLES = 3

TOP = "core"
# What the updates of each shape clip.
FLAGS = {
    "plain": 5,
    "folded": 7,
    "odd": 15,
    "gliding": 5,
    "single": 0,
    "event": 5,
    "leaky": 7,
    "local": 5,
}
CASES = [{"name": name} for name in FLAGS]


def component(name: str) -> Core:
    """The core of one of the shapes."""
    d = described(name)
    return Core(d, config_word(d))


class Bench(TB):
    """A core next to a golden chip with the same random weights."""

    def __init__(self, dut: HierarchyObject, stall: float = 0.5) -> None:
        super().__init__(dut)
        self.d = d = described(parameters()["name"])
        self.rng = np.random.default_rng(5)
        form = d.formats.weight
        weights = [self.rng.integers(form.lowest, form.highest, s[::-1]) for s in d.shapes]
        biases = [self.rng.integers(form.lowest, form.highest, s[1]) for s in d.shapes]
        self.chip = Chip(d, weights, biases)
        self.skips = [layer.index for layer in geometry(d).layers if layer.skips]
        self.skipped: list[tuple[int, ...]] = []
        highest = d.step_format.highest
        for velocity in self.chip.velocities:
            velocity[:] = self.rng.integers(-highest, highest, velocity.shape)
        self.done = 0
        self.host = Host(self, register_map(d))
        self.inputs = self.source("inputs", stall)
        if d.learns:
            self.targets = self.source("targets", stall)
        self.results = self.sink("results", stall)

    async def load(self) -> None:
        """Load the chip's weights."""
        for select, values in self.memories():
            await self.host.load(select, values)
        if self.d.hardware.protection != "none":
            for flips in (5, 0):
                await self.host.write("INJECT", flips)
                assert await self.host.read("INJECT") == flips

    def memories(self) -> list[tuple[int, Ints]]:
        """WEIGHT_SELECT and golden contents of every weight memory."""
        pairs = zip(self.chip.weights, self.chip.biases, strict=True)
        return list(enumerate([*(one for pair in pairs for one in pair), *self.chip.velocities]))

    async def compare_weights(self) -> None:
        """Read every memory back."""
        weights, bits = 2 * self.d.n_layers, (self.d.formats.weight.bits, self.d.step_format.bits)
        for select, expected in self.memories():
            form = signed(bits[select >= weights])
            found = await self.host.dump(select, expected.shape, form)
            np.testing.assert_array_equal(found, expected, f"weight memory {select}")

    def samples(self, count: int) -> Ints:
        """Random stored inputs [count, n_in]."""
        form = self.d.formats.input
        return self.rng.integers(form.lowest, form.highest + 1, (count, self.d.shapes[0][0]))

    def send(self, x: Ints, padding: int = 0) -> None:
        """Queue samples as chunks; ``padding`` fills up the last."""
        simd = self.shape("inputs_payload").length
        for sample in x.tolist():
            padded = sample + [padding] * (-len(sample) % simd)
            chunks = range(0, len(padded), simd)
            self.inputs.send(padded[n : n + simd] for n in chunks)

    def batches(self, count: int, stage: int = 0, padding: int = 0) -> tuple[list[Ints], Record]:
        """Send the samples of some batches; their targets, and what golden has learned."""
        d, form = self.d, self.d.formats.target
        targets: list[Ints] = []
        record = Record(0, (), 0, 0)
        for _ in range(count):
            x = self.samples(d.learning.batch)
            target = self.rng.integers(form.lowest, form.highest + 1, (len(x), d.shapes[-1][1]))
            for _ in range(d.passes):
                self.send(x, padding)
                targets.append(target)
            if d.learning.schedule == "chip":
                stage = d.stage(self.done)
            record = self.chip.update(x, target, stage)
            self.skipped.append(record.skipped)
            self.done += 1
        return targets, record

    async def learn(self, updates: int, stage: int = 0) -> None:
        """The same batches for the core and the chip; then every register must agree.

        Before the first target comes, so in the midst of the first batch, other commands are
        given: they are ignored.
        """
        d, host = self.d, self.host
        targets, record = self.batches(updates, stage)
        if d.learning.schedule == "host":
            for layer, shift in enumerate(d.step_shift):
                await host.write(f"SHIFT_{layer}", shift + stage)
        await host.write("UPDATES", updates)
        for command in (Command.LEARN, Command.LEARN, Command.INFER, Command.STOP):
            await host.write("CONTROL", command)
            names = ("CONTROL", "STATUS", "UPDATES")
            assert [await host.read(name) for name in names] == [Command.LEARN, 1, updates]
        for target in targets:
            self.targets.send(target.ravel().tolist())
        await self.until(lambda: not self.get("busy"))
        assert not self.inputs.queue and not self.targets.queue and not self.results.taken
        assert [await host.read(name) for name in ("CONTROL", "STATUS", "UPDATES")] == [0, 0, 0]
        await self.compare(record)

    async def compare(self, record: Record) -> None:
        """All that can be read behind an update."""
        d, host = self.d, self.host
        assert await host.read_wide("LOSS") == record.loss
        assert [await host.read_wide(f"JVP_{k}") for k in range(d.lanes)] == list(record.jvp)
        assert await host.read_wide("LFSR", signed=False) == record.lfsr
        assert await host.read("FLAGS") == record.flags
        skipped = [await host.read(f"SKIPPED_{layer}") for layer in self.skips]
        assert skipped == [sum(layer) for layer in zip(*self.skipped, strict=True)]
        await self.compare_weights()

    async def infer(self, count: int) -> None:
        """The same samples for the core and the chip."""
        x = self.samples(count)
        expected = self.chip.infer(x).ravel().tolist()
        self.skipped.append(self.chip.skipped)
        await self.host.write("CONTROL", Command.INFER)
        assert await self.host.read("CONTROL") == Command.INFER
        self.results.taken.clear()
        self.send(x)
        await self.taken(self.results, len(expected))
        assert self.results.taken == expected
        await self.host.write("CONTROL", Command.STOP)
        assert [await self.host.read(name) for name in ("CONTROL", "STATUS")] == [0, 0]
        self.results.taken.clear()


@cocotb.test()
async def answers_with_its_registers(dut: HierarchyObject) -> None:
    """After reset: the map's values, 0 at unknown addresses, and CYCLES counts clocks."""
    bench = await Bench.start(dut)
    d, host = bench.d, bench.host
    expected = {r.name: r.reset for r in register_map(d) if "r" in r.access}
    del expected["CYCLES"], expected["WEIGHT_DATA"]
    for name, value in expected.items():
        assert await host.read(name) == value, name
    assert await host.read_wide("LFSR", signed=False) == bench.chip.drawer.state
    first, before = await host.read("CYCLES"), bench.now
    await bench.cycle(17)
    assert await host.read("CYCLES") - first == bench.now - before
    for address in range(len(host.address), 1 << Shape.cast(bench.shape("bus_address")).width):
        await host.access(address, write=True, value=0xFFFFFFFF)
        assert await host.access(address) == 0, address
    await bench.compare_weights()


@cocotb.test()
async def infers_and_learns(dut: HierarchyObject) -> None:
    """Single updates and several in a row, with inference between; flags stay until cleared."""
    bench = await Bench.start(dut)
    await bench.infer(5)
    await bench.host.write("FLAGS", 0)
    bench.chip.flags = 0
    await bench.learn(1)
    await bench.learn(2, stage=1)
    assert bench.chip.flags == FLAGS[parameters()["name"]]
    await bench.infer(3)
    await bench.host.write("FLAGS", 0xFFFFFFFF)
    assert await bench.host.read("FLAGS") == 0
    bench.chip.flags = 0
    await bench.learn(2, stage=2)


@cocotb.test()
async def takes_masks_and_states(dut: HierarchyObject) -> None:
    """What holds still keeps its fields and no more; masks of 0 draw but learn nothing."""
    bench = await Bench.start(dut)
    d, host = bench.d, bench.host
    for register in register_map(d):
        if register.access == "rw" and not register.live:
            await host.write(register.name, 0xFFFFFFFF)
            kept = sum((1 << field.bits) - 1 << field.low for field in register.fields)
            assert await host.read(register.name) == kept, register.name
            await host.write(register.name, register.reset or 0)
            assert await host.read(register.name) == register.reset, register.name
    for k in range(d.lanes):
        await host.write(f"MASK_{k}", 0)
        assert await host.read(f"MASK_{k}") == 0
    state = 0x0123456789ABCDEF
    await host.write("LFSR_0", state)
    await host.write("LFSR_1", state >> 32)
    assert await host.read_wide("LFSR", signed=False) == state
    bench.chip.drawer.state = state
    before = bench.chip.copy()
    await host.write("UPDATES", 1)
    targets, record = bench.batches(1)
    bench.targets.send(np.ravel(targets).tolist())
    await host.write("CONTROL", Command.LEARN)
    await bench.until(lambda: not bench.get("busy"))
    bench.chip = before
    assert await host.read_wide("LOSS") == record.loss
    assert [await host.read_wide(f"JVP_{k}") for k in range(d.lanes)] == [0] * d.lanes
    assert await host.read_wide("LFSR", signed=False) == record.lfsr
    await bench.compare_weights()


@cocotb.test()
async def padding_does_not_matter(dut: HierarchyObject) -> None:
    """Whatever fills up the last chunk of a sample, the batch is learned just the same."""
    bench = await Bench.start(dut)
    targets, record = bench.batches(1, padding=bench.d.formats.input.lowest)
    bench.targets.send(np.ravel(targets).tolist())
    await bench.host.write("UPDATES", 1)
    await bench.host.write("CONTROL", Command.LEARN)
    await bench.until(lambda: not bench.get("busy"))
    await bench.compare(record)


@cocotb.test()
async def keeps_its_pace(dut: HierarchyObject) -> None:
    """Without stalls, clocks are those of `Geometry.interval` and `model.cycles`.

    Where layers skip, they are those of `Geometry.least_interval` or more.
    """
    bench = await Bench.start(dut, stall=0.0)
    d, interval = bench.d, geometry(bench.d).inference_interval
    least, most = geometry(d).least_interval, geometry(d).interval
    samples = 24
    await bench.infer(samples)
    last = bench.inputs.moved[geometry(d).layers[0].chunks - 1 :: geometry(d).layers[0].chunks]
    outputs = d.shapes[-1][1]
    ends = bench.results.moved[outputs - 1 :: outputs]
    for moved in (last, ends):
        if least == most:
            assert [after - before for before, after in pairwise(moved[-8:])] == [interval] * 7
        else:
            assert least * (samples - 1) - fill_bound(d) <= moved[-1] - moved[0]
        assert moved[-1] - moved[0] <= interval * (samples - 1)
    bench.inputs.moved.clear()
    targets, _ = bench.batches(1)
    bench.targets.send(np.ravel(targets).tolist())
    await bench.host.write("UPDATES", 1)
    busy = bench.pulses("busy")
    await bench.host.write("CONTROL", Command.LEARN)
    await bench.until(lambda: not bench.get("busy"))
    first, end = busy[0][0], busy[-1][0] + 1
    assert d.passes > 1 or bench.inputs.moved[0] == first + draw_cycles(d)
    assert d.local or end == bench.targets.moved[-1] + LOSS_CYCLES + learn_cycles(d)
    span = end - first - draw_cycles(d) - learn_cycles(d)
    assert least <= span / (d.passes * d.learning.batch) <= most + fill_bound(d) / d.learning.batch
