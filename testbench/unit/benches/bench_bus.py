"""`RegisterBus`: strobes, values and 7 cycles for every access, to known addresses and others."""

import random

from amaranth.hdl import Shape

from dualspike.hw.chip.bus import RegisterBus
from dualspike.model.interface.register import Register
from dualspike.model.interface.registers import register_map
from dualspike.testbench.unit.benches.host import Host
from dualspike.testbench.unit.benches.shapes import described
from dualspike.testbench.unit.tb import TB

LATENCY = 7

TOP = "bus"
CASES = [{"shape": shape} for shape in ("single", "odd")]


def component(shape: str) -> RegisterBus:
    """The bus of a core of that shape."""
    return RegisterBus(register_map(described(shape)))


class Strobes:
    """Notes every strobe: (cycle, name, write_data)."""

    def __init__(self, tb: TB, registers: list[Register]) -> None:
        self.seen: list[tuple[int, str, int]] = []
        self._tb = tb
        self._names = [f"{one.name}_read" for one in registers if "r" in one.access]
        self._names += [f"{one.name}_written" for one in registers if "w" in one.access]

    def drive(self) -> None:
        """Nothing: this only looks."""

    def sample(self) -> None:
        """Note what pulses."""
        tb = self._tb
        for name in self._names:
            if tb.bits(name):
                self.seen.append((tb.now, name, tb.bits("write_data")))


@TB.test(pause=[0, 3])
async def reads_and_writes(tb: TB, pause: int) -> None:
    """Every address, both ways, in random order, back to back or with pauses; any values."""
    registers = register_map(described(tb.case["shape"]))
    rng = random.Random(13)
    host, strobes = Host(tb, registers), Strobes(tb, registers)
    tb.parts.append(strobes)
    by_address = {register.address: register for register in registers}
    width = Shape.cast(tb.shape("bus_address")).width
    accesses = [(address, write) for address in range(1 << width) for write in (False, True)]
    for address, write in rng.sample(accesses * 2, 2 * len(accesses)):
        await tb.cycle(rng.randint(0, pause))
        values = {one.name: rng.getrandbits(32) for one in registers if "r" in one.access}
        tb.set(**values)
        strobes.seen.clear()
        start, data = tb.now, rng.getrandbits(32)
        read = await host.access(address, write=write, value=data)
        assert host.took == LATENCY
        register = by_address.get(address)
        allowed = register.access if register else ""
        assert read == (values[register.name] if register and "r" in allowed else 0)
        expected = []
        if register and ("w" if write else "r") in allowed:
            name = f"{register.name}_{'written' if write else 'read'}"
            expected = [(start + 1, name, data)]
        assert [one[: 3 if write else 2] for one in strobes.seen] == [
            one[: 3 if write else 2] for one in expected
        ]


@TB.test()
async def looks_at_the_value_a_cycle_before_the_end(tb: TB) -> None:
    """A value that changes in an access is read as it is just before ``done`` pulses."""
    registers = register_map(described(tb.case["shape"]))
    address = next(one.address for one in registers if one.name == "CYCLES")
    tb.set(bus_request=1, bus_address=address)
    for cycle in range(2 * (LATENCY + 1)):
        tb.set(CYCLES=1000 + cycle)
        await tb.settle()
        assert tb.get("bus_done") == (cycle % (LATENCY + 1) == LATENCY)
        if tb.get("bus_done"):
            assert tb.get("bus_read_data") == 1000 + cycle - 1
        await tb.edge()
