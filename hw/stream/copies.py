"""A register several times, each for some of the many places that its value goes to.

A wire to thousands of pins takes longer than a clock. Yosys makes one of equal registers, so each
copy is a module that a device can replace (`hw.emit.mapping.blocks`).
"""

from collections.abc import Sequence
from typing import TypeVar

from amaranth.hdl import Module, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from dualspike.model.ceil_div import ceil_div

Copied = TypeVar("Copied")

SINKS = 128
"""Places that one register serves."""
MULTIPLIERS = 4
"""Multipliers that one register serves: they lie in rows across a whole device."""


def copies(
    m: Module,
    ahead: Value,
    now: Value,
    sinks: int,
    name: str,
    each: int = SINKS,
    *,
    spread: bool,
) -> list[Value]:
    """Registers for ``sinks`` places, one for ``each`` so many; ``now`` itself if it is enough.

    It always is where the chip is not ``spread`` (`model.sizes.depth.Depth`).
    ``now`` is a register too, and ``ahead`` what it will be in the next cycle. Copies have no
    reset: in the cycle after one they may differ, so data alone may depend on them.
    """
    count = ceil_div(sinks, each) if spread else 1
    if count == 1:
        return [now]
    found: list[Value] = []
    for n in range(count):
        copy = _Copy(len(now))
        # Its name is all that a device needs to know of it.
        m.submodules[f"{name}_{n}_copy_{len(now)}"] = copy
        m.d.comb += copy.ahead.eq(ahead)
        found.append(copy.now.as_signed() if now.shape().signed else copy.now)
    return found


def parts_of(copied: Sequence[Copied], p: int, pe: int) -> Sequence[Copied]:
    """The copies that are for neuron ``p`` of ``pe``, at least one."""
    first, end = p * len(copied) // pe, (p + 1) * len(copied) // pe
    return copied[first : max(end, first + 1)]


def part_of(copied: Sequence[Copied], p: int, pe: int, k: int, lanes: int) -> Copied:
    """The one of them that is for lane ``k`` of ``lanes``."""
    own = parts_of(copied, p, pe)
    return own[k * len(own) // max(lanes, 1)]


class _Copy(wiring.Component):
    def __init__(self, bits: int) -> None:
        self._bits = bits
        super().__init__({"ahead": In(bits), "now": Out(bits)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        register = Signal(self._bits, reset_less=True)
        m.d.sync += register.eq(self.ahead)
        m.d.comb += self.now.eq(register)
        return m
