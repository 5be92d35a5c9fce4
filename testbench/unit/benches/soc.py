"""A core behind AXI4-Lite or Wishbone, next to its integer model, for benches."""

from dataclasses import replace
from typing import Any, Self

import cocotb
import numpy as np
from cocotb.clock import Clock
from cocotb.triggers import RisingEdge
from cocotbext.axi import AxiStreamBus, AxiStreamSink, AxiStreamSource

from dualspike.golden.integer.chips import chip_of
from dualspike.golden.numeric import Ints
from dualspike.hw.soc.soc import Soc, wrapped_registers
from dualspike.model.description.description import Description
from dualspike.model.interface.events import CHANNEL_BITS
from dualspike.model.interface.record import Record
from dualspike.model.interface.register import Command
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
    "s_axis_targets_t": ("data",),
    "m_axis_results_t": ("data", "last"),
}

END = 1 << CHANNEL_BITS + 1
TOP = "soc"


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
        given = str(parameters()["wrap"])
        wrap, *events = given.split("_")
        self.d, self.dut = chip(parameters()["name"]), dut
        self.registers, self.events = wrapped_registers(self.d, given), bool(events)
        self.rng = np.random.default_rng(5)
        form = self.d.formats.weight
        weights = [self.rng.integers(form.lowest, form.highest, s[::-1]) for s in self.d.shapes]
        biases = [self.rng.integers(form.lowest, form.highest, s[1]) for s in self.d.shapes]
        self.chip = chip_of(self.d, weights, biases)
        self.clock = dut.aclk if wrap == "axi" else dut.wb_clk_i
        host = AxiHost if wrap == "axi" else WishboneHost
        self.host = host(dut, self.d, self.registers, stall)
        bus, clock = AxiStreamBus.from_prefix, self.clock
        self.port = f"s_axis_{'events' if events else 'inputs'}"
        self.inputs = AxiStreamSource(bus(dut, self.port), clock)
        self.targets = AxiStreamSource(bus(dut, "s_axis_targets"), clock)
        self.results = AxiStreamSink(bus(dut, "m_axis_results"), clock)
        if stall:
            for n, part in enumerate((self.inputs, self.targets, self.results)):
                part.set_pause_generator(pauses(stall, f"stream {n}"))
        inputs = {f"{self.port}_t": ("data", "last") if events else ("data",)}
        self.channels = Channels(dut, _STREAMS | inputs | (_AXI if wrap == "axi" else {}))
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
        """Random stored inputs [count, n_in], or frames [count, T, n_in] of -1, 0 and 1."""
        form, network, n_in = self.d.formats.input, self.d.network, self.d.shapes[0][0]
        if network.coding == "frames":
            return self.rng.integers(-1, 1, (count, network.time_steps, n_in), endpoint=True)
        return self.rng.integers(form.lowest, form.highest + 1, (count, n_in))

    def send_inputs(self, x: Ints) -> None:
        """Samples as an array of C integers, each filled up to whole chunks; or as events."""
        if self.events:
            for sample in x:
                self.send_events([event for frame in sample for event in self.events_of(frame)])
            return
        n_in, simd = self.d.shapes[0][0], geometry(self.d.parts[0]).layers[0].simd
        padded = np.pad(x, ((0, 0), (0, -n_in % simd)))
        self.inputs.send_nowait(self.packed(padded, self.d.formats.input.bits))

    def events_of(self, frame: Ints) -> list[int]:
        """Words of a step: events in any order, the end after them."""
        there = self.rng.permutation(np.flatnonzero(frame)).tolist()
        return [n | int(frame[n] < 0) << CHANNEL_BITS for n in there] + [END]

    def send_events(self, words: list[int]) -> None:
        """One sample: TLAST is with its last word."""
        self.inputs.send_nowait(np.array(words, "<u2").tobytes())

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
