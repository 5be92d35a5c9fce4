"""What was, some clocks ago: registers in a row, and what enables them, if anything does."""

from collections.abc import Sequence
from typing import Any, TypeVar

from amaranth.hdl import Module, Signal, Value
from amaranth.lib import data

Delayed = TypeVar("Delayed", Value, data.View)


def later(m: Module, value: Delayed, clocks: int | Sequence[Value | None], name: str) -> Delayed:
    """``value`` so many clocks later; registers have no reset.

    In place of ``clocks`` there may be what enables each of them (`enabled`).
    """
    held: Any = value
    for n, moves in enumerate([None] * clocks if isinstance(clocks, int) else clocks):
        register = Signal(value.shape(), name=f"{name}_{n}", reset_less=True)
        take(m, register, held, moves)
        held = register
    return held


def enabled(moves: Value, *, spread: bool) -> Value | None:
    """What enables registers on the way of what ``moves``; nothing in a ``spread`` chip.

    There an enable would have copies of its own (`model.sizes.depth.Depth`). Elsewhere what is idle
    is still: that saves a simulator the work of every clock, and a chip the power.
    """
    return None if spread else moves


def take(m: Module, register: Signal | data.View, value: Any, moves: Value | None) -> None:
    """A register takes ``value`` while that ``moves``; with None in every clock."""
    if moves is None:
        m.d.sync += register.eq(value)
    else:
        with m.If(moves):
            m.d.sync += register.eq(value)


def bit_later(m: Module, bit: Value, clocks: int, name: str) -> Value:
    """One bit so many clocks later, 0 after a reset."""
    if not clocks:
        return bit
    way = Signal(clocks, name=f"{name}_way")
    m.d.sync += way.eq(way << 1 | bit)
    return way[-1]
