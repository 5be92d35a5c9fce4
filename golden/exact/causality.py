"""Which spikes caused which, and how far a firing time follows each of its causes.

A spike of neuron j at f has as causes all earlier spikes of the units that feed j, and all earlier
spikes of j itself, by way of the reset. Each adds a share to V_j(f), and a share to the slope:

    cause                 in V_j(f)                       in V_j'(f)
    spike of i at g       w_ji h_ji(f - g)                w_ji h_ji'(f - g)
    own spike at f'       -theta_j exp(-beta_j (f - f'))  theta_j beta_j exp(-beta_j (f - f'))

The shares in V_j(f) add up to theta_j, those in the slope to V_j'(f), and
d f / d cause = share in the slope / V_j'(f): these derivatives add up to 1, since a circuit whose
inputs all come a little later does everything a little later.

Source: Lee, Haghighatshoar, Karbasi, arXiv 2210.15415 (2023). This uses nothing but firing times
and the kernel, none of what the simulation or `golden.exact.forward` computes.
"""

from dataclasses import dataclass

import numpy as np

from dualspike.golden.exact.spikes import Spikes
from dualspike.golden.jit import njit
from dualspike.golden.numeric import Doubles, Indices


@dataclass(frozen=True, eq=False)
class Causes:
    """The causality record: C pairs of a spike and a cause, sorted by spike, then by cause.

    Those of spike s are entries ``begin[s]`` to ``begin[s + 1]``; input spikes have none. ``spike``
    and ``cause`` [C] number the spikes of the run, ``edge`` [C] is the connection between them, -1
    for a neuron's own spikes. ``feed`` [C] is h(f - g), 0 for own spikes: the derivative of V_j(f)
    by the weight. ``height`` [C] and ``steepness`` [C] are the shares in V_j(f) and V_j'(f).
    """

    begin: Indices
    spike: Indices
    cause: Indices
    edge: Indices
    feed: Doubles
    height: Doubles
    steepness: Doubles


def causes(spikes: Spikes) -> Causes:
    """The causality record of a run; time and memory grow with the number of pairs."""
    circuit = spikes.circuit
    spike, cause, edge = _pairs(circuit.n_in, circuit.connection, spikes.times, spikes.units)
    neuron = spikes.units[spike] - circuit.n_in
    beta, theta = circuit.membrane[neuron], circuit.threshold[neuron]
    after = spikes.times[spike] - spikes.times[cause]
    alpha = circuit.synapse[spikes.units[cause]]
    decayed = np.exp(-beta * after)
    feed = np.where(edge >= 0, _kernel(alpha, beta, after), 0.0)
    # h'(s) = exp(-alpha s) - beta h(s)
    weight = np.where(edge >= 0, spikes.weights[edge], 0.0) if circuit.n_edges else feed
    height = np.where(edge >= 0, weight * feed, -theta * decayed)
    steepness = np.where(
        edge >= 0, weight * (np.exp(-alpha * after) - beta * feed), theta * beta * decayed
    )
    begin = np.searchsorted(spike, np.arange(len(spikes.times) + 1))
    return Causes(begin, spike, cause, edge, feed, height, steepness)


def slopes(spikes: Spikes, record: Causes) -> Doubles:
    """V'(f) at every spike [S] as a sum over causes; 0 for inputs."""
    total = np.bincount(record.spike, weights=record.steepness, minlength=len(spikes.times))
    return total.astype(np.float64)


def _kernel(alpha: Doubles, beta: Doubles, after: Doubles) -> Doubles:
    """h(s) by its definition, and by a series where the rates are nearly equal.

    With x = (beta - alpha) s / 2: h = s exp(-(alpha + beta) s / 2) sinh(x) / x.
    """
    x = (beta - alpha) * after / 2
    near = np.abs(x) < 1e-2
    small = np.where(near, x, 0.0) ** 2
    series = 1 + small / 6 * (1 + small / 20 * (1 + small / 42))
    gap = np.where(near, 1.0, beta - alpha)
    apart = (np.exp(-alpha * after) - np.exp(-beta * after)) / gap
    return np.where(near, after * np.exp(-(alpha + beta) * after / 2) * series, apart)


@njit(error_model="numpy")
def _pairs(n_in: int, connection: Indices, times: Doubles, units: Indices) -> Indices:
    """Spikes of neurons, their causes, and the connections between them [3, C]; -1 for a reset."""
    count, found = 0, np.empty((3, 0), np.int64)
    for passing in range(2):
        if passing:
            count, found = 0, np.empty((3, count), np.int64)
        for s in range(len(times)):
            if units[s] < n_in:
                continue
            for cause in range(s):
                edge = connection[units[cause], units[s]]
                if times[cause] < times[s] and (edge >= 0 or units[cause] == units[s]):
                    if passing:
                        found[0, count], found[1, count], found[2, count] = s, cause, edge
                    count += 1
    return found
