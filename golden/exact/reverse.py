"""Gradient of a loss of firing times, backwards through the causality record.

With bar f = dL/df of a spike by way of everything but its effects, from the last spike to the first

    bar cause += bar f * share in slope / V_j'(f)         for every cause of the spike at f
    dL/dw_ji  -= bar f * sum over g of h_ji(f - g) / V_j'(f)

which is the chain rule through the recursion of `golden.exact.forward`, in the other direction.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from dualspike.golden.exact.causality import Causes, causes, slopes
from dualspike.golden.exact.circuit import finite
from dualspike.golden.exact.spikes import Spikes, steep
from dualspike.golden.jit import njit
from dualspike.golden.numeric import Doubles, Indices
from dualspike.model.errors import BadInput


@dataclass(frozen=True, eq=False)
class Gradient:
    """dL/dw ``weights`` [E], dL/dtimes of input spikes ``inputs`` [N] in the caller's order."""

    weights: Doubles
    inputs: Doubles


def vjp(
    spikes: Spikes, adjoint: ArrayLike, record: Causes | None = None, *, floor: float = 0.0
) -> Gradient:
    """The gradient of a loss.

    A neuron that did not fire has no spike, so nothing here, and gets no gradient.

    Args:
        spikes: A run.
        adjoint: Derivatives [S] of the loss by every firing time of the run, inputs included.
        record: The run's causality record, if there is one already.
        floor: Slopes count as at least floor beta theta, see `steep`.

    Raises:
        BadInput: ``adjoint`` is not [S] or not finite, or a spike grazes its threshold.
    """
    bar = finite(adjoint, "adjoint")
    if bar.shape != spikes.times.shape:
        raise BadInput(f"adjoint must be [S] with S = {len(spikes.times)}, not {bar.shape}")
    if record is None:
        record = causes(spikes)
    slope = steep(spikes, slopes(spikes, record), floor)
    share = record.steepness / slope[record.spike]
    _back(record.spike, record.cause, share, bar)
    own = record.edge < 0
    each = -(bar / slope)[record.spike] * record.feed
    n_edges = spikes.circuit.n_edges
    weights = np.bincount(record.edge[~own], weights=each[~own], minlength=n_edges)
    given = spikes.given >= 0
    inputs = np.empty(np.count_nonzero(given))
    inputs[spikes.given[given]] = bar[given]
    return Gradient(weights.astype(np.float64), inputs)


@njit(error_model="numpy")
def _back(spike: Indices, cause: Indices, share: Doubles, bar: Doubles) -> None:
    """bar cause += bar spike * share for every pair, from the last spike to the first, in place."""
    for pair in range(len(spike) - 1, -1, -1):
        bar[cause[pair]] += bar[spike[pair]] * share[pair]
