"""Hosts of a core in a system on chip: an AXI4-Lite manager, a Wishbone master, and laws.

The AXI models are those of cocotbext-axi; the Wishbone master follows Wishbone B4, chapter 3.
"""

import random
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any

from cocotb.triggers import FallingEdge, RisingEdge
from cocotbext.axi import AxiLiteBus, AxiLiteMaster

from dualspike.model.description.description import Description
from dualspike.model.interface.memory_map import confusion_memory, memory_map
from dualspike.model.interface.register import Register
from dualspike.testbench.unit.benches.host import Registers
from dualspike.testbench.unit.streams import HandshakeChecker

_ALL = 0xF
_LIMIT = 200


class Refused(Exception):
    """An access that was answered with an error: SLVERR, DECERR or ERR."""


class SocHost(Registers):
    """Registers at byte addresses. ``at`` is an access of any address with any bytes selected."""

    @abstractmethod
    async def at(self, place: int, *, write: bool, value: int = 0, select: int = _ALL) -> int:
        """What was read; raises Refused with the kind of error."""

    async def access(self, address: int, *, write: bool = False, value: int = 0) -> int:
        """A whole register."""
        return await self.at(4 * address, write=write, value=value & 0xFFFFFFFF)


def pauses(stall: float, seed: object) -> Iterator[bool]:
    """For ever: pause in this clock, or not."""
    rng = random.Random(str(seed))
    while True:
        yield rng.random() < stall


class AxiHost(SocHost):
    """``master`` is cocotbext's; `at` uses its channels one access at a time."""

    def __init__(
        self, dut: Any, d: Description, registers: Sequence[Register], stall: float
    ) -> None:
        super().__init__(registers, memory_map(d), confusion_memory(d))
        self.master: Any = AxiLiteMaster(AxiLiteBus.from_prefix(dut, "s_axi"), dut.aclk)
        writer, reader = self.master.write_if, self.master.read_if
        self._aw, self._w, self._b = writer.aw_channel, writer.w_channel, writer.b_channel
        self._ar, self._r = reader.ar_channel, reader.r_channel
        if stall:
            for n, channel in enumerate((self._aw, self._w, self._b, self._ar, self._r)):
                channel.set_pause_generator(pauses(stall, n))

    async def at(self, place: int, *, write: bool, value: int = 0, select: int = _ALL) -> int:
        """Over the five channels."""
        if write:
            await self._w.send(self._w._transaction_obj(wdata=value, wstrb=select))
            await self._aw.send(self._aw._transaction_obj(awaddr=place))
            answer = await self._b.recv()
            response, read = int(answer.bresp), 0
        else:
            await self._ar.send(self._ar._transaction_obj(araddr=place))
            answer = await self._r.recv()
            response, read = int(answer.rresp), int(answer.rdata)
        if response:
            raise Refused({2: "SLVERR", 3: "DECERR"}[response])
        return read


class WishboneHost(SocHost):
    """Holds STB until ACK as a classic master, or while STALL as a pipelined one; by chance.

    ``took``: clocks from STB to the answer, the last time.
    """

    def __init__(
        self, dut: Any, d: Description, registers: Sequence[Register], stall: float
    ) -> None:
        super().__init__(registers, memory_map(d), confusion_memory(d))
        self.took = 0
        self._dut, self._pauses = dut, pauses(stall, "wishbone")
        self._random = random.Random("modes")

    def drive(self, **values: int) -> None:
        """Set the master's signals."""
        for name, value in values.items():
            getattr(self._dut, f"wb_{name}_i").value = value

    async def at(self, place: int, *, write: bool, value: int = 0, select: int = _ALL) -> int:
        """One access, at once after the last or after some clocks."""
        dut, pipelined = self._dut, self._random.random() < 0.5
        while next(self._pauses):
            self.drive(cyc=self._random.getrandbits(1), stb=0)
            await RisingEdge(dut.wb_clk_i)
        self.drive(cyc=1, stb=1, we=write, adr=place, sel=select, dat=value)
        offered = True
        for self.took in range(_LIMIT):
            await FallingEdge(dut.wb_clk_i)
            ack, err = int(dut.wb_ack_o.value), int(dut.wb_err_o.value)
            stall, read = int(dut.wb_stall_o.value), int(dut.wb_dat_o.value)
            await RisingEdge(dut.wb_clk_i)
            if offered and (not stall if pipelined else ack or err):
                offered = False
                self.drive(stb=0)
            if ack or err:
                self.drive(cyc=0)
                if err:
                    raise Refused("ERR")
                return read
        raise AssertionError(f"Wishbone did not answer within {_LIMIT} cycles")


class Channels:
    """Handshakes of the AXI ports, each checked, with a list of the clocks in which it moved."""

    def __init__(self, dut: Any, payloads: dict[str, tuple[str, ...]]) -> None:
        self.now = 0
        self.moved: dict[str, list[int]] = {name: [] for name in payloads}
        self._signals = {
            f"{name}_{what}": [getattr(dut, name + part) for part in parts]
            for name, payload in payloads.items()
            for what, parts in {"valid": ["valid"], "ready": ["ready"], "payload": payload}.items()
        }
        self.restart()

    def restart(self) -> None:
        """Forget what was offered: a reset takes it back."""
        self._checkers = [HandshakeChecker(self, name) for name in self.moved]

    def bits(self, name: str) -> int:
        """``<channel>_valid``, ``_ready``, or ``_payload``: all its signals side by side."""
        bits = 0
        for signal in self._signals[name]:
            bits = bits << len(signal) | int(signal.value)
        return bits

    def get(self, name: str) -> Any:
        """The same as `bits`."""
        return self.bits(name)

    def set(self, **values: Any) -> None:
        """Nothing: a monitor only looks."""

    async def watch(self, clock: Any) -> None:
        """For ever: look in the midst of every clock."""
        while True:
            await FallingEdge(clock)
            for checker in self._checkers:
                checker.sample()
            for name, moved in self.moved.items():
                if self.bits(f"{name}_valid") and self.bits(f"{name}_ready"):
                    moved.append(self.now)
            self.now += 1


async def watch_wishbone(dut: Any) -> None:
    """For ever: ACK or ERR, not both, only with CYC and STB; STALL until then; B4, 3.1 and 5.2."""
    while True:
        await FallingEdge(dut.wb_clk_i)
        strobe = int(dut.wb_cyc_i.value) and int(dut.wb_stb_i.value)
        ack, err = int(dut.wb_ack_o.value), int(dut.wb_err_o.value)
        assert ack + err <= bool(strobe), f"ACK {ack}, ERR {err} with STB {strobe}"
        assert int(dut.wb_stall_o.value) == bool(strobe and not ack and not err)
