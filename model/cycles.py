"""Clock counts of a core as formulas; tests count clocks against them.

A learning batch of B samples takes draw + passes * (B * interval + fill) + learn clocks:

- draw: one clock for each word of the drawer, and one to begin each pass;
- interval (`Geometry.interval`): from one sample to the next, the same with and without learning;
  where layers skip, between `Geometry.least_interval` and that;
- fill: the chain runs full and empty, at most sum over layers of
  cycles + max(rows, feedback) + chunks + 16, and at least 0; layers that skip with independent
  signs first fill the memory of these, in cycles clocks;
- learn: for every lane and layer 1 clock, and 3 + max(cycles, rows) more where the lane's mask
  has the layer, 4 + max(cycles, rows) with mantissas; 1 clock to end. With several passes the
  signs are drawn again, which takes as long as before, and 1 clock more for each pass; where
  layers that skip keep independent signs, their memory is then filled again, which takes the
  cycles of the longest such layer for each pass.

A core that only infers has neither batches nor these clocks but the interval and the fill.
Clocks in which the host gives no sample or no target come on top.
"""

from dualspike.model.description import Description
from dualspike.model.geometry import geometry
from dualspike.model.lfsr import draw_order


def draw_cycles(d: Description) -> int:
    """Clocks before the passes of a batch, all together, to draw their signs."""
    return len(draw_order(d.learning.structure, d.lanes, d.shapes)) + d.passes


def fill_bound(d: Description) -> int:
    """Most clocks a pass over a batch takes beyond B * interval for its samples."""
    layers = geometry(d).layers
    stored = d.learning.structure == "independent"
    signs = sum(layer.cycles for layer in layers if layer.skips and stored)
    return signs + sum(layer.cycles + layer.frame_cycles + layer.chunks + 16 for layer in layers)


def refill_cycles(d: Description) -> int:
    """Clocks before the sweeps of each of several passes, to fill memories of signs again."""
    kept = d.passes > 1 and d.learning.structure == "independent"
    return max((layer.cycles for layer in geometry(d).layers if layer.skips and kept), default=0)


def learn_cycles(d: Description) -> int:
    """Clocks behind a batch, to move the weights."""
    total = 1 + d.lanes * d.n_layers
    step = 3 + (d.learning.mantissa is not None)
    for layer in geometry(d).layers:
        users = sum(mask >> layer.index & 1 for mask in d.masks)
        total += users * (step + max(layer.cycles, layer.rows))
    again = draw_cycles(d) + d.passes * (1 + refill_cycles(d))
    return total + (again if d.passes > 1 else 0)
