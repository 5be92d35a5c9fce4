"""What the compiled loops know of a layer's neurons."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.float import kernels
from dualspike.golden.float.surrogate import Staircase
from dualspike.golden.numeric import Floats
from dualspike.model.description.network import Network

# Cells into which a staircase's domain is divided, to find most values without a search.
CELLS = 2048


class NeuronConstants(NamedTuple):
    """What the neurons of a layer have in common.

    ``numbers``: leak, threshold, the surrogate's sigma, 1 / sigma, -1 / (2 sigma^2), its largest
    value, and cells per unit. ``kind``: its place in `kernels.KINDS`. ``stairs``, ``heights``:
    steps and heights of a `golden.float.surrogate.Staircase`. ``cells``: the number n of steps
    below all sizes with floor(|x| cells per unit) = 0, 1, 2 ..., or -1 - n where steps are among
    these, too; the last one for all that is beyond.
    """

    numbers: Floats
    kind: int
    attached: bool
    stairs: Floats
    heights: Floats
    cells: NDArray[np.int64]


def plain_neuron(
    network: Network, dtype: np.dtype[np.floating[Any]], layer: int = 0
) -> NeuronConstants:
    """A hidden layer's neuron, all its numbers in one type; without draws, if it needs any."""
    s, none = network.surrogate, np.zeros(1, dtype)
    numbers = [network.leak, network.thresholds[layer], s.sigma, 1 / s.sigma, -0.5 / s.sigma**2]
    numbers += [s.peak, 0.0]
    attached = network.reset == "attached"
    cells = np.zeros(1, np.int64)
    kind = kernels.KINDS.index(s.kind)
    return NeuronConstants(np.array(numbers, dtype), kind, attached, none, none, cells)


def drawn_neuron(plain: NeuronConstants, staircase: Staircase) -> NeuronConstants:
    """The same neuron with the draws of a staircase."""
    dtype = plain.numbers.dtype
    steps, heights = staircase.steps.astype(dtype), staircase.heights.astype(dtype)
    per_unit = dtype.type((CELLS - 0.5) / steps[-1])  # so that none is in the last cell
    # Products with per_unit keep the order of sizes, whatever their rounding.
    held = np.bincount((steps * per_unit).astype(np.intp), minlength=CELLS + 1)
    below = np.cumsum(held) - held
    return plain._replace(
        numbers=np.append(plain.numbers[:-1], per_unit),
        stairs=steps,
        heights=heights,
        cells=np.where(held > 0, -1 - below, below),
    )
