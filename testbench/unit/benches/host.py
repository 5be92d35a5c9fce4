"""The host's side of a core on any bus, and on the ports ``bus_*`` of a `TB`."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from functools import wraps
from typing import Concatenate

from dualspike.boards.host.driver import HostProtocol, P, Read, T, Talk, Write
from dualspike.model.interface.memory_map import Memory
from dualspike.model.interface.register import Register
from dualspike.testbench.unit.tb import TB

_LIMIT = 100


def _awaited(
    talk: Callable[Concatenate[HostProtocol, P], Talk[T]],
) -> Callable[Concatenate["Registers", P], Awaitable[T]]:
    """A method of `HostProtocol` whose accesses take their clocks."""

    @wraps(talk)
    async def method(self: "Registers", *args: P.args, **kwargs: P.kwargs) -> T:
        going = talk(self.protocol, *args, **kwargs)
        try:
            accesses = next(going)
            while True:
                accesses = going.send([await self.carry_out(one) for one in accesses])
        except StopIteration as end:
            return end.value

    return method


class Registers(ABC):
    """Registers and memories of a core, on any bus; the streams are the bench's own."""

    def __init__(
        self,
        registers: Sequence[Register],
        memories: Sequence[Memory] = (),
        confusion: Memory | None = None,
    ) -> None:
        self.protocol = HostProtocol(registers, memories, confusion)
        self.address = self.protocol.address

    @abstractmethod
    async def access(self, address: int, *, write: bool = False, value: int = 0) -> int:
        """One access of register number ``address``; what was read."""

    async def carry_out(self, access: object) -> list[int]:
        """Word by word; what was read."""
        if isinstance(access, Read):
            return [
                await self.access(access.address + n * access.step) for n in range(access.count)
            ]
        assert isinstance(access, Write)
        for n, word in enumerate(access.words):
            await self.access(access.address + n * access.step, write=True, value=word)
        return []

    read = _awaited(HostProtocol.read)
    read_wide = _awaited(HostProtocol.read_wide)
    write = _awaited(HostProtocol.write)
    fill = _awaited(HostProtocol.fill)
    contents = _awaited(HostProtocol.contents)
    set_stage = _awaited(HostProtocol.set_stage)
    enable_irq = _awaited(HostProtocol.enable_irq)
    take_irq = _awaited(HostProtocol.take_irq)
    record = _awaited(HostProtocol.record)
    confusion = _awaited(HostProtocol.confusion)


class Host(Registers):
    """Reads and writes registers through the ports ``bus_*``; ``took`` cycles the last time."""

    def __init__(
        self, tb: TB, registers: Sequence[Register], memories: Sequence[Memory] = ()
    ) -> None:
        super().__init__(registers, memories)
        self.tb = tb
        self.took = 0

    async def access(self, address: int, *, write: bool = False, value: int = 0) -> int:
        """One access, held until ``done``; the read data of that cycle."""
        tb = self.tb
        data = value & 0xFFFFFFFF
        tb.set(bus_request=1, bus_write=write, bus_address=address, bus_write_data=data)
        for self.took in range(_LIMIT):
            await tb.settle()
            done, read = tb.bits("bus_done"), tb.bits("bus_read_data")
            await tb.edge()
            if done:
                tb.set(bus_request=0)
                return read
        raise AssertionError(f"the bus did not answer within {_LIMIT} cycles")
