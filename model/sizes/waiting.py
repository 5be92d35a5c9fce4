"""What waits in a ring of a few tables, or in a queue around a block RAM."""

from dualspike.model.ceil_div import ceil_div
from dualspike.model.sizes.components import MemorySize

_TABLES = 28
"""Memories of 16 words of 4 bits that are smaller than what is around a block RAM."""


def place_bits(places: int) -> int:
    """Bits of a place of a ring with at least so many: of 2^k two are never taken."""
    return max(2, (places + 1).bit_length())


def in_ring(bits: int, places: int) -> bool:
    """Whether so many places of so many bits are a `hw.stream.buffers.ring.Ring`."""
    return ceil_div(bits, 4) * ceil_div(1 << place_bits(places), 16) <= _TABLES


def waiting_memory(bits: int, places: int) -> MemorySize:
    """The memory of either: a `hw.stream.queue.Queue` has a place in a register after it."""
    if in_ring(bits, places):
        return MemorySize("rows", 1, 1 << place_bits(places), bits, False)
    return MemorySize("signals", 1, places - 1, bits, True)
