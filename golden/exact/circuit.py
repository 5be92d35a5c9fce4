"""A graph of spiking neurons in continuous time: who feeds whom, how fast, up to which threshold.

Units 0 ... n_in - 1 are external inputs, units n_in ... n_in + n - 1 are neurons. A connection
from unit i to neuron j has weight w_ji; a spike of unit i at g adds to the potential of j

    w_ji h_ji(t - g)    h_ji(s) = (exp(-alpha_i s) - exp(-beta_j s)) / (beta_j - alpha_i)   s > 0

(s exp(-alpha_i s) where beta_j = alpha_i): the current decays at the rate alpha_i of its source,
the membrane at the rate beta_j of the neuron. A neuron that reaches its threshold theta_j fires
and starts again from 0.

Source: Lee, Haghighatshoar, Karbasi, arXiv 2210.15415 (2023), sections 2.1 to 2.3.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from dualspike.golden.numeric import Doubles, Indices
from dualspike.model.errors import BadInput


class Circuit:
    """Connections and constants; the weights [E] come separately, in the order of connections.

    ``source`` and ``target`` [E] number the units that each connection joins: any graph without
    self loops, and without a second connection between the same two units. ``synapse`` holds the
    rates alpha of all units [n_in + n], ``membrane`` the rates beta of the neurons [n], both in
    1 / time and > 0; ``threshold`` theta [n] > 0. One number stands for all units.

    Raises `BadInput` if anything is out of range.
    """

    def __init__(
        self,
        n_in: int,
        n: int,
        source: ArrayLike,
        target: ArrayLike,
        *,
        synapse: ArrayLike = 1.0,
        membrane: ArrayLike = 0.5,
        threshold: ArrayLike = 1.0,
    ) -> None:
        if n_in < 0:
            raise BadInput(f"n_in must be at least 0, not {n_in}")
        if n < 1:
            raise BadInput(f"n must be at least 1, not {n}")
        self.n_in = n_in
        self.n = n
        self.n_units = n_in + n
        self.source = units(source, "source", 0, self.n_units)
        self.target = units(target, "target", n_in, self.n_units)
        self.synapse = _positive(synapse, "synapse", self.n_units)
        self.membrane = _positive(membrane, "membrane", n)
        self.threshold = _positive(threshold, "threshold", n)
        if len(self.source) != len(self.target):
            raise BadInput(
                "source and target must have the same length, "
                f"not {len(self.source)} and {len(self.target)}"
            )
        # The connection from unit i to unit j, -1 where there is none.
        self.connection: Indices = np.full((self.n_units, self.n_units), -1)
        for edge, (i, j) in enumerate(zip(self.source.tolist(), self.target.tolist(), strict=True)):
            if i == j:
                raise BadInput(f"target must be another unit than the source, not {j} for both")
            if self.connection[i, j] >= 0:
                raise BadInput(f"units {i} and {j} must be connected at most once, not again")
            self.connection[i, j] = edge
        # Connections sorted by source: those of unit i are outgoing[begin[i] : begin[i + 1]].
        self.outgoing: Indices = np.argsort(self.source, kind="stable")
        self.begin: Indices = np.searchsorted(
            self.source[self.outgoing], np.arange(self.n_units + 1)
        )
        # Distinct synaptic rates, rising, and which of them each unit has.
        rates, group = np.unique(self.synapse, return_inverse=True)
        self.rates: Doubles = rates
        self.group: Indices = group

    @property
    def n_edges(self) -> int:
        """Number of connections, and of weights."""
        return len(self.source)

    def weights(self, values: ArrayLike, name: str = "weights", lanes: int = 0) -> Doubles:
        """``values`` [E] (with ``lanes`` axes in front: [..., E]) as an array of finite numbers."""
        found = finite(values, name)
        if found.ndim != 1 + lanes or found.shape[-1] != self.n_edges:
            shape = "[..., E]" if lanes else "[E]"
            raise BadInput(f"{name} must be {shape} with E = {self.n_edges}, not {found.shape}")
        return found


def layered(sizes: Sequence[int], **constants: Any) -> Circuit:
    """Layers that feed one another, each fully: ``sizes`` = (n_in, n_1, ..., n_out).

    The weights [E] are the matrices [n_out, n_in] of the layers from the input on, row by row.
    ``constants`` are those of `Circuit`.
    """
    if len(sizes) < 2 or min(sizes) < 1:
        raise BadInput(f"sizes must be two or more numbers >= 1, not {list(sizes)}")
    source: list[int] = []
    target: list[int] = []
    first = 0
    for n_in, n_out in pairwise(sizes):
        for j in range(n_out):
            source += range(first, first + n_in)
            target += [first + n_in + j] * n_in
        first += n_in
    return Circuit(sizes[0], sum(sizes[1:]), source, target, **constants)


def finite(values: ArrayLike, name: str) -> Doubles:
    """An array of float64 of its own, without NaN and infinity."""
    try:
        found = np.array(values, np.float64)
    except (TypeError, ValueError):
        raise BadInput(f"{name} must be an array of numbers, not {values!r:.40}") from None
    wrong = found[~np.isfinite(found)]
    if wrong.size:
        raise BadInput(f"{name} must be finite, not {wrong[0]}")
    return found


def units(values: ArrayLike, name: str, low: int, end: int) -> Indices:
    """A list of units in [low, end)."""
    found = np.asarray(values)
    if found.ndim != 1 or (found.size and found.dtype.kind not in "iu"):
        raise BadInput(f"{name} must be a list of integers, not {found.dtype} {found.shape}")
    wrong = found[(found < low) | (found >= end)]
    if wrong.size:
        raise BadInput(f"{name} must be in [{low}, {end}), not {wrong[0]}")
    return found.astype(np.int64)


def _positive(values: ArrayLike, name: str, n: int) -> Doubles:
    found = finite(values, name)
    if found.shape not in ((), (n,)):
        raise BadInput(f"{name} must be one number or {n}, not {found.shape}")
    wrong = found[found <= 0]
    if wrong.size:
        raise BadInput(f"{name} must be > 0, not {wrong.flat[0]}")
    return np.broadcast_to(found, (n,)).copy()
