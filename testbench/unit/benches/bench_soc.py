"""`Soc`: a whole core after AXI4-Lite or Wishbone, its data as AXI4-Stream, against golden."""

from dataclasses import replace
from itertools import pairwise
from typing import Any, Self

import cocotb
import numpy as np
from amaranth.hdl import signed
from cocotb.clock import Clock
from cocotb.triggers import RisingEdge
from cocotbext.axi import AxiStreamBus, AxiStreamSink, AxiStreamSource

from dualspike.golden.integer.chips import chip_of
from dualspike.golden.numeric import Ints
from dualspike.hw.soc.soc import Soc
from dualspike.model.description.description import Description
from dualspike.model.interface.record import Record
from dualspike.model.interface.register import Command
from dualspike.model.interface.registers import register_map
from dualspike.model.sizes.geometry import geometry
from dualspike.testbench.unit.benches.online import ONLINE, taught
from dualspike.testbench.unit.benches.shapes import described
from dualspike.testbench.unit.benches.soc_hosts import (
    AxiHost,
    Channels,
    Refused,
    SocHost,
    WishboneHost,
    pauses,
    watch_wishbone,
)
from dualspike.testbench.unit.run import parameters
from dualspike.testbench.unit.tb import Startable

_AXI = {
    "s_axi_aw": ("addr", "prot"),
    "s_axi_w": ("data", "strb"),
    "s_axi_b": ("resp",),
    "s_axi_ar": ("addr", "prot"),
    "s_axi_r": ("data", "resp"),
}
_STREAMS = {
    "s_axis_inputs_t": ("data",),
    "s_axis_targets_t": ("data",),
    "m_axis_results_t": ("data", "last"),
}

TOP = "soc"
CASES = [
    {"name": "plain", "wrap": "axi"},
    {"name": "odd", "wrap": "wishbone"},
    {"name": "lanes", "wrap": "axi"},
]


def component(name: str, wrap: str) -> Soc:
    """The wrapped core of one of the shapes, or of those that learn online."""
    return Soc.of(chip(name), wrap)


def chip(name: str) -> Description:
    """One of either."""
    return taught(name, 0)[0] if name in ONLINE else described(name)


def array_type(bits: int) -> np.dtype[Any]:
    """The narrowest little-endian integer type of C that holds ``bits``."""
    return next(np.dtype(f"<i{n}") for n in (1, 2, 4, 8) if 8 * n >= bits)


class Bench(Startable):
    """A wrapped core next to a golden chip with the same random weights."""

    TIMEOUT = 100
    host: SocHost

    def __init__(self, dut: Any, stall: float = 0.5) -> None:
        wrap = parameters()["wrap"]
        self.d, self.dut = chip(parameters()["name"]), dut
        self.rng = np.random.default_rng(5)
        form = self.d.formats.weight
        weights = [self.rng.integers(form.lowest, form.highest, s[::-1]) for s in self.d.shapes]
        biases = [self.rng.integers(form.lowest, form.highest, s[1]) for s in self.d.shapes]
        self.chip = chip_of(self.d, weights, biases)
        self.clock = dut.aclk if wrap == "axi" else dut.wb_clk_i
        self.host = (AxiHost if wrap == "axi" else WishboneHost)(dut, self.d, stall)
        bus, clock = AxiStreamBus.from_prefix, self.clock
        self.inputs = AxiStreamSource(bus(dut, "s_axis_inputs"), clock)
        self.targets = AxiStreamSource(bus(dut, "s_axis_targets"), clock)
        self.results = AxiStreamSink(bus(dut, "m_axis_results"), clock)
        if stall:
            for n, part in enumerate((self.inputs, self.targets, self.results)):
                part.set_pause_generator(pauses(stall, f"stream {n}"))
        self.channels = Channels(dut, _STREAMS | (_AXI if wrap == "axi" else {}))
        cocotb.start_soon(self.channels.watch(self.clock))
        if wrap == "wishbone":
            cocotb.start_soon(watch_wishbone(dut))

    @classmethod
    async def start(cls, dut: Any, **options: Any) -> Self:
        """Reset the core and load the chip's weights."""
        bench = cls(dut, **options)
        if isinstance(bench.host, WishboneHost):
            bench.host.drive(cyc=0, stb=0)
        Clock(bench.clock, 2, unit="ns", impl="gpi").start()
        await bench.reset(True)
        await bench.reset(False)
        await bench.host.fill(bench.chip.memories)
        return bench

    async def reset(self, active: bool) -> None:
        """Hold the core in reset for some clocks, or let it go."""
        if hasattr(self.dut, "aresetn"):
            self.dut.aresetn.value = not active
        else:
            self.dut.wb_rst_i.value = active
        for _ in range(2):
            await RisingEdge(self.clock)
            self.channels.restart()

    def samples(self, count: int) -> Ints:
        """Random stored inputs [count, n_in]."""
        form = self.d.formats.input
        return self.rng.integers(form.lowest, form.highest + 1, (count, self.d.shapes[0][0]))

    def send_inputs(self, x: Ints) -> None:
        """Samples as an array of C integers, each filled up to whole chunks."""
        n_in, simd = self.d.shapes[0][0], geometry(self.d.parts[0]).layers[0].simd
        padded = np.pad(x, ((0, 0), (0, -n_in % simd)))
        self.inputs.send_nowait(self.packed(padded, self.d.formats.input.bits))

    def send_targets(self, y: Ints) -> None:
        """Targets as an array of C integers."""
        self.targets.send_nowait(self.packed(y, self.d.target_format.bits))

    def packed(self, values: Ints, bits: int) -> bytes:
        """An array of C integers, with rubbish in the bits that the numbers do not have."""
        form = array_type(bits)
        rubbish = self.rng.integers(-1 << 62, 1 << 62, values.shape) << bits
        return (values & (1 << bits) - 1 | rubbish).astype(form).tobytes()

    async def infer(self, count: int) -> None:
        """The same samples for the core and the chip; a frame of results for each."""
        x = self.samples(count)
        await self.host.write("CONTROL", Command.INFER)
        self.send_inputs(x)
        form = array_type(self.d.formats.membrane.bits)
        for row in self.chip.infer([x]):
            frame = await self.results.recv()
            assert np.frombuffer(bytes(frame.tdata), form).tolist() == row.tolist()
        await self.host.write("CONTROL", Command.STOP)
        assert await self.host.read("STATUS") == 0 and not int(self.dut.busy.value)
        assert self.results.empty()

    async def learn(self) -> None:
        """One update of the core and of the chip; then every register must agree."""
        d, host, form = self.d, self.host, self.d.target_format
        x = self.samples(d.batch[0])
        ends = (-1, d.basis) if d.classes else (form.lowest, form.highest)
        target = self.rng.integers(*ends, (len(x), d.target_width), endpoint=True)
        record = self.chip.update([x], target)
        self.send_inputs(x)
        await host.write("UPDATES", 1)
        await host.write("CONTROL", Command.LEARN)
        assert await host.read("CONTROL") == Command.LEARN and int(self.dut.busy.value)
        self.send_targets(target)
        while await host.read("STATUS"):
            pass
        await self.compare(record)

    async def compare(self, record: Record) -> None:
        """All that can be read after an update."""
        assert await self.host.record() == replace(record, answered=())
        contents = zip(self.chip.memories, await self.host.contents(), strict=True)
        for select, (expected, found) in enumerate(contents):
            np.testing.assert_array_equal(found, expected, f"weight memory {select}")

    async def refuses(self, place: int, write: bool, select: int = 0xF) -> str:
        """The error with which an access ends, or nothing."""
        try:
            await self.host.at(place, write=write, value=0xFFFFFFFF, select=select)
        except Refused as refused:
            return str(refused)
        return ""


@Bench.test()
async def answers_with_its_registers(bench: Bench) -> None:
    """Every register at four times its number, whatever the lowest two bits of the address."""
    host = bench.host
    for register in register_map(bench.d):
        if "r" in register.access and register.name not in ("CYCLES", "WEIGHT_DATA"):
            for low in range(4):
                read = await host.at(4 * register.address + low, write=False)
                assert read == register.reset, register.name
    await host.at(4 * host.address["UPDATES"] + 2, write=True, value=0x89ABCDEF)
    assert await host.read("UPDATES") == 0x89ABCDEF


@Bench.test()
async def refuses_what_it_cannot_do(bench: Bench) -> None:
    """Parts of a register and places without one; nothing is written and nothing moves on."""
    host, axi = bench.host, parameters()["wrap"] == "axi"
    await host.write("UPDATES", 0x12345678)
    await host.write("WEIGHT_SELECT", 0)
    for select in range(15):
        expected = ("SLVERR" if axi else "ERR") if select else ""
        for name in ("UPDATES", "WEIGHT_DATA"):
            assert await bench.refuses(4 * host.address[name], True, select) == expected
    assert await host.read("UPDATES") == 0x12345678
    form = signed(bench.d.formats.weight.bits)
    first = await host.read("WEIGHT_DATA") & (1 << form.width) - 1
    assert first == int(bench.chip.weights[0].flat[0]) & (1 << form.width) - 1
    beyond = len(host.address)
    for number in (beyond, beyond + 1, 32 + beyond, 1023):
        for write in (False, True):
            assert await bench.refuses(4 * number, write) == ("DECERR" if axi else "ERR")
    assert await host.read("UPDATES") == 0x12345678
    assert await bench.refuses(0, True) == "", "a register that cannot be written ignores it"
    assert await host.read("WEIGHT_SELECT") == 0, "it can only be written"


@Bench.test()
async def infers_and_learns(bench: Bench) -> None:
    """With pauses everywhere, what golden computes."""
    await bench.infer(3)
    await bench.learn()
    await bench.infer(2)
    await bench.learn()


@Bench.test(stall=0.0)
async def forgets_in_reset(bench: Bench) -> None:
    """With results on offer and samples inside: no VALID, not busy, values of reset after it."""
    bench.results.pause = True
    await bench.host.write("CONTROL", Command.INFER)
    bench.send_inputs(bench.samples(4))
    while not bench.channels.bits("m_axis_results_t_valid"):
        await RisingEdge(bench.clock)
    assert await bench.host.read("STATUS") == 1 and int(bench.dut.busy.value)
    await bench.reset(True)
    for name in ("m_axis_results_t", "s_axi_b", "s_axi_r"):
        assert name not in bench.channels.moved or not bench.channels.bits(f"{name}_valid")
    assert not int(bench.dut.busy.value)
    await bench.reset(False)
    assert [await bench.host.read(name) for name in ("CONTROL", "STATUS")] == [0, 0]
    assert not bench.channels.bits("m_axis_results_t_valid")


@Bench.test(stall=0.0)
async def keeps_its_pace(bench: Bench) -> None:
    """Without pauses: cycles of an access, and samples at `Geometry.interval`."""
    host, moved, g = bench.host, bench.channels.moved, geometry(bench.d.parts[0])
    for place, write, select, reaches in (
        (0, False, 0xF, True),
        (4 * host.address["UPDATES"], True, 0xF, True),
        (4 * host.address["UPDATES"], True, 0, False),
        (4 * host.address["UPDATES"], True, 3, False),
        (4 * len(host.address), False, 0xF, False),
        (4 * len(host.address), True, 0xF, False),
    ):
        await bench.refuses(place, write, select)
        if isinstance(host, WishboneHost):
            assert host.took == (6 if reaches else 1)
        else:
            kind = ("aw", "w") if write else ("ar",)
            start = max(moved[f"s_axi_{channel}"][-1] for channel in kind)
            end = moved["s_axi_b" if write else "s_axi_r"][-1]
            assert end - start == (8 if reaches else 3), (place, write, select)
    await bench.infer(32)
    last = moved["s_axis_inputs_t"][g.layers[0].chunks - 1 :: g.layers[0].chunks]
    assert [after - before for before, after in pairwise(last[-8:])] == [g.interval] * 7
    ends = moved["m_axis_results_t"][bench.d.shapes[-1][1] - 1 :: bench.d.shapes[-1][1]]
    assert [after - before for before, after in pairwise(ends[-8:])] == [g.interval] * 7
