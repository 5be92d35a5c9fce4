"""`OperatorCore`: whole small operator chips, bit for bit as `golden.integer_operator`."""

import cocotb
import numpy as np
from amaranth.hdl import signed
from cocotb.handle import HierarchyObject

from dualspike.golden.chip import Record
from dualspike.golden.integer_operator import OperatorChip
from dualspike.golden.rounding import Ints
from dualspike.hw.operator_core import OperatorCore
from dualspike.model.identity import config_word
from dualspike.model.operator_chip import ProductFlag
from dualspike.model.operator_sizes import part_frames
from dualspike.model.registers import MAGIC, Command, register_map
from dualspike.testbench.benches.host import Host
from dualspike.testbench.benches.operator_shapes import operator_described
from dualspike.testbench.benches.tb import TB
from dualspike.testbench.components import parameters

TOP = "operator_core"
CASES = [{"name": name} for name in ("pair", "single")]


def component(name: str) -> OperatorCore:
    """The core of one of the shapes."""
    d = operator_described(name)
    return OperatorCore(d, config_word(d))


class Bench(TB):
    """A core next to a golden chip with the same random weights."""

    def __init__(self, dut: HierarchyObject, stall: float = 0.4) -> None:
        super().__init__(dut)
        self.d = d = operator_described(parameters()["name"])
        self.rng = np.random.default_rng(5)
        form = d.formats.weight
        weights = [self.rng.integers(form.lowest, form.highest, s[::-1]) for s in d.shapes]
        biases = [self.rng.integers(form.lowest, form.highest, s[1]) for s in d.shapes]
        self.chip = OperatorChip(d, weights, biases)
        self.host = Host(self, register_map(d))
        parts = range(len(d.parts))
        self.inputs = [self.source(f"inputs_{n}", stall) for n in parts]
        self.targets = self.source("targets", stall)
        self.scales = self.source("scales", stall) if d.learning.floor else None
        self.results = self.sink("results", stall)

    async def load(self) -> None:
        """Load the chip's weights."""
        for select, values in self.memories():
            await self.host.load(select, values)

    def memories(self) -> list[tuple[int, Ints]]:
        """WEIGHT_SELECT and golden contents of every weight memory."""
        pairs = zip(self.chip.weights, self.chip.biases, strict=True)
        return list(enumerate(memory for pair in pairs for memory in pair))

    async def compare_weights(self) -> None:
        """Read every memory back."""
        form = signed(self.d.formats.weight.bits)
        for select, expected in self.memories():
            found = await self.host.dump(select, expected.shape, form)
            np.testing.assert_array_equal(found, expected, f"weight memory {select}")

    def rows(self, part: int, count: int) -> Ints:
        """Random stored inputs [count, n_in] of a part."""
        form = self.d.formats.input
        n_in = self.d.parts[part].layers[0]
        return self.rng.integers(form.lowest, form.highest + 1, (count, n_in))

    def send(self, part: int, rows: Ints) -> None:
        """Queue rows as chunks; what fills up the last one must not count."""
        simd = self.shape(f"inputs_{part}_payload").length
        for row in rows.tolist():
            padded = row + [self.d.formats.input.lowest] * (-len(row) % simd)
            self.inputs[part].send(padded[n : n + simd] for n in range(0, len(padded), simd))

    def batch(self, stage: int) -> Record:
        """Send one batch; what golden has learned from it."""
        f, sizes = self.d.formats, self.d.learning.batch
        inputs = [self.rows(part, count) for part, count in enumerate(sizes)]
        target = self.rng.integers(f.target.lowest, f.target.highest + 1, sizes)
        for part, rows in enumerate(inputs):
            self.send(part, rows)
        self.targets.send(target.ravel().tolist())
        scale = None
        if self.scales:
            scale = self.rng.integers(0, f.scale.highest + 1, sizes[0])
            self.scales.send(scale.tolist())
        return self.chip.update(inputs, target, scale, stage)

    async def learn(self, updates: int, stage: int = 0) -> None:
        """The same batches for the core and the chip; then every register must agree."""
        d, host = self.d, self.host
        record = [self.batch(stage) for _ in range(updates)][-1]
        for layer, shift in enumerate(d.step_shift):
            await host.write(f"SHIFT_{layer}", shift + stage)
        await host.write("UPDATES", updates)
        await host.write("CONTROL", Command.LEARN)
        await self.until(lambda: not self.get("busy"), limit=40_000)
        queues = [*self.inputs, self.targets, *([self.scales] if self.scales else [])]
        assert not any(source.queue for source in queues) and not self.results.taken
        assert [await host.read(name) for name in ("CONTROL", "STATUS", "UPDATES")] == [0, 0, 0]
        assert await host.read_wide("LOSS") == record.loss
        assert [await host.read_wide(f"JVP_{k}") for k in range(d.lanes)] == list(record.jvp)
        assert await host.read_wide("LFSR", signed=False) == record.lfsr
        assert await host.read("FLAGS") == record.flags
        await self.compare_weights()

    async def infer(self, functions: int, wait: int = 0) -> None:
        """Any number of functions on one grid; the first results are taken after ``wait``."""
        sizes, host = self.d.learning.batch, self.host
        inputs = [self.rows(part, count) for part, count in enumerate([functions, *sizes[1:]])]
        expected = self.chip.infer(inputs).ravel().tolist()
        await host.write("CONTROL", Command.INFER)
        for part, rows in enumerate(inputs):
            self.send(part, rows)
        self.results.open = False
        await self.cycle(wait)
        self.results.open = True
        await self.taken(self.results, len(expected))
        assert self.results.taken == expected
        await host.write("CONTROL", Command.STOP)
        assert [await host.read(name) for name in ("CONTROL", "STATUS")] == [0, 0]
        assert await host.read("FLAGS") == self.chip.flags
        self.results.taken.clear()


@cocotb.test()
async def answers_with_its_registers(dut: HierarchyObject) -> None:
    """After reset: start values; a mask takes the layers of parts that carry the lane alone."""
    bench = await Bench.start(dut)
    d, host = bench.d, bench.host
    expected = {"MAGIC": MAGIC, "CONFIG": config_word(d), "CONTROL": 0, "STATUS": 0, "FLAGS": 0}
    expected |= {f"MASK_{k}": mask for k, mask in enumerate(d.masks)}
    expected |= {f"SHIFT_{n}": shift for n, shift in enumerate(d.step_shift)}
    for name, value in expected.items():
        assert await host.read(name) == value, name
    assert await host.read_wide("LFSR", signed=False) == bench.chip.signs.state
    first, before = await host.read("CYCLES"), bench.now
    await bench.cycle(17)
    assert await host.read("CYCLES") - first == bench.now - before
    for register in register_map(d):
        if register.name.startswith("MASK"):
            await host.write(register.name, 0xFFFFFFFF)
            field = register.fields[0]
            assert await host.read(register.name) == (1 << field.bits) - 1 << field.low
    await bench.compare_weights()


@cocotb.test()
async def learns_and_infers(dut: HierarchyObject) -> None:
    """Single updates and several in a row, with inference of several sizes between."""
    bench = await Bench.start(dut)
    await bench.infer(2)
    await bench.learn(1)
    await bench.learn(2, stage=1)
    await bench.infer(5)
    await bench.infer(1)
    await bench.host.write("FLAGS", 0)
    bench.chip.flags = 0
    await bench.learn(1, stage=2)


@cocotb.test()
async def fills_up(dut: HierarchyObject) -> None:
    """More functions than the product unit holds: with results that nobody takes, and learning."""
    bench = await Bench.start(dut)
    functions = 2 * part_frames(bench.d, 0)[0]
    await bench.infer(functions, wait=40 * functions)
    await bench.learn(functions)


@cocotb.test()
async def clips_factors(dut: HierarchyObject) -> None:
    """Readouts whose weights and biases are all at one end of their format, then at the other."""
    bench = await Bench.start(dut)
    d, chip, form = bench.d, bench.chip, bench.d.formats.weight
    readouts = [d.layers_of(part)[-1] for part in range(len(d.parts))]
    for end in (form.lowest, form.highest):
        for layer in range(d.n_layers):
            read = layer in readouts
            chip.weights[layer][:] = end if read else 0
            chip.biases[layer][:] = end if read else form.highest
        for select, values in bench.memories():
            await bench.host.load(select, values)
        await bench.host.write("FLAGS", 0)
        chip.flags = 0
        await bench.infer(1)
        assert chip.flags >> ProductFlag.FACTOR & 1


@cocotb.test()
async def drops_a_grid_that_is_not_complete(dut: HierarchyObject) -> None:
    """STOP with some rows of the trunks inside: busy until they are through, then all is new.

    A LEARN that comes meanwhile only stops.
    """
    bench = await Bench.start(dut, stall=0.0)
    d, host = bench.d, bench.host
    await host.write("CONTROL", Command.INFER)
    trunks = range(1, len(d.parts))
    for n in trunks:
        bench.send(n, bench.rows(n, max(1, d.learning.batch[n] - 1)))
    bench.send(0, bench.rows(0, 1)[:0])
    await bench.until(lambda: not any(bench.inputs[n].queue for n in trunks))
    await host.write("UPDATES", 1)
    await host.write("CONTROL", Command.STOP)
    await host.write("CONTROL", Command.LEARN)
    assert await host.read("CONTROL") == Command.STOP
    await bench.until(lambda: not bench.get("busy"))
    await bench.learn(1)
    await bench.infer(2)
