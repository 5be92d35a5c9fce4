"""Parameters of a model: one flat array, and where in it every layer is.

Layers follow one another: the parts in their order, in each part the layers from the input on, in
each layer the weights [n_out, n_in] row by row, then the biases [n_out]. Auxiliary readouts (for
local losses, one for each hidden layer) come after all parts, in the same order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.numeric import Floats
from dualspike.model.description.description import Description
from dualspike.model.description.operator import Operator
from dualspike.model.errors import BadInput


@dataclass(frozen=True, eq=False)
class Parameters:
    """Weights and biases of consecutive layers, readout last; also directions and gradients.

    Layer l has a weight matrix [n_out, n_in] and a bias [n_out]. K directions at once have the
    lane as an axis in front: [K, n_out, n_in] and [K, n_out]. All are of one floating type.
    """

    weights: tuple[NDArray[Any], ...]
    biases: tuple[NDArray[Any], ...]

    def copy(self) -> "Parameters":
        """The same values in arrays of their own."""
        return Parameters(
            tuple(w.copy() for w in self.weights), tuple(b.copy() for b in self.biases)
        )


@dataclass(frozen=True)
class Slot:
    """One layer's place: entries ``begin`` to ``end`` of the flat array.

    ``depth`` counts the layers of ``part`` from the input, its readout last; for an auxiliary
    readout it is the hidden layer that it reads.
    """

    part: int
    depth: int
    auxiliary: bool
    n_in: int
    n_out: int
    begin: int

    @cached_property
    def biases(self) -> int:
        """Where the biases begin."""
        return self.begin + self.n_out * self.n_in

    @cached_property
    def end(self) -> int:
        """Where the next layer begins."""
        return self.biases + self.n_out

    @cached_property
    def slice(self) -> slice:
        """All of the layer."""
        return slice(self.begin, self.end)

    def split(self, flat: Floats) -> tuple[Floats, Floats]:
        """Views of the weights [..., n_out, n_in] and biases [..., n_out] in ``flat`` [..., N]."""
        weights = flat[..., self.begin : self.biases]
        shape = (*flat.shape[:-1], self.n_out, self.n_in)
        return weights.reshape(shape), flat[..., self.biases : self.end]


class Layout:
    """Where in the flat array [size] the layers of an operator's parts are."""

    def __init__(self, operator: Operator, *, local: bool = False) -> None:
        layers: list[Slot] = []
        begin = 0

        def add(part: int, depth: int, auxiliary: bool, n_in: int, n_out: int) -> None:
            nonlocal begin
            layers.append(Slot(part, depth, auxiliary, n_in, n_out, begin))
            begin = layers[-1].end

        if local and len({len(network.layers) for network in operator.parts}) > 1:
            depths = ", ".join(str(len(network.layers) - 2) for network in operator.parts)
            raise BadInput(
                f"parts must have the same number of hidden layers for local losses, not {depths}"
            )
        for part, network in enumerate(operator.parts):
            for depth, (n_in, n_out) in enumerate(network.shapes):
                add(part, depth, False, n_in, n_out)
        for part, network in enumerate(operator.parts if local else ()):
            for depth, width in enumerate(network.layers[1:-1]):
                add(part, depth, True, width, network.layers[-1])
        self.layers = tuple(layers)
        self.size = begin
        self.n_parts = len(operator.parts)

    def of_part(self, part: int, *, auxiliary: bool = False) -> tuple[Slot, ...]:
        """The layers of a part: hidden ones and readout, or its auxiliary readouts."""
        return tuple(s for s in self.layers if s.part == part and s.auxiliary is auxiliary)

    def whole(self, flat: Floats) -> Parameters:
        """Views of all layers in their order, auxiliary readouts too, in ``flat`` [..., size]."""
        return views(self.layers, flat)

    def split(self, flat: Floats) -> tuple[Parameters, ...]:
        """Views of every part's layers in ``flat`` [..., size], without auxiliary readouts."""
        return tuple(views(self.of_part(part), flat) for part in range(self.n_parts))

    def flat(self, parts: Sequence[Parameters]) -> Floats:
        """The flat array [size] of every part's parameters; needs a layout without auxiliaries."""
        theta = np.empty(self.size)
        for places, values in zip(self.split(theta), parts, strict=True):
            for place, value in zip(places.weights, values.weights, strict=True):
                place[:] = value
            for place, value in zip(places.biases, values.biases, strict=True):
                place[:] = value
        return theta

    def start(self, seed: int) -> Floats:
        """Start values [size], in each layer uniform in [-a, a) with a = 1 / sqrt(n_in).

        Drawn from ``numpy.random.default_rng(seed)`` (PCG64) in the order of the array.
        """
        rng = np.random.default_rng(seed)
        theta = np.empty(self.size)
        for slot in self.layers:
            a = slot.n_in**-0.5
            theta[slot.slice] = rng.uniform(-a, a, slot.end - slot.begin)
        return theta


def views(slots: tuple[Slot, ...], flat: Floats) -> Parameters:
    """Views of these layers in ``flat`` [..., N]."""
    pairs = [slot.split(flat) for slot in slots]
    return Parameters(tuple(w for w, _ in pairs), tuple(b for _, b in pairs))


def start(description: Description, seed: int) -> Parameters:
    """Start values of the layers of all parts, local readouts last, see `Layout.start`."""
    layout = Layout(description.operator, local=description.local)
    return layout.whole(layout.start(seed))
