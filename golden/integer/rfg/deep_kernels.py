# pyright: basic
"""The compiled loops of `golden.integer.rfg.deep`: stored integers, exact in float64.

Numba keeps compiled code and looks at this file alone to see whether it is stale: so all that is
compiled is here.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.jit import njit

Array = NDArray[Any]

MEMBRANE, TANGENT, FLOOR = 1, 2, 1 << 31


# Nothing is infinite or no number here; sums keep their order.
finite = njit(fastmath={"nnan", "ninf", "nsz"})


class Neuron(NamedTuple):
    """The neurons of a layer: all in units of the last bits of their formats.

    ``lost``: share of the membrane that leaks in a step. ``pulled``: share of a spike's tangent
    that the reset takes from the membrane's, 0 where it is detached. ``bins``: surrogate bins for
    each unit of the membrane; ``unit``: value of the table's last bit. Then the formats' ends.
    """

    threshold: float
    lost: float
    pulled: float
    bins: float
    unit: float
    membrane: tuple[float, float]
    tangent: tuple[float, float]


@finite
def _fire(z, table, neuron, u, spikes, slopes):
    """One step of a neuron in all samples: membranes u, spikes, slopes, each [B]; the flags."""
    low, high = neuron.membrane
    middle, beyond = (len(table) - 2) // 2 + 1.0, len(table) - 1.0
    lost, clipped, rests = neuron.lost, 0, 0
    for b in range(len(u)):
        held = u[b] - np.floor(u[b] * lost + 0.5) + z[b]
        kept = min(max(held, low), high)
        over = kept - neuron.threshold
        clipped += kept < held
        rests += kept > held
        u[b] = over if over > 0 else kept
        spikes[b] = 1.0 if over > 0 else 0.0
        slopes[b] = min(max(np.floor(over * neuron.bins) + middle, 0.0), beyond)
    for b in range(len(u)):
        slopes[b] = table[np.int32(slopes[b])] * neuron.unit
    return (MEMBRANE if clipped else 0) | (FLOOR if rests else 0)


@finite
def _follow(dz, neuron, slopes, charge, moved):
    """The same of a lane, its tangents fed with dz; the flags."""
    lowest, highest = neuron.tangent
    lost, pulled, clipped = neuron.lost, neuron.pulled, 0
    for b in range(len(charge)):
        held = charge[b] - np.floor(charge[b] * lost + 0.5) + dz[b]
        kept = min(max(held, lowest), highest)
        exact = np.floor(slopes[b] * kept + 0.5)
        passed = min(max(exact, lowest), highest)
        pull = kept - np.floor(pulled * passed + 0.5)
        left = min(max(pull, lowest), highest)
        clipped += (kept != held) | (passed != exact) | (left != pull)
        charge[b] = left
        moved[b] = passed
    return TANGENT if clipped else 0


@finite
def constant(z: Array, dz: Array, table: Array, neuron: Any, spikes: Array, moved: Array) -> int:
    """Spikes [T, n, B] and their tangents [T, K, n, B] of neurons fed with z [n, B], dz [K, n, B].

    Returns the flags.
    """
    u, slopes = np.empty((2, z.shape[1]))
    charge, flags = np.empty((len(dz), z.shape[1])), 0
    for j in range(len(z)):
        u[:] = 0.0
        charge[:] = 0.0
        for t in range(len(spikes)):
            flags |= _fire(z[j], table, neuron, u, spikes[t, j], slopes)
            for k in range(len(dz)):
                flags |= _follow(dz[k, j], neuron, slopes, charge[k], moved[t, k, j])
    return flags


@finite
def _fit(total, unit, offset, one, low, high):
    """floor(total unit + 1/2) + offset one in its place, saturated; whether it was clipped."""
    clipped = 0
    for b in range(len(total)):
        exact = np.floor(total[b] * unit + 0.5) + offset[b] * one
        total[b] = min(max(exact, low), high)
        clipped += total[b] != exact
    return clipped > 0


@finite
def _add(total, weight, values):
    for b in range(len(total)):
        total[b] += weight * values[b]


@finite
def spiking(
    given: tuple[Array, Array],
    numbers: tuple[Array, Array, Array, Array],
    lanes: Array,
    units: tuple[float, float, float],
    table: Array,
    neuron: Any,
    found: tuple[Array, Array],
) -> int:
    """A layer fed with spikes [T, i, B] and their tangents [T, L, i, B]; returns the flags.

    ``numbers``: W [n, i], b [n] and the signs V [M, n, i], C [M, n]. ``lanes`` [K, 2]: for each
    lane that leaves, the one of the L that it is, and the one of the M, or -1. ``units``: what a
    weight's last bit is of the membrane's and of 1, and 1 of the tangent's last bit. What leaves
    is put into ``found``: spikes [T, n, B] and their tangents [T, K, n, B].
    """
    (spikes, tangents), (w, c, v, d), (out, moved) = given, numbers, found
    of_membrane, of_one, one = units
    low, high = neuron.membrane
    lowest, highest = neuron.tangent
    rows = out.shape[2]
    z, dz, signs, slopes, none = np.zeros((5, rows))
    u, charge = np.zeros((len(w), rows)), np.zeros((len(lanes), len(w), rows))
    flags = 0
    for t in range(len(out)):
        for j in range(len(w)):
            z[:] = c[j]
            for i in range(w.shape[1]):
                _add(z, w[j, i], spikes[t, i])
            if _fit(z, of_membrane, none, one, low, high):
                flags |= MEMBRANE
            flags |= _fire(z, table, neuron, u[j], out[t, j], slopes)
            for k in range(len(lanes)):
                carried, own = lanes[k]
                dz[:] = 0.0
                signs[:] = 0.0
                if carried >= 0:
                    for i in range(w.shape[1]):
                        _add(dz, w[j, i], tangents[t, carried, i])
                if own >= 0:
                    signs[:] = d[own, j]
                    for i in range(w.shape[1]):
                        _add(signs, v[own, j, i], spikes[t, i])
                if _fit(dz, of_one, signs, one, lowest, highest):
                    flags |= TANGENT
                flags |= _follow(dz, neuron, slopes, charge[k, j], moved[t, k, j])
    return flags
