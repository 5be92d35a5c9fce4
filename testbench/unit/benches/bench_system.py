"""`System`: a board's pins, driven by a UART that is not ours (cocotbext-uart)."""

import random
from typing import Any, Self

import numpy as np
from cocotb.clock import Clock
from cocotb.triggers import RisingEdge, Timer
from cocotbext.uart import UartSink, UartSource

from dualspike.boards.gateware.link.protocol import END, Identity, Op, Status, frame, parse
from dualspike.boards.gateware.system import System
from dualspike.golden.integer.rfg.chip import Chip
from dualspike.model.ceil_div import ceil_div
from dualspike.model.interface.register import Command
from dualspike.model.interface.registers import register_map
from dualspike.testbench.unit.benches.shapes import described
from dualspike.testbench.unit.run import parameters
from dualspike.testbench.unit.tb import Startable

_PATIENCE = 4000

TOP = "system"
# 8 1/3 clocks a bit.
CASES = [{"name": "still", "clock_hz": 25_000_000, "baud": 3_000_000}]


def component(name: str, clock_hz: int, baud: int) -> System:
    """The board of one of the shapes."""
    return System(described(name), clock_hz, baud, patience=_PATIENCE)


class Bench(Startable):
    """A board, and a host that sends a request and awaits its answer."""

    TIMEOUT = 50_000

    def __init__(self, dut: Any, off: float = 0.0) -> None:
        given = parameters()
        self.dut, self.d = dut, described(given["name"])
        self.clock_hz, self.baud = given["clock_hz"], given["baud"]
        self.source = UartSource(dut.rx, baud=self.baud * (1 + off), bits=8)
        self.sink = UartSink(dut.tx, baud=self.baud, bits=8)
        for part in (self.source, self.sink):
            part.log.setLevel("WARNING")
        self.sequence, self.received = 0, bytearray()
        self.address = {register.name: register.address for register in register_map(self.d)}
        rng, form = np.random.default_rng(11), self.d.formats.weight
        weights = [rng.integers(form.lowest, form.highest, s[::-1]) for s in self.d.shapes]
        biases = [rng.integers(form.lowest, form.highest, s[1]) for s in self.d.shapes]
        self.chip, self.rng = Chip(self.d, weights, biases), rng

    @classmethod
    async def start(cls, dut: Any, **options: Any) -> Self:
        """Clock the board and reset the link."""
        bench = cls(dut, **options)
        Clock(dut.clk, round(1e9 / bench.clock_hz), unit="ns", impl="gpi").start()
        dut.rst.value = 1
        for _ in range(2):
            await RisingEdge(dut.clk)
        dut.rst.value = 0
        assert await bench.ask(Op.RESET, b"word") == (Status.DONE, b"word")
        return bench

    async def ask(self, op: int, payload: bytes = b"", gaps: bool = False) -> tuple[int, bytes]:
        """Status and payload of the answer to the next request; with ``gaps`` between bytes."""
        self.sequence = (self.sequence + 1) % 256
        pauses = random.Random(self.sequence)
        for byte in frame(self.sequence, op, payload):
            await self.source.write(bytes((byte,)))
            if gaps:
                await self.source.wait()
                await Timer(pauses.choice((0, 0, 100, 3000)) or 1, "ns")
        number, status, answer = await self.answer()
        assert number == self.sequence
        return status, answer

    async def answer(self) -> tuple[int, int, bytes]:
        """The next frame from the board."""
        while True:
            while END in self.received:
                between, _, self.received = self.received.partition(bytes((END,)))
                if between:
                    whole = parse(bytes(between))
                    assert whole is not None, "the board sent a frame that is not whole"
                    return whole
            self.received += bytes(await self.sink.read())

    async def write(self, name: str, *words: int) -> None:
        """One word after the other to a register."""
        head = self.address[name].to_bytes(2, "little") + b"\0"
        body = b"".join((word & 0xFFFFFFFF).to_bytes(4, "little") for word in words)
        assert await self.ask(Op.WRITE, head + body) == (Status.DONE, b"")

    async def read(self, name: str) -> int:
        """A register."""
        place = self.address[name].to_bytes(2, "little")
        status, answer = await self.ask(Op.READ, place + bytes((0, 1)))
        assert status == Status.DONE and len(answer) == 4
        return int.from_bytes(answer, "little")

    async def load(self) -> None:
        """The chip's weights."""
        for select, memory in enumerate(self.chip.memories):
            await self.write("WEIGHT_SELECT", select)
            words = [int(value) for value in memory.ravel()]
            for place in range(0, len(words), 29):
                await self.write("WEIGHT_DATA", *words[place : place + 29])


@Bench.test()
async def infers_with_stalls(bench: Bench) -> None:
    """Samples in pieces, with gaps between bytes; results are those of golden."""
    d, f = bench.d, bench.d.formats
    block = Identity.of(d, bench.clock_hz, bench.baud).pack()
    assert await bench.ask(Op.IDENTIFY, bytes((2, 0, 40))) == (Status.DONE, block[2:42])
    await bench.load()
    await bench.write("CONTROL", Command.INFER)
    x = bench.rng.integers(f.input.lowest, f.input.highest + 1, (4, d.shapes[0][0]))
    size, place = ceil_div(f.input.bits, 8), ceil_div(f.membrane.bits, 8)
    simd = d.hardware.simd[0] if d.hardware.simd else 1
    for sample, wanted in zip(x, bench.chip.infer([x]), strict=True):
        padded = [*sample.tolist(), *[0] * (-len(sample) % simd)]
        octets = b"".join(value.to_bytes(size, "little", signed=True) for value in padded)
        assert await bench.ask(Op.INFER, b"\0" + octets[:3], gaps=True) == (Status.DONE, b"")
        count = bytes((len(wanted) * place,))
        status, answer = await bench.ask(Op.INFER, count + octets[3:], gaps=True)
        assert status == Status.DONE
        found = [
            int.from_bytes(answer[n : n + place], "little", signed=True)
            for n in range(0, len(answer), place)
        ]
        assert found == wanted.tolist()
    await bench.write("CONTROL", Command.STOP)
    assert await bench.read("STATUS") == 0


@Bench.test()
async def gives_up_waiting_and_begins_anew(bench: Bench) -> None:
    """A sample that the core does not take ends the request; RESET makes all well."""
    assert await bench.ask(Op.INFER, bytes((120, *[7] * 119))) == (Status.STALLED, b"")
    assert int(bench.dut.error.value) and not int(bench.dut.training.value)
    assert await bench.ask(Op.RESET, b"") == (Status.DONE, b"")
    assert not int(bench.dut.error.value)
    await bench.load()
    assert await bench.read("CONTROL") == 0
    if not bench.d.learns:
        assert await bench.ask(Op.LEARN, b"") == (Status.UNKNOWN, b"")


@Bench.test()
async def a_reset_does_not_wait_for_what_stands_still(bench: Bench) -> None:
    """With a request under way that will not end for long, RESET is answered first."""
    await bench.source.write(frame(bench.sequence + 1, Op.INFER, bytes((120, *[7] * 119))))
    bench.sequence = 100
    assert await bench.ask(Op.RESET, b"now") == (Status.DONE, b"now")


@Bench.test(off=[-0.02, 0.02])
async def bears_other_clocks_noise_and_breaks(bench: Bench) -> None:
    """A host 2 % too fast or too slow; bytes between frames, a break, a spike on the line."""
    dut = bench.dut
    assert await bench.read("MAGIC") == 0x44535031
    bench.source.write_nowait(bytes(range(256)))
    await bench.source.wait()
    await Timer(20_000, "ns")
    dut.rx.value = 0
    await Timer(round(30e9 / bench.baud), "ns")
    dut.rx.value = 1
    await Timer(round(2e9 / bench.baud), "ns")
    dut.rx.value = 0
    await Timer(round(1e9 / bench.clock_hz), "ns")
    dut.rx.value = 1
    await Timer(round(2e9 / bench.baud), "ns")
    assert await bench.read("MAGIC") == 0x44535031
