"""Memories and multipliers of a layer that changes once a sample, counted exactly.

What comes back to a hidden layer (`hw.learn.online`) counts as part of it, since its rows do.
"""

from dualspike.model.description.part import Part
from dualspike.model.interface.ecc import code_of
from dualspike.model.sizes.components import (
    MemorySize,
    Multiplier,
    count_memories,
    encoder_memories,
    repeater_depth,
    row_bits,
    state_memories,
)
from dualspike.model.sizes.geometry import Geometry
from dualspike.model.sizes.layers import Layer
from dualspike.model.sizes.online import bias_trace, signal_bits, trace_bits
from dualspike.model.sizes.online_resources import chunk_bits, raised_bits, sum_bits

_BUFFER = 2
"""Words in the memory of a buffer for a pipeline of one clock."""


def lanes_out(d: Part, layer: Layer) -> int:
    """Lanes in the neurons after a layer: those that come in, and those that begin there."""
    return layer.lanes_in + d.own_lanes


def sample_layer_memories(d: Part, g: Geometry, layer: Layer) -> list[MemorySize]:
    """Memories of one layer, of its neurons, and of what comes back to it."""
    f, width = d.formats, layer.next_simd
    bits = code_of(d.protection, f.weight.bits).bits
    signals, results = width * raised_bits(d, layer), _BUFFER
    if layer.reads_out and g.reciprocal != 1:
        results += 1
    found = [
        MemorySize("weights", layer.pe * layer.simd, layer.cycles, bits, True),
        MemorySize("weights", width, layer.rows, bits, True),
        MemorySize("rows", 1, layer.row_places - 1, sum_bits(layer, width), False),
        MemorySize("rows", 1, layer.row_places - 1, width * f.weight.bits, False),
        MemorySize("rows", 1, results, row_bits(d, layer.lanes_in, width), False),
        MemorySize("signals", 1, 2 * layer.group_rows + 1, signals, True),
    ]
    traces = layer.simd * trace_bits(d, layer)
    found.append(MemorySize("traces", 1, (layer.lag + 1) * layer.chunks, traces, True))
    if layer.groups > 1:
        depth = repeater_depth(layer.chunks)
        found.append(MemorySize("frames", 1, depth, chunk_bits(layer, layer.simd), True))
    found += encoder_memories(d, layer)
    if layer.kind == "direct":
        row = row_bits(d, layer.lanes_in, width)
        found.append(MemorySize("frames", 1, repeater_depth(layer.rows), row, True))
    found += _readout(d, layer) if layer.reads_out else _neurons(d, layer)
    return [memory for memory in found if memory.count]


def _readout(d: Part, layer: Layer) -> list[MemorySize]:
    """The spike counter before it, and errors that wait."""
    waiting = layer.lag * layer.n_out - 1
    found = [MemorySize("signals", 1, waiting, signal_bits(d, layer), True)]
    if d.network.time_steps > 1:
        found += count_memories(layer, layer.simd * layer.lanes_in)
    return found


def _neurons(d: Part, layer: Layer) -> list[MemorySize]:
    """Their state and tables; slopes that wait, and signals."""
    f, width = d.formats, layer.next_simd
    spikes = width * (1 + lanes_out(d, layer) * f.tangent.bits)
    found = [
        MemorySize("rows", 1, layer.spike_places - 1, spikes, False),
        MemorySize("surrogate", width, d.network.surrogate.entries, f.surrogate.bits, True),
        MemorySize("rows", 1, layer.lag, d.own_lanes * f.cotangent.bits, False),
        MemorySize("rows", 1, _BUFFER, width * f.cotangent.bits, False),
    ]
    if d.network.time_steps > 1:
        found += state_memories(d, layer, width * lanes_out(d, layer))
    return found


def sample_layer_multipliers(d: Part, g: Geometry, layer: Layer) -> list[Multiplier]:
    """Products of one layer and of the neurons after it."""
    f, array, unsigned = d.formats, layer.pe * layer.simd, not layer.value_signed
    weight, signal, trace = f.weight.bits, raised_bits(d, layer), trace_bits(d, layer)
    one = bias_trace(d, layer)
    found: list[Multiplier] = []
    if layer.numbers:
        found.append(Multiplier(array, weight, layer.value_bits + unsigned, True))
    found.append(Multiplier(array * layer.lanes_in, weight, layer.tangent_in_bits, True))
    if layer.kind == "direct":
        factor = trace + d.learning.stages - 1
        found.append(Multiplier(array, signal_bits(d, layer), factor, True))
    elif trace > 1:
        found.append(Multiplier(array, signal, trace + unsigned, True))
    if one & (one - 1):
        found.append(Multiplier(layer.next_simd, signal, one.bit_length() + 1))
    if not layer.reads_out:
        lanes = layer.next_simd * lanes_out(d, layer)
        found.append(Multiplier(lanes, f.tangent.bits, f.surrogate.bits + 1, True))
    elif g.reciprocal != 1:
        scale = g.reciprocal.bit_length() + 1
        found.append(Multiplier(1, layer.value_sum_bits, scale))
        found.append(Multiplier(layer.lanes_in, layer.tangent_sum_bits, scale))
    return [multiplier for multiplier in found if multiplier.count]
