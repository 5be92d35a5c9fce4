"""What was, some clocks ago: registers in a row, without an enable."""

from typing import Any, TypeVar

from amaranth.hdl import Module, Signal, Value
from amaranth.lib import data

Delayed = TypeVar("Delayed", Value, data.View)


def later(m: Module, value: Delayed, clocks: int, name: str) -> Delayed:
    """``value`` so many clocks later; registers have no reset."""
    held: Any = value
    for n in range(clocks):
        register = Signal(value.shape(), name=f"{name}_{n}", reset_less=True)
        m.d.sync += register.eq(held)
        held = register
    return held


def bit_later(m: Module, bit: Value, clocks: int, name: str) -> Value:
    """One bit so many clocks later, 0 after a reset."""
    if not clocks:
        return bit
    way = Signal(clocks, name=f"{name}_way")
    m.d.sync += way.eq(way << 1 | bit)
    return way[-1]
