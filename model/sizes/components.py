"""What a chip is counted in: memories, multipliers, rows of results."""

from dataclasses import dataclass
from typing import Literal

from dualspike.model.description.part import Part
from dualspike.model.sizes.layers import Layer

Kind = Literal[
    "weights",
    "velocities",
    "membranes",
    "tangents",
    "surrogate",
    "frames",
    "counts",
    "rows",
    "signs",
    "factors",
    "means",
    "traces",
    "signals",
    "feedback",
]


@dataclass(frozen=True)
class MemorySize:
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
    """``count`` multipliers of signed operands, ``a`` and ``b`` bits wide.

    ``held``: each is a `hw.layer.macs.multiplier` with a register, which the blocks of a device
    have.
    """

    count: int
    a: int
    b: int
    held: bool = False


def row_bits(d: Part, lanes: int, width: int) -> int:
    """Bits of a row of ``width`` pairs (z, dz of every lane)."""
    return width * (d.formats.membrane.bits + lanes * d.formats.tangent.bits)


def repeater_depth(rows: int) -> int:
    """Words of a double buffer for frames of ``rows`` rows: a power of two for each half."""
    return 2 << max(1, (rows - 1).bit_length())


def encoder_memories(d: Part, layer: Layer) -> list[MemorySize]:
    """What makes spikes of a sample before a coded layer: the sample, phases of even spikes."""
    if layer.kind != "coded" or d.network.coding == "frames":
        return []
    fraction = d.formats.input.fraction
    samples = layer.simd * d.formats.input.bits
    found = [MemorySize("frames", 1, repeater_depth(layer.chunks), samples, True)]
    if d.network.coding == "rate":
        found.append(MemorySize("counts", layer.simd, layer.chunks, fraction, False))
    return found


def state_memories(d: Part, layer: Layer, tangents: int) -> list[MemorySize]:
    """What neurons keep from step to step, in so many tangents; a single row is in registers.

    With the reset attached tangents are in a memory all the same.
    """
    f, width = d.formats, layer.next_simd
    held = layer.holds_rows
    found = [MemorySize("membranes", width, layer.rows, f.membrane.bits, held)]
    held = held and not layer.feedback
    kept = [MemorySize("tangents", tangents, layer.rows, f.tangent.bits, held)]
    several = layer.rows > 1
    return [*(found if several else []), *(kept if several or layer.feedback else [])]


def count_memories(layer: Layer, tangents: int) -> list[MemorySize]:
    """Sums of spikes and of so many tangents of them; those of a single chunk are in registers."""
    if layer.chunks == 1:
        return []
    return [
        MemorySize("counts", layer.simd, layer.chunks, layer.value_bits, layer.holds_chunks),
        MemorySize("counts", tangents, layer.chunks, layer.tangent_in_bits, layer.holds_chunks),
    ]
