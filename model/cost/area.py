"""Look-up tables, registers, multipliers and block RAMs, as a family of devices has them.

The factors come from Yosys 0.70, ``synth_ecp5``, component by component. ``lut4`` counts the cells
that a place-and-route tool fills: tables, two for each carry cell, four for 16 words of 4 bits.
"""

import math
from dataclasses import dataclass, replace

from dualspike.model.cost.devices import Family
from dualspike.model.interface.lfsr import SIGNS
from dualspike.model.sizes.components import MemorySize, Multiplier


@dataclass(frozen=True)
class Area:
    """Four-input look-up tables, flip-flops, multipliers, block RAMs."""

    lut4: float = 0
    ff: float = 0
    dsp: int = 0
    bram: int = 0

    def __add__(self, other: "Area") -> "Area":
        return Area(
            self.lut4 + other.lut4,
            self.ff + other.ff,
            self.dsp + other.dsp,
            self.bram + other.bram,
        )

    def rounded(self) -> "Area":
        """In whole numbers."""
        return Area(round(self.lut4), round(self.ff), self.dsp, self.bram)

    def times(self, count: int) -> "Area":
        """``count`` of these."""
        return Area(count * self.lut4, count * self.ff, count * self.dsp, count * self.bram)


def multiplier_area(part: Multiplier, family: Family) -> Area:
    """Blocks that a product is cut into, with the adders between; or tables only.

    A product that is held is so in the blocks, if there are any.
    """
    if family.multiplier is None:
        held = part.held * (part.a + part.b)
        return Area(1.1 * part.a * part.b, held).times(part.count)
    most, least = max(family.multiplier), min(family.multiplier)
    wide, narrow = _pieces(max(part.a, part.b), most), _pieces(min(part.a, part.b), least)
    pairs = [a + b for a in wide for b in narrow]
    blocks = sum(bits >= family.least_product for bits in pairs)
    adders = (len(pairs) - 1) * (part.a + part.b - least)
    return Area(adders, 0, blocks, 0).times(part.count)


def _pieces(bits: int, most: int) -> list[int]:
    """Widths of the parts of a signed operand: the highest keeps its sign, others lose a bit."""
    pieces: list[int] = []
    while bits > most:
        pieces.append(most)
        bits -= most - 1
    return [*pieces, bits]


def memory_area(memory: MemorySize, family: Family) -> Area:
    """A memory in the cheaper of block RAM and tables; without either, in registers.

    Yosys counts a block RAM of ECP5 as 128, four tables as 4, a bit of a constant table as 1/16;
    a block RAM of iCE40 as about 72 register bits. There a memory that is read without a clock is
    one from fewer bits on (`hw.emit.mapping.falling_reads`).
    """
    depth, width, bits = memory.depth, memory.width, memory.depth * memory.width
    falling = family.name == "ice40" and not memory.clocked
    blocks = _blocks(depth, width, family) if memory.clocked or falling else 0
    if memory.kind == "surrogate":
        if blocks and bits / 16 > (128 if family.lut_ram else 72) * blocks:
            return Area(bram=blocks).times(memory.count)
        return Area(bits / 8).times(memory.count)
    if memory.kind == "traces":
        return _registered(memory, family)
    if depth == 1:
        return Area(0, width).times(memory.count)
    if family.lut_ram:
        cells = math.ceil(depth / 16) * math.ceil(width / 4)
        if blocks and 128 * blocks < 4 * cells:
            # What is read as it is written goes around the block: the word held twice, a choice.
            around = width if memory.kind == "frames" else 0
            return Area(1.2 * around, 2 * around, 0, blocks).times(memory.count)
        choose = width * (math.ceil(depth / 16) - 1)
        held = width if memory.clocked else 0
        return Area(4 * cells + choose, held).times(memory.count)
    if blocks and bits >= (56 if falling else 73) * blocks:
        return Area(bram=blocks).times(memory.count)
    return Area(bits * 0.7 + depth, bits).times(memory.count)


def _registered(memory: MemorySize, family: Family) -> Area:
    """One with a register after it, inside a block RAM (`hw.emit.mapping.block_rams`)."""
    depth, width = memory.depth, memory.width
    if family.lut_ram and depth * width >= 2048 and depth <= 2048:
        return Area(bram=math.ceil(width / (18 if depth <= 1024 else 9))).times(memory.count)
    plain = memory_area(replace(memory, kind="signals"), family)
    return plain + Area(0, width).times(memory.count)


def _blocks(depth: int, width: int, family: Family) -> int:
    """Block RAMs in the best of their shapes: each halving of the width doubles the depth."""
    counts: list[int] = []
    wide = family.ram_width
    while wide >= 1:
        deep = family.ram_bits // family.ram_width * (family.ram_width // wide)
        counts.append(math.ceil(depth / deep) * math.ceil(width / wide))
        wide //= 2
    return min(counts)


def skid_buffer_area(bits: int) -> Area:
    """A queue of two places."""
    return Area(1.1 * bits, 2 * bits + 2)


def xor_tables(distance: int) -> int:
    """Tables of the XOR that is a sign register's output bit ``distance`` steps ahead, roughly."""
    free, tap = SIGNS.length, SIGNS.length - max(SIGNS.taps)
    if distance < free:
        return 0
    return 1 if distance < free + tap else 5


def far_bits(count: int) -> int:
    """Tables of all of the next ``count`` output bits of a sign register."""
    return sum(xor_tables(distance) for distance in range(count))
