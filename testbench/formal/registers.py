"""A memory as registers, so that a proof may speak of its words."""

from dataclasses import dataclass
from typing import Any

from amaranth.hdl import Array, Elaboratable, Module, Mux, ShapeLike, Signal


@dataclass(frozen=True)
class Port:
    """A way into the memory, as that of `amaranth.lib.memory`."""

    addr: Signal
    data: Signal
    en: Signal


class RegisterMemory(Elaboratable):
    """Stands for `amaranth.lib.memory.Memory` in proofs; its words are ``rows``.

    A port that reads a word in the clock in which it is written gives anything at all (``free``):
    whatever is proved does not rest on what a device's memory does then.
    """

    def __init__(self, shape: ShapeLike, depth: int, init: Any) -> None:
        self._shape, self._depth = shape, depth
        self.rows = [Signal(shape, name=f"row_{n}", reset_less=True) for n in range(depth)]
        self.free: list[Signal] = []
        self._writes: list[Port] = []
        self._reads: list[tuple[Port, bool]] = []

    def write_port(self) -> Port:
        """A port that writes where ``en`` is 1."""
        port = self._port(0)
        self._writes.append(port)
        return port

    def read_port(self, domain: str = "sync") -> Port:
        """A port that reads, into a register if ``domain`` is "sync"."""
        port = self._port(1)
        self._reads.append((port, domain == "sync"))
        if domain == "sync":
            self.free.append(Signal(self._shape, name=f"met_{len(self._reads)}"))
        return port

    def _port(self, enable: int) -> Port:
        data = Signal(self._shape, name="data", reset_less=True)
        return Port(Signal(range(max(2, self._depth))), data, Signal(name="en", init=enable))

    def elaborate(self, platform: object) -> Module:
        """Words, and a choice among them for every port."""
        m = Module()
        for port in self._writes:
            for n, row in enumerate(self.rows):
                with m.If(port.en & (port.addr == n)):
                    m.d.sync += row.eq(port.data)
        free = iter(self.free)
        for port, registered in self._reads:
            word = Array(self.rows)[port.addr]
            if not registered:
                m.d.comb += port.data.eq(word)
                continue
            meets = Signal()
            for write in self._writes:
                with m.If(write.en & (write.addr == port.addr)):
                    m.d.comb += meets.eq(1)
            with m.If(port.en):
                m.d.sync += port.data.eq(Mux(meets, next(free), word))
        return m
