"""Clock counts of a chip as formulas; tests count clocks against them.

A learning batch of B samples of a perceptron takes draw + passes * (B * interval + fill) + learn
clocks:

- draw: one clock for each word of the drawer, and one to begin each pass;
- interval (`Geometry.interval`): from one sample to the next, the same with and without learning;
  where layers skip, between `Geometry.least_interval` and that;
- fill: the chain runs full and empty, at most sum over layers of
  cycles + max(rows, feedback) + chunks + registers (`Layer.registers`, 16 unless a higher clock is
  asked for), and at least 0; layers that skip with independent
  signs first fill the memory of these, in cycles clocks;
- learn: for every lane and layer 1 clock, and 3 + max(cycles, rows) more where the lane's mask has
  the layer, 1 more of these with mantissas and `Depth.learner` more; 1 clock to end. With several
  passes the signs are drawn again, which takes as long as before, and 1 clock more for each pass;
  where layers that skip keep independent signs, their memory is then filled again, which takes the
  cycles of the longest such layer for each pass.

A chip that learns online has clocks of its own: `model.sizes.online`.

A core that only infers has neither batches nor these clocks but the interval and the fill.
Clocks in which the host gives no sample or no target come on top.

In the product unit of an operator network one prefix follows the other, on the last axis of B_d
rows, for basis p in C = ceil(p / terms) chunks, and on axis n before it, after

    P_d = max(B_d C, p, 2)        P_n = B_n P_(n+1)

clocks, since the next prefixes come in, and G of the last ones leave, while one is walked over. A
function takes P_1, or p (lanes of the branch) where that is more, or as long as the branch takes.
Where nothing is learned a batch is the rows of the trunks, and then the functions.
"""

import math

from dualspike.model.ceil_div import ceil_div
from dualspike.model.description.description import Description
from dualspike.model.description.part import Part
from dualspike.model.interface.lfsr import draw_order
from dualspike.model.sizes.geometry import geometry
from dualspike.model.sizes.head import product_sizes
from dualspike.model.sizes.online import (
    landing_cycles,
    online_batch_cycles,
    online_draw,
    row_bound,
)


def draw_cycles(d: Description) -> int:
    """Clocks before the passes of a batch, all together, to draw their signs."""
    return len(draw_order(d.learning.structure, d.lanes, d.shapes)) + d.passes


def fill_bound(d: Part) -> int:
    """Most clocks a pass of a part over a batch takes beyond B * interval for its samples."""
    layers = geometry(d).layers
    stored = d.learning.structure == "independent"
    signs = sum(layer.cycles for layer in layers if layer.skips and stored)
    around = sum(layer.cycles + layer.frame_cycles + layer.chunks for layer in layers)
    return signs + around + sum(layer.registers for layer in layers)


def refill_cycles(d: Description) -> int:
    """Clocks before the sweeps of each of several passes, to fill memories of signs again."""
    kept = d.passes > 1 and d.learning.structure == "independent"
    layers = [layer for part in d.parts for layer in geometry(part).layers]
    return max((layer.cycles for layer in layers if layer.skips and kept), default=0)


def learn_cycles(d: Description) -> int:
    """Clocks after a batch, to move the weights."""
    total, masks = 1 + d.lanes * d.n_layers, d.masks
    step = 3 + (d.learning.mantissa is not None) + d.depth.learner
    for n, part in enumerate(d.parts):
        for number, layer in zip(d.layers_of(n), geometry(part).layers, strict=True):
            users = sum(mask >> number & 1 for mask in masks)
            total += users * (step + max(layer.cycles, layer.rows))
    again = draw_cycles(d) + d.passes * (1 + refill_cycles(d))
    return total + (again if d.passes > 1 else 0)


def most_clocks(d: Description) -> int:
    """Most clocks of a learning batch of any chip, when no stream stalls."""
    if d.kind != "mlp":
        return batch_cycles(d)[1]
    if d.online:
        return online_batch_cycles(d)
    samples = d.batch[0] * geometry(d.parts[0]).interval + fill_bound(d.parts[0])
    return draw_cycles(d) + d.passes * samples + learn_cycles(d)


def prefix_cycles(d: Description, axis: int) -> int:
    """Clocks of one prefix on an axis, while learning if it can, when no stream stalls."""
    rows = d.batch[axis]
    if axis < len(d.parts) - 1:
        return rows * prefix_cycles(d, axis + 1)
    walk = max(rows * ceil_div(d.basis, product_sizes(d).terms), d.basis)
    return max(walk, 2) if d.learns else walk


def turn_cycles(d: Description, axis: int) -> int:
    """Clocks from the last pairs of a prefix to its last error, at most."""
    if axis == len(d.parts) - 1:
        return 6 + 2 * (d.floor is not None)
    ahead = prefixes_held(d, axis + 1) * prefix_cycles(d, axis + 1)
    return ahead + turn_cycles(d, axis + 1) + d.basis + 8


def prefixes_held(d: Description, axis: int) -> int:
    """Prefixes an axis has room for: enough for the next one to be there when it is needed.

    One leaves room when its errors are there. Then another comes in; on the first axis not before
    the slopes have let go of the tangents of a function. Without errors one comes in while the one
    before it leaves.
    """
    if not d.learns:
        return 2
    slopes = slope_cycles(d, 0) if axis == 1 else 0
    wait = turn_cycles(d, axis) + d.basis + slopes + 8
    return 1 + math.ceil(wait / prefix_cycles(d, axis))


def part_frames(d: Description, part: int) -> tuple[int, int]:
    """Rows whose tangents wait for E: frames, and outputs in each.

    A trunk has one frame, of all rows; the branch as many, of a row each, as there are functions
    in the product unit. Where the chip learns online every row is a frame.
    """
    if part and d.online:
        return d.batch[part], d.basis
    return (1, d.basis * d.batch[part]) if part else (prefixes_held(d, 1), d.basis)


def slope_cycles(d: Description, part: int) -> int:
    """Clocks in which the slopes of one row of a part are summed up, all lanes in turn."""
    return d.basis * d.parts[part].output_lanes + d.online


def function_cycles(d: Description) -> int:
    """Clocks of one function in the product unit, while learning if it can."""
    return max(prefix_cycles(d, 1), slope_cycles(d, 0))


def function_interval(d: Description) -> int:
    """Clocks from one function to the next: of the product unit or of the branch."""
    return max(function_cycles(d), geometry(d.parts[0]).interval)


def batch_cycles(d: Description) -> tuple[int, int]:
    """Least and most clocks of a batch, which is learned if it can be, when no stream stalls.

    Signs are drawn, the trunks take their rows side by side, functions follow each other as fast
    as the branch or the product unit, the slopes of the trunks are summed up, the weights move.
    Functions that the branch takes while the trunks are at work make the difference, chains that
    run full, and the way of the last function through the product unit. Where nothing is learned
    functions come in after the rows of the trunks.
    """
    branch, *trunks = (geometry(part) for part in d.parts)
    functions, *rows = d.batch
    filled = max(count * g.interval for count, g in zip(rows, trunks, strict=True))
    flushed = max(count * slope_cycles(d, part) for part, count in enumerate(rows, 1))
    fill = sum(map(row_bound if d.online else fill_bound, d.parts))
    around = landed = draw_cycles(d) + flushed + learn_cycles(d) if d.learns else 0
    if d.online:
        around, landed = (online_draw(d) + clocks for clocks in landing_cycles(d, flushed))
    walked, taken = functions * function_cycles(d), functions * branch.interval
    turn = turn_cycles(d, 1) + 2 * d.basis + slope_cycles(d, 0) * d.learns
    least = around + max(filled + walked, taken)
    most = landed + filled + max(walked, taken) + fill + turn
    if not d.learns:
        return filled + max(walked, taken), most + function_cycles(d)
    return least, most
