"""One bank of a memory of weights, whose word is there a cycle after its row."""

from collections.abc import Sequence
from dataclasses import dataclass

from amaranth.hdl import Module, Value, unsigned
from amaranth.lib import memory

from dualspike.hw.stream.buffers.registered_memory import RegisteredMemory
from dualspike.model.sizes.depth import is_deep


@dataclass(frozen=True)
class ReadRow:
    """The row that a bank reads ``now``; ``ahead``, if known: the one in the next cycle."""

    now: Value
    ahead: Value | None = None


@dataclass(frozen=True)
class Bank:
    """``word`` of the row a cycle before; ``write`` puts ``written`` to ``place``."""

    word: Value
    place: Value
    written: Value
    write: Value


def bank_of(
    m: Module, name: str, bits: int, depth: int, row: ReadRow, init: Sequence[int] = ()
) -> Bank:
    """``depth`` words of ``bits`` bits, at first those of ``init``, without them all 0.

    A deep one whose row is known ahead is a block RAM with its output register where the device has
    one: read a cycle earlier, so that no row may be written in the two cycles before its word.
    """
    if row.ahead is not None and is_deep(bits, depth):
        m.submodules[name] = deep = RegisteredMemory(bits, depth, init)
        m.d.comb += deep.address.eq(row.ahead)
        return Bank(deep.word, deep.place, deep.written, deep.write)
    m.submodules[name] = store = memory.Memory(shape=unsigned(bits), depth=depth, init=init)
    read, write = store.read_port(), store.write_port()
    m.d.comb += read.addr.eq(row.now)
    return Bank(read.data, write.addr, write.data, write.en)
