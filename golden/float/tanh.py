"""Hidden layers that do not spike: tanh(W x + b), the same size and start as those that do.

They stand where `golden.float.compiled` stands, so that readouts, products of parts, losses, rules
and training are the same; the activations take the place of the rates. Inputs over time count by
their mean.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from dualspike.golden.float.hidden import Scope
from dualspike.golden.float.layout import Parameters
from dualspike.golden.float.surrogate import Slope
from dualspike.golden.numeric import Floats
from dualspike.model.description.network import Network


class TanhHidden:
    """See `golden.float.hidden.Hidden`; a network's steps and surrogate do not count."""

    def __init__(self, network: Network, dtype: np.dtype[np.floating[Any]]) -> None:
        self._network = network
        self._dtype = dtype

    def rates(self, params: Parameters, x: Floats) -> list[Floats]:
        """Activations [B, n] of every hidden layer."""
        values, layers = x.mean(axis=0), list[Floats]()
        for w, b in zip(params.weights[:-1], params.biases[:-1], strict=True):
            values = np.tanh(values @ w.T + b)
            layers.append(values)
        return layers

    def tangents(
        self, params: Parameters, x: Floats, v: Parameters, scope: Scope, slope: Slope
    ) -> tuple[list[Floats], list[Floats]]:
        """See Hidden.tangents."""

        def own(index: int, values: Floats) -> Floats:
            return values @ v.weights[index].swapaxes(1, 2) + v.biases[index][:, None]

        return self._along(params, x, own, scope)

    def neuron_tangents(
        self, params: Parameters, x: Floats, v: list[Floats], slope: Slope
    ) -> tuple[list[Floats], list[Floats]]:
        """See Hidden.neuron_tangents."""
        return self._along(params, x, lambda index, _: v[index], "layer")

    def _along(
        self, params: Parameters, x: Floats, own: Callable[[int, Floats], Floats], scope: Scope
    ) -> tuple[list[Floats], list[Floats]]:
        """Activations and tangents; ``own`` gives dz [K, B, n] by a layer's own direction."""
        layers = self.rates(params, x)
        below, moved = x.mean(axis=0), list[Floats]()
        for index, (values, w) in enumerate(zip(layers, params.weights, strict=False)):
            dz = own(index, below)
            if moved:
                carried = moved[-1] @ w.T
                dz = np.concatenate([carried, dz]) if scope == "layer" else carried + dz
            moved.append((1 - values**2) * dz)
            below = values
        return layers, moved

    def reverse(
        self, params: Parameters, x: Floats, slope: Slope
    ) -> tuple[list[Floats], Callable[[list[Floats]], Parameters]]:
        """See Hidden.reverse."""
        layers = self.rates(params, x)
        below = [x.mean(axis=0), *layers]

        def vjp(back: list[Floats]) -> Parameters:
            weights: list[Floats] = []
            biases: list[Floats] = []
            above: Floats | float = 0.0
            for index in range(len(layers) - 1, -1, -1):
                q = (1 - layers[index] ** 2) * (above + back[index])
                weights.append(q.T @ below[index])
                biases.append(q.sum(axis=0))
                above = q @ params.weights[index]
            return Parameters(tuple(reversed(weights)), tuple(reversed(biases)))

        return layers, vjp
