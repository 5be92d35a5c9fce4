# pyright: basic
"""Compiled loops over the neurons of a layer, and the running sums of the online rules.

Arrays of a call are flat or [B, n] and of one type. Numba keeps compiled code and looks at
this file alone to see whether it is stale: so all that is compiled is here.
"""

from typing import Any

from numpy.typing import NDArray

from dualspike.golden.jit import njit

Array = NDArray[Any]

compiled = njit(error_model="numpy")


@compiled
def charge(
    membrane: Array, spikes: Array, leak: float, threshold: float, current: Array, fired: Array
) -> None:
    """``current`` becomes U = leak (membrane - threshold spikes) + current, ``fired`` U >= it."""
    one, zero = current.dtype.type(1), current.dtype.type(0)
    for i in range(len(current)):
        reached = leak * (membrane[i] - threshold * spikes[i]) + current[i]
        current[i] = reached
        fired[i] = one if reached >= threshold else zero


@compiled
def exponents(membrane: Array, threshold: float, width: float, out: Array) -> None:
    """out = -|U - threshold| / width."""
    inverse = -membrane.dtype.type(1) / width
    for i in range(len(membrane)):
        out[i] = abs(membrane[i] - threshold) * inverse


@compiled
def squares(membrane: Array, threshold: float, width: float, out: Array) -> None:
    """out = -(U - threshold)^2 / (2 width^2)."""
    scale = -membrane.dtype.type(0.5) / (width * width)
    for i in range(len(membrane)):
        distance = membrane[i] - threshold
        out[i] = scale * distance * distance


@compiled
def bells(width: float, powers: Array) -> None:
    """p becomes p / (width (1 + p)^2)."""
    one = powers.dtype.type(1)
    for i in range(len(powers)):
        more = one + powers[i]
        powers[i] = powers[i] / (width * more * more)


@compiled
def follow(trace: Array, leak: float, sent: Array) -> None:
    """Trace becomes leak trace + sent."""
    for i in range(len(trace)):
        trace[i] = leak * trace[i] + sent[i]
