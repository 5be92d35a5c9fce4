"""What an operator chip takes, counted from its structure: clocks and multipliers.

A prefix on the last axis of B_d rows takes, for basis p in chunks of ``terms``,

    B_d ceil(p / terms) + 2 p + 8                                      2 more with a floor

clocks from its first term in to the next one's, and on the others p, once for its coming, the
prefixes of the next axis, one after the other, and 2 p for G. A batch takes

    draw + trunks + functions + flush + fill + learn
"""

from dualspike.model.estimate import layer_multipliers
from dualspike.model.geometry import geometry
from dualspike.model.lfsr import draw_order
from dualspike.model.operator_chip import OperatorDescription
from dualspike.model.operator_geometry import product_geometry


def operator_multipliers(d: OperatorDescription) -> int:
    """Products in the hardware, whatever a synthesis tool makes of them.

    Those of the parts' layers, one for the slopes of each part; y, G and E on the last axis have
    ``terms`` each, on the others Q, G and E one each; e w, and e v with a floor.
    """
    parts = range(len(d.parts))
    total = len(parts) + 1 + (d.learning.floor is not None)
    for part in parts:
        core = d.part(part)
        g = geometry(core)
        total += sum(one.count for layer in g.layers for one in layer_multipliers(core, g, layer))
    return total + 3 * product_geometry(d).terms + 3 * (len(parts) - 2)


def operator_draw_cycles(d: OperatorDescription) -> int:
    """Clocks before a batch, to draw its signs."""
    return len(draw_order(d.learning.structure, d.lanes, d.shapes)) + 1


def operator_learn_cycles(d: OperatorDescription) -> int:
    """Clocks behind a batch, to move the weights; as in `model.cycles`."""
    total, masks = 1 + d.lanes * d.n_layers, d.masks
    for part in range(len(d.parts)):
        layers = geometry(d.part(part)).layers
        for index, layer in zip(d.layers_of(part), layers, strict=True):
            users = sum(mask >> index & 1 for mask in masks)
            total += users * (3 + max(layer.cycles, layer.rows))
    return total
