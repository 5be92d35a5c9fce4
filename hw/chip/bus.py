"""The register bus: one 32-bit register at a time, every access takes the same time."""

from amaranth.hdl import Array, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from dualspike.hw.stream.arithmetic import wire
from dualspike.hw.stream.counters import counter_shape
from dualspike.model.ceil_div import ceil_div
from dualspike.model.interface.register import Register

LATENCY = 7
GROUP = 8
"""Registers of which one is chosen in a clock; among their groups in the next."""


class BusSignature(wiring.Signature):
    """Host's side of the bus: hold ``request`` with the rest until ``done``."""

    def __init__(self, address_bits: int) -> None:
        super().__init__(
            {
                "request": Out(1),
                "write": Out(1),
                "address": Out(address_bits),
                "write_data": Out(32),
                "read_data": In(32),
                "done": In(1),
            }
        )


class RegisterBus(wiring.Component):
    """Turns bus accesses into strobes and picks the read value.

    For every register NAME: ``NAME_written`` and ``NAME_read`` pulse in the access's second cycle,
    ``NAME`` is the value, looked at in the cycle before ``done`` pulses. Unknown
    addresses read 0 and ignore writes. Latency: 7 cycles.
    """

    def __init__(self, registers: list[Register]) -> None:
        self._registers = registers
        members = {"bus": In(BusSignature(counter_shape(len(registers) - 1).width))}
        members["write_data"] = Out(32)
        for register in registers:
            if "r" in register.access:
                members[register.name] = In(32)
                members[f"{register.name}_read"] = Out(1)
            if "w" in register.access:
                members[f"{register.name}_written"] = Out(1)
        super().__init__(members)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        bus = self.bus
        count = Signal(range(LATENCY + 1))
        m.d.comb += bus.done.eq(count == LATENCY)
        with m.If(bus.done | ~bus.request):
            m.d.sync += count.eq(0)
        with m.Else():
            m.d.sync += count.eq(count + 1)
        first = Signal()
        address = Signal.like(bus.address, reset_less=True)
        data = Signal.like(bus.write_data, reset_less=True)
        write = Signal()
        m.d.comb += self.write_data.eq(data)
        m.d.sync += [
            first.eq(bus.request & (count == 0)),
            address.eq(bus.address),
            write.eq(bus.write),
            data.eq(bus.write_data),
        ]
        self._choose(m, address)
        # Outside of the choice: in it, every strobe would come with a copy of all its cases.
        reads, writes = wire(m, first & ~write, "reads"), wire(m, first & write, "writes")
        for register in self._registers:
            # From a register, since what is written has its enables here.
            here = Signal(name=f"{register.name}_here")
            m.d.sync += here.eq(bus.address == register.address)
            if "r" in register.access:
                m.d.comb += getattr(self, f"{register.name}_read").eq(reads & here)
            if "w" in register.access:
                m.d.comb += getattr(self, f"{register.name}_written").eq(writes & here)
        return m

    def _choose(self, m: Module, address: Signal) -> None:
        """The value of the register at ``address``, wherever on a chip it lies: in two clocks."""
        groups = [
            Signal(32, name=f"group_{n}", reset_less=True)
            for n in range(ceil_div(1 << len(address), GROUP))
        ]
        for n, chosen in enumerate(groups):
            m.d.sync += chosen.eq(0)
            with m.Switch(address % GROUP):
                for register in self._registers:
                    if "r" in register.access and register.address // GROUP == n:
                        with m.Case(register.address % GROUP):
                            m.d.sync += chosen.eq(getattr(self, register.name))
        group = address.shift_right(GROUP.bit_length() - 1)
        m.d.comb += self.bus.read_data.eq(Array(groups)[group] if len(groups) > 1 else groups[0])
