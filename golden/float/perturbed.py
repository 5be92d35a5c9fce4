"""What the lanes of forward mode start from, parameters or neurons, and what these come to."""

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from dualspike.golden.float.layout import Parameters, Slot
from dualspike.golden.numeric import Floats


class Perturbed(Protocol):
    """K directions; each has a tangent dz of what every hidden layer is fed with."""

    @property
    def lanes(self) -> int:
        """K."""
        ...

    def of_rows(self, rows: slice) -> "Perturbed":
        """The same directions for some of the samples."""
        ...

    def move(self, layer: int, values: Floats, dz: Floats) -> Floats:
        """Fill ``dz`` [K, T, B, n] but for what every step and sample shares, returned [K, n].

        ``values`` [T, B, n_in]: what the layer is sent.
        """
        ...


@dataclass(frozen=True, eq=False)
class PerturbedParameters:
    """dz = dW S + db, for directions v [K, ...] of weights and biases."""

    v: Parameters

    @property
    def lanes(self) -> int:
        """See Perturbed.lanes."""
        return len(self.v.biases[0])

    def of_rows(self, rows: slice) -> Perturbed:
        """See Perturbed.of_rows."""
        return self

    def move(self, layer: int, values: Floats, dz: Floats) -> Floats:
        """See Perturbed.move."""
        dw = self.v.weights[layer]
        out = dz.reshape(len(dz), dz.shape[1] * dz.shape[2], dz.shape[3])
        np.matmul(rows_of(values), dw.swapaxes(1, 2), out=out)
        return self.v.biases[layer]


@dataclass(frozen=True, eq=False)
class PerturbedNeurons:
    """dz = v at every step, for directions v of every hidden layer's neurons, [K, B, n] each."""

    v: list[Floats]

    @property
    def lanes(self) -> int:
        """See Perturbed.lanes."""
        return len(self.v[0])

    def of_rows(self, rows: slice) -> Perturbed:
        """See Perturbed.of_rows."""
        return PerturbedNeurons([v[:, rows] for v in self.v])

    def move(self, layer: int, values: Floats, dz: Floats) -> Floats:
        """See Perturbed.move."""
        v = self.v[layer]
        dz[:] = v[:, None]
        return np.zeros((len(v), v.shape[-1]), v.dtype)


@dataclass(frozen=True, eq=False)
class NeuronSlopes:
    """A hidden layer's neurons moved by v [K, B, n] in every step: what came of it.

    ``slot``: the layer. ``sent`` [B, n_in]: the mean over the steps of what it is sent.
    ``slopes`` [K, B]: sum over t of <dL/dZ[t], v>, sample by sample. ``biased``: how many of the
    samples, the first ones, are fed the biases as well; None for all.
    """

    slot: Slot
    sent: Floats
    slopes: Floats
    biased: int | None = None


def rows_of(values: Floats) -> Floats:
    """[..., n] as [rows, n]."""
    return values.reshape(math.prod(values.shape[:-1]), values.shape[-1])
