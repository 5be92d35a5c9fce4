"""What a chip is made of, counted exactly: its memories and its multipliers.

Tests compare both with the generated Verilog: every memory in it, every product.
"""

import math
from collections.abc import Iterator

from dualspike.model.description.description import Description
from dualspike.model.description.part import Part
from dualspike.model.interface.ecc import code_of
from dualspike.model.interface.lfsr import WORD, draw_order
from dualspike.model.sizes.components import (
    MemorySize,
    Multiplier,
    count_memories,
    encoder_memories,
    repeater_depth,
    row_bits,
    state_memories,
)
from dualspike.model.sizes.cycles import part_frames, prefixes_held
from dualspike.model.sizes.geometry import Geometry, geometry
from dualspike.model.sizes.head import head_sizes, product_sizes, squared_error_sizes
from dualspike.model.sizes.layers import Layer, aligned_sum
from dualspike.model.sizes.online_resources import (
    online_layer_memories,
    online_layer_multipliers,
    online_sign_bits,
    online_signs_a_clock,
    step_error_memories,
    step_error_multipliers,
)
from dualspike.model.sizes.sample_resources import (
    sample_layer_memories,
    sample_layer_multipliers,
)


def chunk_bits(layer: Layer, lanes: int) -> int:
    """Bits of a chunk of ``simd`` inputs with their tangents."""
    return layer.simd * (layer.value_bits + lanes * layer.tangent_in_bits)


def sum_bits(d: Part, g: Geometry, layer: Layer, neurons: int) -> int:
    """Bits of all sums of ``neurons`` neurons; factored signs share one sum of a lane."""
    if not g.lanes:
        return neurons * layer.value_sum_bits
    signs = 1 if d.learning.structure == "factored" else neurons
    own = layer.value_sum_bits + g.lanes * layer.tangent_sum_bits
    return neurons * own + signs * g.lanes * layer.sign_sum_bits


def layer_memories(d: Part, g: Geometry, layer: Layer) -> list[MemorySize]:
    """Memories of one layer: weights, biases, its neurons after it, its frame repeater before it.

    Rows of sums, of results and of spikes wait in buffers whose last place is a register, and
    may be the only one.

    A zero skipper is a frame repeater that keeps the number of each chunk; independent signs then
    lie in a memory.

    The readout has the spike counter before it, which the last hidden layer's local one shares; the
    direct layer has the buffer that repeats its result, a coded one the buffer that repeats the
    sample, and phases where spikes are evenly spaced. With a single time step nothing is kept from
    one to the next.
    """
    if d.online:
        kind = sample_layer_memories if d.by_sample else online_layer_memories
        return kind(d, g, layer)
    f, lanes, width = d.formats, g.lanes, layer.next_simd
    protection = d.protection
    bits = code_of(protection, f.weight.bits).bits
    found = [
        MemorySize("weights", layer.pe * layer.simd, layer.cycles, bits, True),
        MemorySize("weights", width, layer.rows, bits, True),
        MemorySize("rows", 1, layer.row_places - 1, sum_bits(d, g, layer, width), False),
        MemorySize("rows", 1, layer.result_places - 1, row_bits(d, lanes, width), False),
    ]
    if d.learning.momentum is not None:
        bits = code_of(protection, d.step_format.bits).bits
        found += [
            MemorySize("velocities", layer.pe * layer.simd, layer.cycles, bits, True),
            MemorySize("velocities", width, layer.rows, bits, True),
        ]
    if layer.groups > 1:
        depth = repeater_depth(layer.chunks)
        number = (layer.chunks - 1).bit_length() if layer.skips else 0
        found.append(MemorySize("frames", 1, depth, chunk_bits(layer, lanes) + number, True))
    if layer.skips and lanes and d.learning.structure == "independent":
        signs = lanes * layer.pe * layer.simd
        found.append(MemorySize("signs", 1, layer.cycles, signs, True))
    found += encoder_memories(d, layer)
    if layer.kind == "direct":
        depth = repeater_depth(layer.rows)
        found.append(MemorySize("frames", 1, depth, row_bits(d, lanes, width), True))
    if layer.reads_out and d.network.time_steps > 1 and not shares_spike_counter(g, layer):
        found += count_memories(layer, layer.simd * lanes)
    if not layer.reads_out:
        spikes = width * (1 + lanes * f.tangent.bits)
        found.append(MemorySize("rows", 1, layer.spike_places - 1, spikes, False))
        if d.network.time_steps > 1:
            found += state_memories(d, layer, width * lanes)
        if lanes:
            entries = d.network.surrogate.entries
            found.append(MemorySize("surrogate", width, entries, f.surrogate.bits, True))
    return [memory for memory in found if memory.count and memory.depth]


def shares_spike_counter(g: Geometry, layer: Layer) -> bool:
    """Whether a local readout reads what the network's readout does."""
    return layer.kind == "local" and layer.source == g.chain[-1].source


def layer_multipliers(d: Part, g: Geometry, layer: Layer) -> list[Multiplier]:
    """Multipliers of one layer and of the neurons after it."""
    if d.by_sample:
        return sample_layer_multipliers(d, g, layer)
    if d.online:
        return online_layer_multipliers(d, layer)
    f, lanes, array = d.formats, g.lanes, layer.pe * layer.simd
    found: list[Multiplier] = []
    if layer.numbers:
        unsigned = not layer.value_signed
        found.append(Multiplier(array, f.weight.bits, layer.value_bits + unsigned, True))
    if layer.tangent_in_bits:
        found.append(Multiplier(array * lanes, f.weight.bits, layer.tangent_in_bits, True))
    if not layer.reads_out:
        count = lanes * layer.next_simd
        found.append(Multiplier(count, f.tangent.bits, f.surrogate.bits + 1, True))
        threshold = d.thresholds[layer.index]
        if layer.feedback and threshold & (threshold - 1):
            found.append(
                Multiplier(lanes * layer.next_simd, f.tangent.bits, threshold.bit_length() + 1)
            )
    elif g.reciprocal != 1:
        scale = g.reciprocal.bit_length() + 1
        found.append(Multiplier(1, layer.value_sum_bits, scale))
        found.append(Multiplier(lanes, aligned_sum(d, layer)[0], scale))
    return [multiplier for multiplier in found if multiplier.count]


def memories(d: Description) -> list[MemorySize]:
    """All memories of a chip."""
    found = [one for part, g, layer in layers_of(d) for one in layer_memories(part, g, layer)]
    return found + head_memories(d)


def multipliers(d: Description) -> list[Multiplier]:
    """All products of a chip, whatever a synthesis tool makes of them."""
    found = [one for part, g, layer in layers_of(d) for one in layer_multipliers(part, g, layer)]
    return found + head_multipliers(d)


def layers_of(d: Description) -> Iterator[tuple[Part, Geometry, Layer]]:
    """Every layer of every part, with its part and that part's sizes."""
    for part in d.parts:
        sizes = geometry(part)
        for layer in sizes.layers:
            yield part, sizes, layer


def head_memories(d: Description) -> list[MemorySize]:
    """Those of the head, by its kind."""
    if d.kind != "mlp":
        return product_memories(d)
    return step_error_memories(d) if d.online else squared_error_memories(d)


def head_multipliers(d: Description) -> list[Multiplier]:
    """Those of the head, and of the learner."""
    if d.online and d.kind == "mlp":
        return step_error_multipliers(d)
    if d.kind != "mlp":
        found = product_multipliers(d)
    else:
        found = squared_error_multipliers(d) if d.learns else []
    if d.learns and d.learning.mantissa_bits:
        bits = head_sizes(d).jvp_bits
        found.append(Multiplier(1, bits, d.learning.mantissa_bits + 2))
    return found


def squared_error_memories(d: Description) -> list[MemorySize]:
    """Targets that wait for the readouts, where there are local ones."""
    kept = geometry(d.parts[0]).targets_kept if d.local else 0
    return [MemorySize("frames", 1, kept, d.formats.target.bits, True)] if kept else []


def squared_error_multipliers(d: Description) -> list[Multiplier]:
    """The squared error, the error times every lane's tangent."""
    g = squared_error_sizes(d)
    high = g.error_bits - g.error_half
    low = g.error_half + 1 if g.error_half else high
    found = [
        Multiplier(1, high, high, True),
        Multiplier(d.lanes_built, g.weighted_bits, d.formats.tangent.bits, True),
    ]
    if g.error_half:
        found += [Multiplier(1, high, low, True), Multiplier(1, low, low, True)]
    return found


def axis_terms(d: Description, axis: int) -> int:
    """Terms in a clock on an axis: those of the points on the last one, else 1."""
    return product_sizes(d).terms if axis == len(d.parts) - 1 else 1


def product_memories(d: Description) -> list[MemorySize]:
    """Those of the slopes and of the product unit's axes.

    An axis keeps its rows and some prefixes (``factors``), and to learn the sums of G, twice, and
    of E_n (``means``).
    """
    g, f = product_sizes(d), d.formats
    found: list[MemorySize] = []
    for n, part in enumerate(d.parts if d.learns else ()):
        kept = part.output_lanes * f.tangent.bits
        found.append(MemorySize("tangents", 1, math.prod(part_frames(d, n)), kept, True))
        if d.online:
            found.append(MemorySize("rows", 1, 2, part.output_lanes * f.cotangent.bits, False))
    for axis in range(1, len(d.parts)):
        terms = axis_terms(d, axis)
        chunks = math.ceil(d.basis / terms)
        rows = d.batch[axis] * chunks
        found += [
            MemorySize("factors", terms, rows, f.factor.bits, True),
            MemorySize("factors", terms, prefixes_held(d, axis) * chunks, f.factor.bits, True),
        ]
        if d.learns:
            found += [
                MemorySize("means", terms, 2 * chunks, g.carried[axis - 1].bits, True),
                MemorySize("means", terms, rows, g.own[axis].bits, True),
            ]
    return found


def product_multipliers(d: Description) -> list[Multiplier]:
    """Products of the slopes and of the product unit."""
    f, last = d.formats, len(d.parts) - 1
    terms = [axis_terms(d, axis) for axis in range(1, len(d.parts))]
    found = [Multiplier(one, f.factor.bits, f.factor.bits) for one in terms]
    if not d.learns:
        return found
    found.append(Multiplier(len(d.parts), f.cotangent.bits, f.tangent.bits))
    for axis, one in enumerate(terms, 1):
        back = f.error if axis == last else f.cotangent
        found.append(Multiplier(2 * one, back.bits, f.factor.bits))
    found.append(Multiplier(1, f.error.bits, f.error.bits))
    if d.floor is not None:
        found.append(Multiplier(1, f.error.bits, f.scale.bits))
    return found


def sign_bits(d: Description) -> int:
    """Bits of drawn words and sign registers, kept for one batch in the parts that carry them."""
    if d.online:
        return online_sign_bits(d)
    carried = [set(d.lanes_of(part)) for part in range(len(d.parts)) for _ in d.layers_of(part)]
    order = draw_order(d.learning.structure, d.lanes_built, d.shapes)
    held = [draw for draw in order if draw.lane in carried[draw.layer]]
    running = 2 * sum(draw.kind == "start" for draw in held)
    return WORD * (len(held) + running)


def signs_a_clock(d: Part, g: Geometry, layer: Layer) -> int:
    """Signs that a layer takes in a clock; with the online learner the neurons after it do."""
    if not d.online:
        return layer.pe * layer.simd * g.lanes
    return online_signs_a_clock(d, layer)
