"""The host's side of the registers: by name on any bus, and the core's own bus on a `TB`."""

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dualspike.model.registers import Register
from dualspike.testbench.benches.tb import TB
from dualspike.testbench.payloads import unpack

_LIMIT = 100


class Registers(ABC):
    """Registers by their names, on any bus."""

    def __init__(self, registers: list[Register]) -> None:
        self.address = {register.name: register.address for register in registers}

    @abstractmethod
    async def access(self, address: int, *, write: bool = False, value: int = 0) -> int:
        """One access of register number ``address``; what was read."""

    async def read(self, name: str) -> int:
        """A register's 32 bits."""
        return await self.access(self.address[name])

    async def read_wide(self, name: str, *, signed: bool = True) -> int:
        """A pair of registers, sign extended to 64 bits where it is signed."""
        value = await self.read(f"{name}_0") | await self.read(f"{name}_1") << 32
        return value - (1 << 64) if signed and value >> 63 else value

    async def write(self, name: str, value: int) -> None:
        """Set a register from the low 32 bits of ``value``."""
        await self.access(self.address[name], write=True, value=value)

    async def load(self, select: int, values: NDArray[Any]) -> None:
        """Fill one weight memory, row by row."""
        await self.write("WEIGHT_SELECT", select)
        for value in values.flat:
            await self.write("WEIGHT_DATA", int(value))

    async def dump(self, select: int, shape: tuple[int, ...], form: Any) -> NDArray[np.int64]:
        """Read one weight memory whose words have the shape ``form``."""
        await self.write("WEIGHT_SELECT", select)
        words = [unpack(form, await self.read("WEIGHT_DATA")) for _ in range(int(np.prod(shape)))]
        return np.array(words, np.int64).reshape(shape)


class Host(Registers):
    """Reads and writes registers through the ports ``bus_*``; ``took`` cycles the last time."""

    def __init__(self, tb: TB, registers: list[Register]) -> None:
        super().__init__(registers)
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
