"""Exact derivatives of all firing times, forward in time.

A spike of neuron j at f solves V_j(f) = theta_j with V_j'(f) > 0. By the implicit function theorem

    df = - [ sum_i dw_ji y_ji(f) - sum_i w_ji sum over g < f of h_ji'(f - g) dg
             - sum over f' < f of theta_j beta_j exp(-beta_j (f - f')) df' ] / V_j'(f)

(y_ji = sum over g of h_ji(f - g); g: spikes of unit i, f': of neuron j itself), where everything
on the right is earlier. The bracket is the tangent of V_j at the fixed time f, and like V_j it
decays in closed form between events: one pass over the spikes, with constant work for each
connection that a spike passes and each direction, and memory for one state of the neurons.

Source: Lee, Haghighatshoar, Karbasi, arXiv 2210.15415 (2023), forward propagation.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from dualspike.golden.exact import kernels
from dualspike.golden.exact.circuit import finite
from dualspike.golden.exact.spikes import Spikes, constants, steep
from dualspike.golden.numeric import Doubles
from dualspike.model.errors import BadInput


@dataclass(frozen=True, eq=False)
class Jacobian:
    """Derivatives of all S firing times, inputs included, by weights and by input times.

    ``weights`` [S, E] in time / weight; ``inputs`` [S, N], its columns in the caller's order. The
    rows of input spikes are 0 and 1.
    """

    weights: Doubles
    inputs: Doubles


def directional(
    spikes: Spikes,
    dweights: ArrayLike,
    dinputs: ArrayLike | None = None,
    *,
    floor: float = 0.0,
) -> Doubles:
    """Derivatives [S] of all firing times along one direction, or [K, S] along K of them.

    Args:
        spikes: A run.
        dweights: Changes of the weights, [E] or [K, E].
        dinputs: Changes of the times of the input spikes, [N] or [K, N]; None for 0.
        floor: Slopes count as at least floor beta theta, see `steep`.

    Raises:
        BadInput: A shape is wrong, a number is not finite, or a spike grazes its threshold.
    """
    found = finite(dweights, "dweights")
    n_given = spikes.n_given
    dw = spikes.circuit.weights(np.atleast_2d(found), "dweights", lanes=1)
    moved = np.zeros((len(dw), n_given))
    if dinputs is not None:
        moved = finite(dinputs, "dinputs")
        if moved.shape != (*found.shape[:-1], n_given):
            raise BadInput(
                f"dinputs must be {(*found.shape[:-1], n_given)} as dweights, not {moved.shape}"
            )
    result = _tangents(spikes, dw, np.atleast_2d(moved), floor)
    return np.ascontiguousarray(result[:, 0] if found.ndim == 1 else result.T)


def jacobian(spikes: Spikes, *, floor: float = 0.0) -> Jacobian:
    """All derivatives of all firing times: E + N directions at once.

    ``floor`` and errors are those of `directional`.
    """
    n_edges, n_given = spikes.circuit.n_edges, spikes.n_given
    eye = np.eye(n_edges + n_given)
    result = _tangents(spikes, eye[:, :n_edges], eye[:, n_edges:], floor)
    return Jacobian(result[:, :n_edges].copy(), result[:, n_edges:].copy())


def _tangents(spikes: Spikes, dweights: Doubles, dinputs: Doubles, floor: float) -> Doubles:
    """Changes of firing times [S, K] for changes of weights [K, E] and of input times [K, N]."""
    slopes = steep(spikes, spikes.slopes, floor)
    result = np.zeros((len(spikes.times), len(dweights)))
    inputs = spikes.given >= 0
    result[inputs] = dinputs.T[spikes.given[inputs]]
    kernels.tangents(
        spikes.weights,
        *constants(spikes.circuit),
        spikes.times,
        spikes.units,
        slopes,
        np.ascontiguousarray(dweights.T),
        result,
    )
    return result
