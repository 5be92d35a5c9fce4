"""What an operator chip takes, counted from its structure: clocks, and what waits meanwhile.

One prefix follows the other, on the last axis of B_d rows, for basis p in C = ceil(p / terms)
chunks, and on axis n before it, after

    P_d = max(B_d C, p, 2)        P_n = B_n P_(n+1)

clocks, since the next prefixes come in, and G of the last ones leave, while one is walked over. A
function takes P_1, or p (lanes of the branch) where that is more, or as long as the branch takes.
"""

import math

from dualspike.model.cycles import fill_bound
from dualspike.model.geometry import geometry
from dualspike.model.lfsr import draw_order
from dualspike.model.operator_chip import OperatorDescription
from dualspike.model.operator_geometry import product_geometry


def prefix_cycles(d: OperatorDescription, axis: int) -> int:
    """Clocks of one prefix on an axis while learning, when no stream stalls."""
    rows = d.learning.batch[axis]
    if axis < len(d.parts) - 1:
        return rows * prefix_cycles(d, axis + 1)
    return max(rows * -(-d.basis // product_geometry(d).terms), d.basis, 2)


def turn_cycles(d: OperatorDescription, axis: int) -> int:
    """Clocks from the last pairs of a prefix to its last error, at most."""
    if axis == len(d.parts) - 1:
        return 6 + 2 * (d.learning.floor is not None)
    ahead = prefixes_held(d, axis + 1) * prefix_cycles(d, axis + 1)
    return ahead + turn_cycles(d, axis + 1) + d.basis + 8


def prefixes_held(d: OperatorDescription, axis: int) -> int:
    """Prefixes an axis has room for: enough for the next one to be there when it is needed.

    One leaves room when its errors are there. Then another comes in; on the first axis not before
    the slopes have let go of the tangents of a function.
    """
    slopes = d.basis * len(d.lanes_of(0)) if axis == 1 else 0
    wait = turn_cycles(d, axis) + d.basis + slopes + 8
    return 1 + math.ceil(wait / prefix_cycles(d, axis))


def part_frames(d: OperatorDescription, part: int) -> tuple[int, int]:
    """Rows whose tangents wait for E: frames, and outputs in each.

    A trunk has one frame, of all rows; the branch as many, of a row each, as there are functions
    in the product unit.
    """
    return (1, d.basis * d.learning.batch[part]) if part else (prefixes_held(d, 1), d.basis)


def function_cycles(d: OperatorDescription) -> int:
    """Clocks of one function in the product unit while learning."""
    return max(prefix_cycles(d, 1), d.basis * len(d.lanes_of(0)))


def function_interval(d: OperatorDescription) -> int:
    """Clocks from one function to the next while learning: of the product unit or of the branch."""
    return max(function_cycles(d), geometry(d.part(0)).interval)


def batch_cycles(d: OperatorDescription) -> tuple[int, int]:
    """Least and most clocks of a learning batch, when no stream stalls.

    Signs are drawn, the trunks take their rows side by side, functions follow each other as fast
    as the branch or the product unit, the slopes of the trunks are summed up, the weights move.
    Functions that the branch takes while the trunks are at work make the difference, chains that
    run full, and the way of the last function through the product unit.
    """
    branch, *trunks = (geometry(d.part(part)) for part in range(len(d.parts)))
    functions, *rows = d.learning.batch
    filled = max(count * g.interval for count, g in zip(rows, trunks, strict=True))
    flushed = max(count * d.basis * len(d.lanes_of(part)) for part, count in enumerate(rows, 1))
    fill = sum(fill_bound(d.part(part)) for part in range(len(d.parts)))
    around = operator_draw_cycles(d) + flushed + operator_learn_cycles(d)
    walked, taken = functions * function_cycles(d), functions * branch.interval
    turn = turn_cycles(d, 1) + d.basis * (2 + len(d.lanes_of(0)))
    least = around + max(filled + walked, taken)
    most = around + filled + max(walked, taken) + fill + turn
    return least, most


def operator_draw_cycles(d: OperatorDescription) -> int:
    """Clocks before a batch, to draw its signs."""
    return len(draw_order(d.learning.structure, d.lanes, d.shapes)) + 1


def operator_learn_cycles(d: OperatorDescription) -> int:
    """Clocks behind a batch, to move the weights; as in `model.cycles`."""
    total, masks = 1 + d.lanes * d.n_layers, d.masks
    step = 3 + (d.learning.mantissa is not None)
    for part in range(len(d.parts)):
        layers = geometry(d.part(part)).layers
        for index, layer in zip(d.layers_of(part), layers, strict=True):
            users = sum(mask >> index & 1 for mask in masks)
            total += users * (step + max(layer.cycles, layer.rows))
    return total
