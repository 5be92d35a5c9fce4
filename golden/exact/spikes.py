"""Event-driven simulation of a circuit, and the record of its spikes.

The potential of neuron j is, with F_i the firing times of unit i,

    V_j(t) = sum_i w_ji sum over g in F_i, g < t, of h_ji(t - g)
             - sum over f in F_j, f < t, of theta_j exp(-beta_j (t - f))

and the neuron fires where V_j rises through theta_j. Every firing time is the root of that
equation, bracketed and then solved to the last bits: there is no time grid. Whatever happens at
the very same time does not act on one another.

Source: Lee, Haghighatshoar, Karbasi, arXiv 2210.15415 (2023), theorem 1.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from dualspike.golden.exact import kernels
from dualspike.golden.exact.circuit import Circuit, finite, units
from dualspike.golden.numeric import Doubles, Indices
from dualspike.model.errors import BadInput

# A potential near its threshold is known to about 1e-16 theta, so where it only just gets there,
# its slope is known to the square root of that: below this many beta theta it means nothing.
GRAZING = 1e-7


@dataclass(frozen=True, eq=False)
class Spikes:
    """All S spikes of a run in the order of time, inputs included.

    ``times`` [S] and ``units`` [S] say when and who. ``slopes`` [S] is V'(f), in threshold / time,
    before the reset, and 0 for inputs. ``given`` [S] is the place of an input spike among those
    that the caller gave, -1 for spikes of neurons. ``weights`` [E] are those of the run.
    """

    circuit: Circuit
    weights: Doubles
    until: float
    times: Doubles
    units: Indices
    slopes: Doubles
    given: Indices

    def of(self, unit: int) -> Indices:
        """Which of the spikes are this unit's; may be none."""
        return np.flatnonzero(self.units == unit)

    def nth(self, unit: int, k: int) -> int:
        """Which spike is the k-th (from 0) of this unit; `BadInput` if it did not fire so often."""
        own = self.of(unit)
        if not 0 <= k < len(own):
            raise BadInput(f"spike of unit {unit} must be in [0, {len(own)}), not {k}")
        return int(own[k])

    def first(self) -> Indices:
        """Which spike is the first of every unit [n_in + n]; -1 for units that were silent."""
        result: Indices = np.full(self.circuit.n_units, -1)
        result[self.units[::-1]] = np.arange(len(self.units))[::-1]
        return result

    @property
    def n_given(self) -> int:
        """How many input spikes there were."""
        return int(np.count_nonzero(self.given >= 0))


def simulate(
    circuit: Circuit,
    weights: ArrayLike,
    times: ArrayLike,
    sources: ArrayLike,
    *,
    until: float,
    limit: int = 100_000,
) -> Spikes:
    """Run a circuit from rest at time 0 with input spikes, and record what fires before ``until``.

    Args:
        circuit: Neurons and connections.
        weights: w [E], in the order of the circuit's connections.
        times: Times of the input spikes [N] in [0, until), in any order, also equal.
        sources: Which input each of them belongs to [N], in [0, n_in).
        until: End of the run, > 0.
        limit: Most spikes that there may be; recurrent excitation can run away.

    Raises:
        BadInput: Anything out of range, or more than ``limit`` spikes.
    """
    w = circuit.weights(weights)
    t = finite(times, "times")
    who = units(sources, "sources", 0, circuit.n_in)
    if not (np.isfinite(until) and until > 0):
        raise BadInput(f"until must be finite and > 0, not {until}")
    if limit < 1:
        raise BadInput(f"limit must be at least 1, not {limit}")
    if t.shape != who.shape:
        raise BadInput(f"times and sources must be of one length, not {t.shape} and {who.shape}")
    wrong = t[(t < 0) | (t >= until)]
    if wrong.size:
        raise BadInput(f"times must be in [0, {until}), not {wrong[0]}")
    order = np.argsort(t, kind="stable")
    fired, unit, slopes = np.empty(limit), np.empty(limit, np.int64), np.empty(limit)
    count: int = kernels.run(
        w, *constants(circuit), t[order], who[order], float(until), fired, unit, slopes
    )
    if count < 0:
        raise BadInput(f"spikes before {until} must be at most {limit}, not more")
    fired, unit, slopes = fired[:count].copy(), unit[:count].copy(), slopes[:count].copy()
    given: Indices = np.full(count, -1)
    given[unit < circuit.n_in] = order
    return Spikes(circuit, w, float(until), fired, unit, slopes, given)


def constants(
    circuit: Circuit,
) -> tuple[int, Indices, Indices, Indices, Indices, Doubles, Doubles, Doubles]:
    """A circuit as the compiled loops take it."""
    return (
        circuit.n_in,
        circuit.begin,
        circuit.outgoing,
        circuit.target,
        circuit.group,
        circuit.rates,
        circuit.membrane,
        circuit.threshold,
    )


def steep(spikes: Spikes, slopes: Doubles, floor: float) -> Doubles:
    """Slopes [S] to divide by; those of inputs become 1.

    A neuron whose potential only just reaches its threshold has V'(f) near 0, and the derivatives
    of f have no bound. With ``floor`` > 0 a slope counts as at least floor beta theta: a defined,
    limited value in place of the exact one. What then is below `GRAZING` beta theta is refused.

    Raises:
        BadInput: A spike grazes its threshold, or ``floor`` is negative or not finite.
    """
    if not 0 <= floor < np.inf:
        raise BadInput(f"floor must be finite and >= 0, not {floor}")
    circuit = spikes.circuit
    fired = spikes.given < 0
    neuron = spikes.units[fired] - circuit.n_in
    unit_slope = circuit.membrane[neuron] * circuit.threshold[neuron]
    result = np.ones_like(slopes)
    result[fired] = np.maximum(slopes[fired], floor * unit_slope)
    wrong = np.flatnonzero(result[fired] < GRAZING * unit_slope)
    if wrong.size:
        at = np.flatnonzero(fired)[wrong[0]]
        raise BadInput(
            f"slope at the spike of unit {spikes.units[at]} at time {spikes.times[at]:.6g} must be "
            f"at least {GRAZING * unit_slope[wrong[0]]:.3g}, not {result[at]:.3g}: it grazes"
        )
    return result
