"""Look-up tables, registers, multipliers and block RAMs of a core, estimated from its structure.

Every component is counted by what it is built of: a bit of an adder is one look-up table, a bit
of a choice between two values another, a register bit one flip-flop; `hw` has the structure. The
factors come from Yosys 0.70, ``synth_ecp5``, component by component. ``lut4`` counts the cells
that a place-and-route tool fills: tables, two for each carry cell, four for 16 words of 4 bits.
"""

import math
from dataclasses import dataclass

from dualspike.model.description import Description
from dualspike.model.devices import Family
from dualspike.model.geometry import Geometry, Layer, aligned_sum
from dualspike.model.lfsr import DRAWER, SIGNS, WORD
from dualspike.model.parts import (
    Memory,
    Multiplier,
    chunk_bits,
    layer_memories,
    layer_multipliers,
    loss_memories,
    loss_multipliers,
    row_bits,
    shares_tally,
)
from dualspike.model.registers import register_map


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


def layer_area(d: Description, g: Geometry, layer: Layer, family: Family) -> Area:
    """One layer with its memories and multipliers."""
    parts = [memory_area(memory, family) for memory in layer_memories(d, g, layer)]
    parts += [multiplier_area(part, family) for part in layer_multipliers(d, g, layer)]
    return sum(parts, layer_logic(d, g, layer))


def layer_logic(d: Description, g: Geometry, layer: Layer) -> Area:
    """The rest of it: its dense part, the neurons or the tally, and the queues between."""
    parts = [_synapse(layer, d, g), _serializer(layer, d, g), _settle(layer, d, g)]
    parts += [relay_area(_sum_bits(d, g, layer, layer.next_simd))]
    parts += [_signs(layer, d.learning.structure).times(g.lanes)]
    parts += [_learner(d, layer.pe * layer.simd, layer.cycles, g.lanes)]
    parts += [_learner(d, layer.next_simd, layer.rows, g.lanes)]
    if not layer.reads_out:
        parts.append(_neuron(layer, d, g))
    elif not shares_tally(g, layer):
        parts.append(_tally(layer, g.lanes))
    if layer.kind == "local":
        parts.append(_branch(layer, d, g))
    return sum(parts, Area())


def shared_area(d: Description, g: Geometry, family: Family) -> Area:
    """What there is once, whatever the folding: loss, sequencer, drawer, registers and bus."""
    k, layers, f = g.lanes, len(g.layers), d.formats
    registers = 18 * len(register_map(d))
    parts = [Area(registers + 160 + WORD, 42 + 36 + (k + 6) * layers)]
    if k:
        sums = g.error_bits + g.loss_bits + k * g.jvp_bits
        product = g.weighted_bits + 2 * f.tangent.bits
        squares = (3 if g.error_half else 2) * g.error_bits
        if d.local:
            squares += g.weighted_bits
            sums += g.loss_bits
        parts += [
            Area(5 + sums, sums + squares + k * product),
            Area(150 + 4 * g.jvp_bits + 20 * k * layers, 70 + g.jvp_bits + f.weight.bits),
            Area(1.5 * DRAWER.length, DRAWER.length),
        ]
        parts += [multiplier_area(part, family) for part in loss_multipliers(d, g)]
        parts += [memory_area(memory, family) for memory in loss_memories(d, g)]
    return sum(parts, Area())


def multiplier_area(part: Multiplier, family: Family) -> Area:
    """Blocks that a product is cut into, with the adders between; or tables only."""
    if family.multiplier is None:
        return Area(1.1 * part.a * part.b).times(part.count)
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


def memory_area(memory: Memory, family: Family) -> Area:
    """A memory in the cheaper of block RAM and tables; without either, in registers.

    Yosys counts a block RAM of ECP5 as 128, four tables as 4, a bit of a constant table as 1/16;
    a block RAM of iCE40 as about 72 register bits.
    """
    depth, width, bits = memory.depth, memory.width, memory.depth * memory.width
    blocks = _blocks(depth, width, family) if memory.clocked else 0
    if memory.kind == "surrogate":
        if blocks and bits / 16 > (128 if family.lut_ram else 72) * blocks:
            return Area(bram=blocks).times(memory.count)
        return Area(bits / 8).times(memory.count)
    if family.lut_ram:
        cells = math.ceil(depth / 16) * math.ceil(width / 4)
        if blocks and 128 * blocks < 4 * cells:
            return Area(bram=blocks).times(memory.count)
        choose = width * (math.ceil(depth / 16) - 1)
        held = width if memory.clocked else 0
        if depth == 1:
            return Area(0, width).times(memory.count)
        return Area(4 * cells + choose, held).times(memory.count)
    if blocks and bits > 72 * blocks:
        return Area(bram=blocks).times(memory.count)
    return Area(bits * 0.7 + depth, bits).times(memory.count)


def _blocks(depth: int, width: int, family: Family) -> int:
    """Block RAMs in the best of their shapes: each halving of the width doubles the depth."""
    counts: list[int] = []
    wide = family.ram_width
    while wide >= 1:
        deep = family.ram_bits // family.ram_width * (family.ram_width // wide)
        counts.append(math.ceil(depth / deep) * math.ceil(width / wide))
        wide //= 2
    return min(counts)


def _sum_bits(d: Description, g: Geometry, layer: Layer, neurons: int) -> int:
    """Bits of all sums of ``neurons`` neurons; factored signs share one sum of a lane."""
    signs = 1 if d.learning.structure == "factored" else neurons
    own = layer.value_sum_bits + g.lanes * layer.tangent_sum_bits
    return neurons * own + signs * g.lanes * layer.sign_sum_bits


def _synapse(layer: Layer, d: Description, g: Geometry) -> Area:
    """Products held, then summed: a choice and an adder for each sum, two more for each simd."""
    k, array, w = g.lanes, layer.pe * layer.simd, d.formats.weight.bits
    signs = layer.simd if d.learning.structure == "factored" else array
    sums = _sum_bits(d, g, layer, layer.pe)
    product = w + (layer.value_signed if layer.every_step else layer.value_bits)
    product += k * (w + layer.tangent_in_bits) if layer.tangent_in_bits else 0
    sign = 2 if layer.every_step else layer.value_bits + 1
    held = array * product + signs * k * (sign + 1) + array * bool(k) + chunk_bits(layer, k)
    choose = signs * k * (1 if layer.every_step else sign)
    return Area((layer.simd + 1) * sums + choose + 40, sums + held + 20)


def _serializer(layer: Layer, d: Description, g: Geometry) -> Area:
    bits = _sum_bits(d, g, layer, layer.pe)
    moved = bits - _sum_bits(d, g, layer, min(layer.pe, layer.next_simd))
    return Area(moved + 5, bits + 6)


def _settle(layer: Layer, d: Description, g: Geometry) -> Area:
    """Bias and sign added, saturated: one adder for each, two where tangents meet."""
    k, width, f = g.lanes, layer.next_simd, d.formats
    aligned, fraction, _ = aligned_sum(d, layer)
    shift = g.reciprocal_shift if layer.reads_out else 0
    stages = 2 if layer.reads_out and g.reciprocal != 1 else 1
    out = row_bits(d, k, width)
    sums = width * (layer.value_sum_bits + k * aligned)
    dropped = shift + f.weight.fraction + layer.value_fraction - f.membrane.fraction
    dropped += k * (shift + fraction - f.tangent.fraction)
    adders = sums + (width * k * aligned if layer.tangent_in_bits else 0)
    if d.learning.structure == "factored":
        adders += 2 * width * k * layer.sign_sum_bits
    held = (stages + 1) * sums - width * dropped
    return Area(adders + 1.7 * out, held + 0.8 * out + 2 * width * k)


def _learner(d: Description, banks: int, rows: int, lanes: int) -> Area:
    """The adder on every memory, and the host's way to it."""
    bits = d.formats.weight.bits
    each = 4.1 * bits if lanes else 1.5 * bits
    address = 4 * max(1, (rows - 1).bit_length())
    return Area(each * banks + 60, bits + address + 2 * banks.bit_length())


def _signs(layer: Layer, structure: str) -> Area:
    """One lane's words and the way through them; a leap far ahead is a wide XOR for each bit."""
    words = math.ceil(layer.n_out / WORD)
    held = WORD * words if words > 1 else layer.n_out
    if structure == "factored":
        more = math.ceil((layer.n_in + 1) / WORD)
        held += WORD * more if more > 1 else layer.n_in + 1
        places = layer.chunks * layer.simd + layer.groups * layer.pe
        return Area(2 * places + layer.pe * layer.simd, held)
    leap = [layer.simd * layer.n_out, layer.pe if layer.groups > 1 else 0]
    far = sum(_xor(reach + bit) for reach in leap for bit in range(SIGNS.length))
    seen = sum(_xor(s * layer.n_out + layer.pe // 2) for s in range(layer.simd)) * layer.pe
    return Area(105 + 2 * far + seen, held + 3 * WORD)


def _xor(distance: int) -> int:
    """Tables of the XOR that is the register's output bit ``distance`` steps ahead, roughly."""
    free, tap = SIGNS.length, SIGNS.length - max(SIGNS.taps)
    if distance < free:
        return 0
    return 1 if distance < free + tap else 5


def _neuron(layer: Layer, d: Description, g: Geometry) -> Area:
    """Membrane with its threshold; for each lane the tangent, its product, its rounding."""
    f, k, width = d.formats, g.lanes, layer.next_simd
    tangent, membrane = f.tangent.bits, f.membrane.bits
    tables = 4.5 * membrane + 4.9 * k * tangent
    held = 12 + k * (4 * tangent + f.surrogate.bits)
    if d.leak_shift:
        tables += membrane + k * tangent
    if layer.feedback:
        tables += 3 * k * tangent
        held += 2 * k * tangent
    return Area(width * tables + 25, width * held + 12) + relay_area(width * (k * tangent + 1))


def _tally(layer: Layer, lanes: int) -> Area:
    bits = layer.simd * (layer.value_bits + lanes * layer.tangent_in_bits)
    return Area(2.7 * bits + 15, bits + 10)


def relay_area(bits: int) -> Area:
    """A queue of two places."""
    return Area(1.1 * bits, 2 * bits + 2)


def _branch(layer: Layer, d: Description, g: Geometry) -> Area:
    """A local readout's way from its layer's rows, and the choice among the readouts' outputs."""
    row = row_bits(d, g.lanes, 1)
    waiting = 0 if shares_tally(g, layer) else layer.simd * (1 + g.lanes * d.formats.tangent.bits)
    targets = 3 * (g.targets_kept - 1).bit_length()
    return Area(1.1 * (waiting + row) + row + targets, 2 * (waiting + row) + targets)
