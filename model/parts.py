"""What a core is made of, counted exactly: its memories and its multipliers.

Tests compare both with the generated Verilog: every memory in it, every product.
"""

from dataclasses import dataclass
from typing import Literal

from dualspike.model.code import code_of
from dualspike.model.description import Description
from dualspike.model.geometry import Geometry, Layer, aligned_sum
from dualspike.model.lfsr import WORD, draw_order

Kind = Literal[
    "weights",
    "velocities",
    "membranes",
    "tangents",
    "surrogate",
    "replay",
    "tallies",
    "signs",
    "factors",
    "means",
]


@dataclass(frozen=True)
class Memory:
    """``count`` memories of ``depth`` words of ``width`` bits; ``clocked`` reads take a clock."""

    kind: Kind
    count: int
    depth: int
    width: int
    clocked: bool

    @property
    def bits(self) -> int:
        """Bits of all of them together."""
        return self.count * self.depth * self.width


@dataclass(frozen=True)
class Multiplier:
    """``count`` multipliers of signed operands, ``a`` and ``b`` bits wide."""

    count: int
    a: int
    b: int


def row_bits(d: Description, lanes: int, width: int) -> int:
    """Bits of a row of ``width`` pairs (z, dz of every lane)."""
    return width * (d.formats.membrane.bits + lanes * d.formats.tangent.bits)


def chunk_bits(layer: Layer, lanes: int) -> int:
    """Bits of a chunk of ``simd`` inputs with their tangents."""
    return layer.simd * (layer.value_bits + lanes * layer.tangent_in_bits)


def replay_depth(rows: int) -> int:
    """Words of a double buffer for frames of ``rows`` rows: a power of two for each half."""
    return 2 << max(1, (rows - 1).bit_length())


def layer_memories(d: Description, g: Geometry, layer: Layer) -> list[Memory]:
    """Memories of one layer: weights, biases, its neurons behind it, its replay before it.

    A sieve is a replay that keeps the number of each chunk; independent signs then lie in a memory.

    The readout has the tally before it, which the last hidden layer's local one shares; the direct
    layer has the buffer that repeats its result, a coded one the buffer that repeats the sample,
    and phases where spikes are evenly spaced. With a single time step nothing is kept from one to
    the next.
    """
    f, lanes, width = d.formats, g.lanes, layer.next_simd
    protection = d.hardware.protection
    bits = code_of(protection, f.weight.bits).bits
    found = [
        Memory("weights", layer.pe * layer.simd, layer.cycles, bits, True),
        Memory("weights", width, layer.rows, bits, True),
    ]
    if d.momentum is not None:
        bits = code_of(protection, d.step_format.bits).bits
        found += [
            Memory("velocities", layer.pe * layer.simd, layer.cycles, bits, True),
            Memory("velocities", width, layer.rows, bits, True),
        ]
    if layer.groups > 1:
        depth = replay_depth(layer.chunks)
        number = (layer.chunks - 1).bit_length() if layer.skips else 0
        found.append(Memory("replay", 1, depth, chunk_bits(layer, lanes) + number, True))
    if layer.skips and lanes and d.learning.structure == "independent":
        signs = lanes * layer.pe * layer.simd
        found.append(Memory("signs", 1, layer.cycles, signs, True))
    if layer.kind == "coded":
        depth, samples = replay_depth(layer.chunks), layer.simd * f.input.bits
        found.append(Memory("replay", 1, depth, samples, True))
        if d.network.coding == "rate":
            found.append(Memory("tallies", layer.simd, layer.chunks, f.input.fraction, False))
    if layer.kind == "direct":
        depth = replay_depth(layer.rows)
        found.append(Memory("replay", 1, depth, row_bits(d, lanes, width), True))
    if layer.reads_out and d.network.time_steps > 1 and not shares_tally(g, layer):
        found.append(Memory("tallies", layer.simd, layer.chunks, layer.value_bits, False))
        if lanes:
            count = layer.simd * lanes
            found.append(Memory("tallies", count, layer.chunks, layer.tangent_in_bits, False))
    if not layer.reads_out:
        if d.network.time_steps > 1:
            bits = f.tangent.bits
            found.append(Memory("membranes", width, layer.rows, f.membrane.bits, False))
            found.append(Memory("tangents", width * lanes, layer.rows, bits, False))
        if lanes:
            entries = d.network.surrogate.entries
            found.append(Memory("surrogate", width, entries, f.surrogate.bits, True))
    return [memory for memory in found if memory.count]


def shares_tally(g: Geometry, layer: Layer) -> bool:
    """Whether a local readout reads what the network's readout does."""
    return layer.kind == "local" and layer.source == g.chain[-1].source


def loss_memories(d: Description, g: Geometry) -> list[Memory]:
    """Targets that wait for the readouts, where there are local ones."""
    kept = g.targets_kept if d.local else 0
    return [Memory("replay", 1, kept, d.formats.target.bits, True)] if kept else []


def layer_multipliers(d: Description, g: Geometry, layer: Layer) -> list[Multiplier]:
    """Multipliers of one layer and of the neurons behind it."""
    f, lanes, array = d.formats, g.lanes, layer.pe * layer.simd
    found: list[Multiplier] = []
    if not layer.every_step:
        unsigned = not layer.value_signed
        found.append(Multiplier(array, f.weight.bits, layer.value_bits + unsigned))
    if layer.tangent_in_bits:
        found.append(Multiplier(array * lanes, f.weight.bits, layer.tangent_in_bits))
    if not layer.reads_out:
        found.append(Multiplier(lanes * layer.next_simd, f.tangent.bits, f.surrogate.bits + 1))
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


def loss_multipliers(d: Description, g: Geometry) -> list[Multiplier]:
    """The squared error, the error times every lane's tangent, a slope times a mantissa."""
    if not g.lanes:
        return []
    high = g.error_bits - g.error_half
    low = g.error_half + 1 if g.error_half else high
    found = [
        Multiplier(1, high, high),
        Multiplier(g.lanes, g.weighted_bits, d.formats.tangent.bits),
    ]
    if g.error_half:
        found += [Multiplier(1, high, low), Multiplier(1, low, low)]
    if d.mantissa_bits:
        found.append(Multiplier(1, g.jvp_bits, d.mantissa_bits + 2))
    return found


def sign_bits(d: Description) -> int:
    """Bits of drawn words and sign registers, kept for one batch."""
    order = draw_order(d.learning.structure, d.lanes_built, d.shapes)
    running = 2 * sum(draw.kind == "start" for draw in order)
    return WORD * (len(order) + running)
