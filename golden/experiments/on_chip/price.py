"""What a chip pays: exact sizes and clocks, and cells as they are forecast before synthesis."""

from dataclasses import dataclass

from dualspike.model.cost.estimate import chip_area, learning_clocks, memory_bits, products
from dualspike.model.description.description import Description


@dataclass(frozen=True)
class Price:
    """Of one chip with the folding of its description.

    ``memory``: bits of all memories. ``cells``: look-up tables of an ECP5 that are forecast, with
    those that are memories; ``flip_flops`` and ``block_rams`` likewise: memories of few bits are
    cheaper in tables, so that wider weights may take fewer of these. ``clocks``: most of a sample
    while it learns.
    """

    memory: int
    multipliers: int
    cells: float
    flip_flops: float
    block_rams: int
    clocks: float


def price(d: Description) -> Price:
    """Of a description that learns."""
    area = chip_area(d)
    clocks = round(learning_clocks(d), 2)
    memory = sum(memory_bits(d).values())
    return Price(memory, products(d), area.lut4, area.ff, area.bram, clocks)
