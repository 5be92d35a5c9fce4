"""What an operator chip will take, in clocks and in hardware, before any synthesis.

Multipliers and memory bits are exact, clocks are those of `model.operator_sizes`; ``estimate`` is
a forecast of Yosys 0.70, ``synth_ecp5``, as `model.estimate` makes it for a perceptron. On six
small chips look-up tables came out between 6 % too few and 12 % too many, flip-flops 3 % too few to
9 % too many, multipliers 0 to 4 too many.
"""

from typing import Any

from dualspike.model.area import Area, layer_logic, memory_area, multiplier_area, relay_area
from dualspike.model.devices import ECP5, Device, Family
from dualspike.model.estimate import device_entry, layer_estimate
from dualspike.model.geometry import geometry
from dualspike.model.identity import config_hash
from dualspike.model.lfsr import DRAWER, WORD, draw_order
from dualspike.model.operator_chip import OperatorDescription
from dualspike.model.operator_geometry import Sum, product_geometry
from dualspike.model.operator_parts import (
    axis_terms,
    operator_memories,
    operator_products,
    part_layers,
)
from dualspike.model.operator_sizes import batch_cycles, function_cycles, function_interval
from dualspike.model.parts import row_bits
from dualspike.model.registers import register_map


def operator_multipliers(d: OperatorDescription) -> int:
    """Products in the hardware, whatever a synthesis tool makes of them."""
    return sum(product.count for product in operator_products(d))


def operator_memory_bits(d: OperatorDescription) -> dict[str, int]:
    """Bits of the memories by kind, padding included; signs with the registers that hold some."""
    bits: dict[str, int] = {}
    for memory in operator_memories(d):
        bits[memory.kind] = bits.get(memory.kind, 0) + memory.bits
    order = draw_order(d.learning.structure, d.lanes, d.shapes)
    carried = [set(d.lanes_of(part)) for part in range(len(d.parts)) for _ in d.layers_of(part)]
    held = [draw for draw in order if draw.lane in carried[draw.layer]]
    running = 2 * sum(draw.kind == "start" for draw in held)
    return bits | {"signs": WORD * (len(held) + running)}


def operator_area(d: OperatorDescription, family: Family = ECP5) -> Area:
    """Estimated area of a whole core in a family's blocks, in whole numbers."""
    parts = [memory_area(memory, family) for memory in operator_memories(d)]
    parts += [multiplier_area(product, family) for product in operator_products(d)]
    parts += [layer_logic(*one) for one in part_layers(d)]
    parts += [_way_out(d, part) for part in range(len(d.parts))]
    parts += [_axis(d, axis) for axis in range(1, len(d.parts))]
    parts += [_points(d), _shared(d)]
    return sum(parts, Area()).rounded()


def operator_estimate(d: OperatorDescription, device: Device | None = None) -> dict[str, Any]:
    """Everything as plain data: the content of ``report/estimate.json``."""
    area = operator_area(d, device.family if device else ECP5)
    least, most = batch_cycles(d)
    sizes = [(core := d.part(part), geometry(core)) for part in range(len(d.parts))]
    walked, branch = function_cycles(d), sizes[0][1].interval
    return {
        "name": d.name,
        "config_hash": config_hash(d),
        "clocks_per_function": function_interval(d),
        "clocks_per_batch_at_least": least,
        "clocks_per_batch_at_most": most,
        "bottleneck": "product unit" if walked > branch else "branch",
        "multipliers": operator_multipliers(d),
        "memory_bits": operator_memory_bits(d),
        "parts": [
            {
                "lanes": len(d.lanes_of(part)),
                "interval": g.interval,
                "layers": [layer_estimate(core, g, layer) for layer in g.layers],
            }
            for part, (core, g) in enumerate(sizes)
        ],
        "device": device_entry(device) if device else None,
        "estimate": {"lut4": area.lut4, "ff": area.ff, "bram": area.bram, "dsp": area.dsp},
    }


def _way_out(d: OperatorDescription, part: int) -> Area:
    """Behind a part's layers: a queue, outputs as factors, the slopes."""
    g, f, lanes = product_geometry(d), d.formats, len(d.lanes_of(part))
    tangents, sums = lanes * f.tangent.bits, lanes * (g.jvp_bits - g.jvp_align[part])
    slopes = Area(tangents + sums + 30, sums + f.cotangent.bits + f.tangent.bits + 20)
    narrow = Area(2 * f.factor.bits, f.factor.bits + 1)
    return slopes + narrow + relay_area(row_bits(d.part(part), lanes, 1))


def _axis(d: OperatorDescription, axis: int) -> Area:
    """Products held, sums with a choice and an adder, their rounding; Q where one follows."""
    g, f, last = product_geometry(d), d.formats, len(d.parts) - 1
    terms, back = axis_terms(d, axis), f.error if axis == last else f.cotangent
    sums = [g.carried[axis - 1], g.own[axis]]
    held = 2 * terms * (back.bits + f.factor.bits) + back.bits
    chain = Area(2 * f.factor.bits, 3 * f.factor.bits) if axis < last else Area()
    added = Area(2 * terms * sum(one.bits for one in sums), held)
    return added + sum((_rounded(one, f.cotangent.bits) for one in sums), chain) + Area(120, 90)


def _rounded(exact: Sum, bits: int) -> Area:
    """A sum rounded, saturated, held."""
    return Area(exact.bits - exact.shift + bits, bits)


def _points(d: OperatorDescription) -> Area:
    """y, its error, its weighted error, the loss."""
    g, f = product_geometry(d), d.formats
    products = g.terms * 2 * f.factor.bits
    area = Area(products + g.output.bits, products + g.output.bits)
    area += _rounded(g.output, f.membrane.bits) + _rounded(g.error, f.error.bits)
    if d.learning.floor is not None:
        area += _rounded(g.scaled, f.error.bits) + Area(0, g.scaled.bits + 3 * f.error.bits)
    return area + Area(g.loss_bits + 30, g.loss_bits + 2 * f.error.bits + 30)


def _shared(d: OperatorDescription) -> Area:
    """Learner, sequencer, drawer, registers and bus, as for a perceptron."""
    lanes, layers, jvp = d.lanes, d.n_layers, product_geometry(d).jvp_bits
    registers = 18 * len(register_map(d))
    return (
        Area(registers + 160 + WORD, 42 + 36 + (lanes + 6) * layers)
        + Area(150 + 4 * jvp + 20 * lanes * layers, 70 + jvp + d.formats.weight.bits)
        + Area(1.5 * DRAWER.length, DRAWER.length)
    )
