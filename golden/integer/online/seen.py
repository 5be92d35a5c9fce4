"""What a run of a chip that learns online shows of its layers."""

import numpy as np

from dualspike.golden.integer.part import Forward, LayerTrace
from dualspike.golden.numeric import Matrix
from dualspike.model.description.part import Part
from dualspike.model.sizes.geometry import geometry


def room(part: Part, rows: int) -> Matrix:
    """Where a run of so many rows leaves weighted inputs and spikes: `State.seen`."""
    widest, steps = max(part.network.layers), part.network.time_steps
    return np.zeros((2, len(part.shapes), rows, steps, widest), np.int64)


def seen_in(part: Part, y: Matrix, seen: Matrix) -> Forward:
    """The same as traces of all layers, next to the outputs; without tangents."""
    result = Forward(y, y[None][:0])
    for layer in geometry(part).layers:
        z, spikes = seen[:, layer.index, :, :, : layer.n_out].swapaxes(1, 2)
        if not layer.every_step:
            z = z[0]
        result.layers.append(LayerTrace(z, z[None][:0], spikes, spikes[None][:0]))
    return result
