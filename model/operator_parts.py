"""What an operator chip has beside the layers of its parts: memories and multipliers, exactly.

Tests compare both with the generated Verilog.
"""

import math
from collections.abc import Iterator

from dualspike.model.description import Description
from dualspike.model.geometry import Geometry, Layer, geometry
from dualspike.model.operator_chip import OperatorDescription
from dualspike.model.operator_geometry import product_geometry
from dualspike.model.operator_sizes import part_frames, prefixes_held
from dualspike.model.parts import Memory, Multiplier, layer_memories, layer_multipliers


def part_layers(d: OperatorDescription) -> Iterator[tuple[Description, Geometry, Layer]]:
    """Every layer of every part, with the core it is of and that core's sizes."""
    for part in range(len(d.parts)):
        core = d.part(part)
        sizes = geometry(core)
        for layer in sizes.layers:
            yield core, sizes, layer


def axis_terms(d: OperatorDescription, axis: int) -> int:
    """Terms in a clock on an axis: those of the points on the last one, else 1."""
    return product_geometry(d).terms if axis == len(d.parts) - 1 else 1


def operator_memories(d: OperatorDescription) -> list[Memory]:
    """Memories of all layers, of the slopes, and of the product unit's axes.

    An axis keeps its rows and some prefixes (``factors``), the sums of G, twice, and of E_n
    (``means``).
    """
    g, f = product_geometry(d), d.formats
    found = [memory for one in part_layers(d) for memory in layer_memories(*one)]
    for part in range(len(d.parts)):
        kept = len(d.lanes_of(part)) * f.tangent.bits
        found.append(Memory("tangents", 1, math.prod(part_frames(d, part)), kept, True))
    for axis in range(1, len(d.parts)):
        terms = axis_terms(d, axis)
        chunks = math.ceil(d.basis / terms)
        rows = d.learning.batch[axis] * chunks
        found += [
            Memory("factors", terms, rows, f.factor.bits, True),
            Memory("factors", terms, prefixes_held(d, axis) * chunks, f.factor.bits, True),
            Memory("means", terms, 2 * chunks, g.carried[axis - 1].bits, True),
            Memory("means", terms, rows, g.own[axis].bits, True),
        ]
    return found


def operator_products(d: OperatorDescription) -> list[Multiplier]:
    """Products of all layers, of the slopes, of the product unit, and of the learner."""
    g, f, last = product_geometry(d), d.formats, len(d.parts) - 1
    found = [product for one in part_layers(d) for product in layer_multipliers(*one)]
    found.append(Multiplier(len(d.parts), f.cotangent.bits, f.tangent.bits))
    for axis in range(1, len(d.parts)):
        terms, back = axis_terms(d, axis), f.error if axis == last else f.cotangent
        found.append(Multiplier(terms, f.factor.bits, f.factor.bits))
        found.append(Multiplier(2 * terms, back.bits, f.factor.bits))
    found.append(Multiplier(1, f.error.bits, f.error.bits))
    if d.learning.floor is not None:
        found.append(Multiplier(1, f.error.bits, f.scale.bits))
    if d.learning.mantissa_bits:
        found.append(Multiplier(1, g.jvp_bits, d.learning.mantissa_bits + 2))
    return found
