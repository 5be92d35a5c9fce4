"""The area of a layer, estimated from its structure.

Every component is counted by what it is built of: a bit of an adder is one look-up table, a bit
of a choice between two values another, a register bit one flip-flop; `hw` has the structure.
"""

import math

from dualspike.model.cost.area import Area, memory_area, multiplier_area, xor_tables
from dualspike.model.cost.devices import Family
from dualspike.model.cost.online_area import online_layer_logic
from dualspike.model.description.part import Part
from dualspike.model.interface.lfsr import SIGNS, WORD
from dualspike.model.sizes.components import row_bits
from dualspike.model.sizes.geometry import Geometry
from dualspike.model.sizes.layers import Layer, aligned_sum
from dualspike.model.sizes.resources import (
    chunk_bits,
    layer_memories,
    layer_multipliers,
    shares_spike_counter,
    sum_bits,
)


def layer_area(d: Part, g: Geometry, layer: Layer, family: Family) -> Area:
    """One layer with its memories and multipliers."""
    parts = [memory_area(memory, family) for memory in layer_memories(d, g, layer)]
    parts += [multiplier_area(part, family) for part in layer_multipliers(d, g, layer)]
    logic = online_layer_logic(d, layer) if d.online else layer_logic(d, g, layer)
    return sum(parts, logic)


def layer_logic(d: Part, g: Geometry, layer: Layer) -> Area:
    """The rest of it: its dense part, the neurons or the spike counter, and the queues between."""
    parts = [_mac_array(layer, d, g), _serializer(layer, d, g), _requantizer(layer, d, g)]
    rows = sum_bits(d, g, layer, layer.next_simd)
    parts += [_row_buffer(rows, layer.row_places, layer.group_rows)]
    parts += [_row_buffer(row_bits(d, g.lanes, layer.next_simd), layer.result_places)]
    parts += [_signs(layer, d.learning.structure).times(g.lanes)]
    parts += [_learner(d, layer.pe * layer.simd, layer.cycles, g.lanes)]
    parts += [_learner(d, layer.next_simd, layer.rows, g.lanes)]
    if not layer.reads_out:
        parts.append(_neuron(layer, d, g))
    elif not shares_spike_counter(g, layer):
        parts.append(_spike_counter(layer, g.lanes))
    if layer.kind == "local":
        parts.append(_branch(d, g))
    return sum(parts, Area())


def _mac_array(layer: Layer, d: Part, g: Geometry) -> Area:
    """Products held, then summed: a choice and an adder for each sum, two more for each simd.

    Those of multipliers are held there.
    """
    k, array, w = g.lanes, layer.pe * layer.simd, d.formats.weight.bits
    signs = layer.simd if d.learning.structure == "factored" else array
    sums = sum_bits(d, g, layer, layer.pe)
    product = w + layer.value_signed if layer.every_step else 0
    sign = 2 if layer.every_step else layer.value_bits + 1
    held = layer.multiply * (array * product + signs * k * sign)
    held += signs * k + array * bool(k) + chunk_bits(layer, k)
    choose = signs * k * (1 if layer.every_step else sign)
    return Area((layer.simd + 1) * sums + choose + 40, sums + held + 20)


def _serializer(layer: Layer, d: Part, g: Geometry) -> Area:
    bits = sum_bits(d, g, layer, layer.pe)
    moved = bits - sum_bits(d, g, layer, min(layer.pe, layer.next_simd))
    return Area(moved + 5, 0.8 * bits + 6)


def _row_buffer(bits: int, places: int, coming: int = 0) -> Area:
    """The register behind the memory, with a choice before it if there is one.

    And the count of what is there and of those that are ``coming``.
    """
    count, choice = (places + coming).bit_length(), bits + 27 if places > 1 else 0
    return Area(choice + 5 * count + 3, bits + 2 * count + 12)


def _requantizer(layer: Layer, d: Part, g: Geometry) -> Area:
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
    return Area(0.75 * (adders + 1.7 * out), held + 2 * width * k)


def _learner(d: Part, banks: int, rows: int, lanes: int) -> Area:
    """The adder on every memory with the register after it, and the host's way to it."""
    bits = d.formats.weight.bits
    each = 4.1 * bits if lanes else 1.5 * bits
    address = 4 * max(1, (rows - 1).bit_length())
    moved = (bits + 1) * banks if lanes else 0
    given = banks + bits * math.ceil(banks / 4)
    return Area(each * banks + 60, moved + given + bits + 1.5 * address + 2 * banks.bit_length())


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
    far = sum(xor_tables(reach + bit) for reach in leap for bit in range(SIGNS.length))
    seen = sum(xor_tables(s * layer.n_out + layer.pe // 2) for s in range(layer.simd)) * layer.pe
    return Area(0.55 * (105 + 2 * far + seen), 0.4 * held + 2.35 * WORD)


def _neuron(layer: Layer, d: Part, g: Geometry) -> Area:
    """Membrane with its threshold; for each lane the tangent, its product, its rounding."""
    f, k, width = d.formats, g.lanes, layer.next_simd
    tangent, membrane = f.tangent.bits, f.membrane.bits
    tables = 4.5 * membrane + 4.9 * k * tangent
    held = 12 + 3 * k * tangent + layer.integrate * (membrane + k * tangent)
    if d.leak_shift:
        tables += membrane + k * tangent
    if layer.feedback:
        tables += 3 * k * tangent
        held += 2 * k * tangent
    spikes = _row_buffer(width * (k * tangent + 1), layer.spike_places)
    return Area(width * tables + 25, width * held + 12) + spikes


def _spike_counter(layer: Layer, lanes: int) -> Area:
    bits = layer.simd * (layer.value_bits + lanes * layer.tangent_in_bits)
    return Area(2.7 * bits + 15, 3 * bits + 15)


def _branch(d: Part, g: Geometry) -> Area:
    """A local readout's way to the loss, and the choice among the readouts' outputs."""
    row = row_bits(d, g.lanes, 1)
    targets = 3 * (g.targets_kept - 1).bit_length()
    return Area(2.1 * row + targets, 2 * row + targets)
