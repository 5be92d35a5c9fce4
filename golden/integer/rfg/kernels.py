# pyright: basic
"""The compiled loop of `golden.integer.rfg.shallow`: neurons with constant input.

Numba keeps compiled code and looks at this file alone to see whether it is stale: so all that is
compiled is here.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.jit import njit

Array = NDArray[Any]

MEMBRANE, TANGENT, FLOOR = 1, 2, 1 << 31


@njit()
def respond(
    z: Array, dz: Array, table: Array, numbers: tuple[int, ...], count: Array, total: Array
) -> int:
    """Spikes [M] and summed spike tangents [M, C] of M neurons over T steps; returns flags.

    ``z`` int64 [M] and ``dz`` float64 [M, C] hold stored integers; so does ``table``, int64, with
    a 0 before and after. ``numbers``: T, threshold, lowest and highest membrane, right shift to a
    bin, fraction bits of the table, lowest and highest tangent, right shift of the leak (0 for
    none), fraction bits of the threshold where the reset is attached (else -1). Everything is
    exact: a product of a table's value or a threshold and a charge has at most 48 bits, half of 1
    is one more.
    """
    steps, theta, low, high, bins, fraction, lowest, highest, leak, attached = numbers
    beyond, middle = len(table) - 1, (len(table) - 2) // 2 + 1
    unit = 2.0**-fraction
    reach = steps * max(1.0, table.max() * unit)
    part = 2.0**-leak if leak else 0.0
    lost = theta * 2.0**-attached if attached >= 0 else 0.0
    lanes = dz.shape[1]
    charge = np.empty(lanes)
    flags = 0
    for m in range(len(z)):
        size = 0.0
        for c in range(lanes):
            size = max(size, abs(dz[m, c]))
            charge[c] = 0.0
            total[m, c] = 0.0
        safe = not leak and attached < 0 and size * reach + 1 <= highest
        fired = 0
        u = 0
        for t in range(steps):
            if leak:
                u -= (u + (1 << (leak - 1))) >> leak
            u += z[m]
            if u < low:
                u = low
                flags |= FLOOR
            elif u > high:
                u = high
                flags |= MEMBRANE
            over = u - theta
            if over > 0:
                u = over
                fired += 1
            slope = table[min(max((over >> bins) + middle, 0), beyond)] * unit
            if safe:
                if slope > 0:
                    slope *= t + 1
                    for c in range(lanes):
                        total[m, c] += math.floor(slope * dz[m, c] + 0.5)
            else:
                flags |= _careful(dz[m], slope, part, lost, lowest, highest, charge, total[m])
        count[m] = fired
    return flags


@njit()
def _careful(dz, slope, part, lost, lowest, highest, charge, total):
    """One step of all lanes of a neuron, any of which may saturate, leak or be reset."""
    flags = 0
    for c in range(len(dz)):
        held = charge[c] - math.floor(charge[c] * part + 0.5) + dz[c]
        kept = min(max(held, lowest), highest)
        moved = math.floor(slope * kept + 0.5)
        passed = min(max(moved, lowest), highest)
        left = kept - math.floor(lost * passed + 0.5)
        charge[c] = min(max(left, lowest), highest)
        if kept != held or passed != moved or charge[c] != left:
            flags = TANGENT
        total[c] += passed
    return flags
