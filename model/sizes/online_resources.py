"""Memories and multipliers of a chip that learns online, counted exactly.

What comes back to a hidden layer (`hw.learn.online`) counts as part of it, since its rows do.
"""

from math import ceil, log2

from dualspike.model.description.description import Description
from dualspike.model.description.part import Part, change_shifts
from dualspike.model.interface.ecc import code_of
from dualspike.model.interface.lfsr import SIGNS
from dualspike.model.interface.memory_map import confusion_memory
from dualspike.model.sizes.components import (
    MemorySize,
    Multiplier,
    encoder_memories,
    repeater_depth,
    row_bits,
)
from dualspike.model.sizes.feedback import feedback_sizes
from dualspike.model.sizes.geometry import Geometry
from dualspike.model.sizes.head import squared_error_sizes
from dualspike.model.sizes.layers import SAMPLE_LAG, Layer
from dualspike.model.sizes.online import constant_trace, follows, signal_bits, trace_bits

_RESULTS, _NEURONS, _ERRORS = 2, 3, 3
"""Words in the buffers after results, neurons, errors and scores."""


def chunk_bits(layer: Layer, width: int) -> int:
    """Bits of ``width`` inputs: spikes, signs of lanes that begin there, tangents of others."""
    others = (layer.lanes_in - layer.own_lanes) * layer.tangent_in_bits
    return width * (layer.value_bits + 2 * layer.own_lanes + others)


def sum_bits(layer: Layer, neurons: int) -> int:
    """Bits of all sums of ``neurons`` neurons."""
    others = (layer.lanes_in - layer.own_lanes) * layer.tangent_sum_bits
    return neurons * ((1 + layer.own_lanes) * layer.value_sum_bits + others)


def raised_bits(d: Part, layer: Layer) -> int:
    """Bits of a signal that is shifted left, so that every stage has the same right shift."""
    return signal_bits(d, layer) + d.learning.stages - 1


def spike_bits(d: Part, layer: Layer) -> int:
    """Bits that a neuron after a layer gives: spike, gate, dS of its own and of other lanes."""
    return 2 + 2 * d.own_lanes + layer.lanes_in * d.formats.tangent.bits


def fixed_sign_levels(d: Part) -> int:
    """Clocks in which errors are added up by fixed signs, four at a time."""
    return 1 + max(1, ceil(log2(d.network.layers[-1]) / 2))


def online_layer_memories(d: Part, g: Geometry, layer: Layer) -> list[MemorySize]:
    """Memories of one layer, of its neurons, and of what comes back to it."""
    f, width = d.formats, layer.next_simd
    bits = code_of(d.protection, f.weight.bits).bits
    signals = width * raised_bits(d, layer)
    found = [
        MemorySize("weights", layer.pe * layer.simd, layer.cycles, bits, True),
        MemorySize("weights", width, layer.rows, bits, True),
        MemorySize("rows", 1, layer.row_places - 1, sum_bits(layer, width), False),
        MemorySize("rows", 1, layer.row_places - 1, width * f.weight.bits, False),
        MemorySize("rows", 1, _RESULTS, row_bits(d, layer.lanes_in, width), False),
        MemorySize("signals", 1, 2 * layer.group_rows + 1, signals, True),
    ]
    found += trace_memories(d, layer)
    depth = repeater_depth(layer.chunks)
    if layer.groups > 1:
        found.append(MemorySize("frames", 1, depth, chunk_bits(layer, layer.simd), True))
    if layer.skips:
        found += [
            MemorySize("frames", 2, depth, (layer.chunks - 1).bit_length(), True),
            MemorySize("traces", 1, depth, tail_bits(d, layer), True),
        ]
    found += encoder_memories(d, layer)
    if layer.kind == "direct":
        row = row_bits(d, layer.lanes_in, width)
        found.append(MemorySize("frames", 1, repeater_depth(layer.rows), row, True))
    if layer.kind == "output":
        waiting = layer.lag * layer.n_out
        return [*found, MemorySize("signals", 1, waiting - 1, f.error.bits, True)]
    if d.network.time_steps > 1:
        found.append(MemorySize("membranes", width, layer.rows, f.membrane.bits, False))
    found.append(MemorySize("rows", 1, _NEURONS, width * spike_bits(d, layer), False))
    return found + _feedback_memories(d, g, layer)


def tail_bits(d: Part, layer: Layer) -> int:
    """Traces of a chunk with its columns of the dither, which overlap."""
    top = change_shifts(d)[layer.index][-1]
    return layer.simd * trace_bits(d, layer) + top + layer.simd - 1


def trace_memories(d: Part, layer: Layer) -> list[MemorySize]:
    """Inputs of the last passes; traces of two frames, where changes need any."""
    frames, bits = (layer.lag + 1) * layer.chunks, layer.simd * layer.value_bits
    found = [MemorySize("traces", 1, frames, bits, True)]
    if follows(layer):
        depth, bits = repeater_depth(layer.chunks), layer.simd * trace_bits(d, layer)
        found.append(MemorySize("traces", 1, depth, bits, True))
    return found


def _feedback_memories(d: Part, g: Geometry, layer: Layer) -> list[MemorySize]:
    """Gates and errors that wait for each other, signals; sums over a sample of a still input."""
    f, lanes, width = d.formats, d.own_lanes, layer.next_simd
    steps = 1 + (layer.lag if layer.every_step else len(d.shapes) + 1)
    gates = 2 * lanes if lanes else 1
    errors = lanes * f.cotangent.bits if lanes else d.network.layers[-1] * f.error.bits
    clocks = 1 if lanes else fixed_sign_levels(d)
    found: list[MemorySize] = []
    matrix = feedback_sizes(d, layer)
    if matrix is not None:
        gates, errors, clocks = 1 + (lanes or 1), back_bits(d, lanes), matrix.latency
        bits = code_of(d.protection, matrix.bits).bits
        found.append(MemorySize("feedback", width * matrix.columns, matrix.cycles, bits, True))
    found += [
        MemorySize("signals", 1, steps * layer.rows - 1, width * gates, True),
        MemorySize("rows", 1, steps, errors, False),
        MemorySize("rows", 1, 1 + clocks, width * f.cotangent.bits, False),
    ]
    if not layer.every_step:
        signals, waiting = signal_bits(d, layer), SAMPLE_LAG * layer.rows
        found += [
            MemorySize("rows", 1, 1 + layer.multiply, width * signals, False),
            MemorySize("signals", 1, waiting - 1, width * signals, True),
            MemorySize("counts", width, layer.rows, signals + factor_bits(d), True),
        ]
    return found


def back_bits(d: Part, lanes: int) -> int:
    """Bits of the errors of all outputs, with their tangents in so many lanes."""
    f = d.formats
    return d.network.layers[-1] * (f.error.bits + lanes * f.tangent.bits)


def factor_bits(d: Part) -> int:
    """Bits of the constant's trace, which weighs the steps of a still input."""
    return max(constant_trace(d)).bit_length()


def online_layer_multipliers(d: Part, layer: Layer) -> list[Multiplier]:
    """Products of one layer and of what comes back to it."""
    f, array = d.formats, layer.pe * layer.simd
    found: list[Multiplier] = []
    if layer.numbers:
        found.append(Multiplier(array, f.weight.bits, layer.value_bits, True))
    if layer.kind == "direct":
        found.append(Multiplier(layer.next_simd, f.cotangent.bits, factor_bits(d) + 1, True))
    others = layer.lanes_in - layer.own_lanes
    if others:
        found.append(Multiplier(array * others, f.weight.bits, layer.tangent_in_bits, True))
    matrix = feedback_sizes(d, layer)
    if matrix is not None and layer.kind != "output":
        count = layer.next_simd * matrix.columns
        found.append(Multiplier(count, matrix.used, f.error.bits, True))
    if layer.kind != "output":
        signal, factor = raised_bits(d, layer), trace_bits(d, layer) + (not layer.value_signed)
        if layer.kind == "direct":
            signal, factor = signal_bits(d, layer), factor + d.learning.stages - 1
        found.append(Multiplier(array, signal, factor, True))
    return found


def step_error_memories(d: Description) -> list[MemorySize]:
    """Sums of scores, targets for the later steps of a sample, and what leaves the head."""
    f, n_out = d.formats, d.network.layers[-1]
    steps = d.parts[0].errors
    grow = (steps - 1).bit_length()
    lanes, clocks = slope_lanes(d), d.depth.multiply + 1
    back = lanes * f.cotangent.bits if lanes else back_bits(d.parts[0], head_lanes(d))
    found = [
        MemorySize("counts", 1, n_out, f.membrane.bits + grow, False),
        MemorySize("rows", 1, _ERRORS, f.membrane.bits, False),
        MemorySize("rows", 1, _ERRORS, f.error.bits, False),
        MemorySize("rows", 1, _ERRORS + clocks if lanes else _ERRORS, back, False),
    ]
    if steps > 1 and not d.classes:
        found.append(MemorySize("frames", 1, n_out, f.target.bits, False))
    if counts := confusion_memory(d):
        rows = n_out << max(1, (n_out - 1).bit_length())
        found.append(MemorySize("counts", 1, rows, counts.format.bits, True))
    return found


def head_lanes(d: Description) -> int:
    """Lanes that come to the head: those of all hidden layers."""
    return d.parts[0].output_lanes


def slope_lanes(d: Description) -> int:
    """Slopes that the head adds up: of all lanes, but none where feedback is learned."""
    return 0 if d.learning.keeps_feedback else head_lanes(d)


def step_error_multipliers(d: Description) -> list[Multiplier]:
    """The squared error, the error times every lane's tangent."""
    bits, lanes = squared_error_sizes(d).error_bits, slope_lanes(d)
    slopes = Multiplier(lanes, bits, d.formats.tangent.bits, True)
    return [Multiplier(1, bits, bits), *([slopes] if lanes else [])]


def online_sign_bits(d: Description) -> int:
    """Bits of the registers of signs: one a lane of a hidden layer, or a fixed one.

    Where signs stay over a sample, a lane has one more for its start, and one for what comes back.
    """
    bits = 0
    for part in d.parts:
        registers = 1 + part.by_sample * (1 + (part.network.time_steps > 1))
        fixed = len(part.network.layers) - 2 if d.learning.feedback == "signs" else 0
        bits += registers * SIGNS.length * (part.output_lanes or fixed)
    return bits


def online_signs_a_clock(d: Part, layer: Layer) -> int:
    """Signs that perturb the neurons of a row, or bring the errors back to them."""
    if layer.index == len(d.shapes) - 1:
        return 0
    fixed = d.network.layers[-1] if d.learning.feedback == "signs" else 0
    return layer.next_simd * (d.own_lanes or fixed)
