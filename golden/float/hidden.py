"""The hidden layers of one spiking perceptron in NumPy: rates, their derivatives, both ways.

For layer l and step t = 1 ... T, with S_0 the (encoded) input:

    Z[t] = W S_in[t] + b            U[t] = leak (U[t-1] - S[t-1] threshold) + Z[t]
    S[t] = H(U[t] - threshold)      H(x) = 1 if x > 0 else 0

The rate of a layer is mean over t of S[t]. Derivatives take the surrogate f for H'. Forward, with
r = 1 (reset detached) or r = 1 - threshold f(U - threshold) (attached),
every hidden layer with its own threshold:

    dZ = W dS_in + dW S_in + db     dU[t] = leak r[t-1] dU[t-1] + dZ[t]     dS[t] = f dU[t]

and in reverse, with G[t] = dL/dS[t] by way of everything but the layer itself:

    q[t] = dL/dU[t] = f G[t] + leak r[t] q[t+1]     dL/dW = sum q S_in^T    G_in = W^T q

Source: Wan, Zhang, Karniadakis, arXiv 2411.07057 (2024). One layer runs for all steps before the
next begins. This is the readable form; `golden.float.compiled` computes the same faster.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np

from dualspike.golden.float.layout import Parameters
from dualspike.golden.float.surrogate import Slope
from dualspike.golden.numeric import Floats
from dualspike.model.description.network import Network

Scope = Literal["layer", "global"]


class Hidden(Protocol):
    """The hidden layers of a network, given parameters whose last layer (readout) is not used.

    Inputs are encoded, x [T, B, n_in] or [1, B, n_in] where constant. Rates: [B, n] for every
    hidden layer. Tangents of K directions [K, ...] come for every hidden layer as
    [lanes, B, n]: in scope global lane k moves along direction k in all layers, lanes = K; in
    scope layer lane j K + k moves along direction k in layer j alone, and of layer l there are
    only the lanes with j <= l, lanes = (l + 1) K.
    """

    def rates(self, params: Parameters, x: Floats) -> list[Floats]:
        """Rates of every hidden layer."""
        ...

    def tangents(
        self, params: Parameters, x: Floats, v: Parameters, scope: Scope, slope: Slope
    ) -> tuple[list[Floats], list[Floats]]:
        """Rates and their tangents along directions v."""
        ...

    def neuron_tangents(
        self, params: Parameters, x: Floats, v: list[Floats], slope: Slope
    ) -> tuple[list[Floats], list[Floats]]:
        """Rates and their tangents for dZ = v of every hidden layer [K, B, n], as in scope layer.

        Lane j K + k moves the neurons of layer j alone, by the same v at every step.
        """
        ...

    def reverse(
        self, params: Parameters, x: Floats, slope: Slope
    ) -> tuple[list[Floats], Callable[[list[Floats]], Parameters]]:
        """Rates, and what turns dL/drate of every hidden layer into the gradient of L."""
        ...


@dataclass(frozen=True, eq=False)
class Trace:
    """A hidden layer's input, U - threshold before the reset, and spikes 0 or 1, [T, B, n]."""

    inputs: Floats
    distance: Floats
    spikes: Floats


class ReferenceHidden:
    """See `Hidden`; whole traces are kept, memory is proportional to T."""

    def __init__(self, network: Network, dtype: np.dtype[np.floating[Any]]) -> None:
        self._network = network
        self._dtype = dtype

    def trace(self, params: Parameters, x: Floats) -> list[Trace]:
        """What every hidden layer did."""
        network = self._network
        values = np.broadcast_to(x, (network.time_steps, *x.shape[1:]))
        layers: list[Trace] = []
        hidden = zip(params.weights[:-1], params.biases[:-1], network.thresholds, strict=True)
        for w, b, threshold in hidden:
            distance = values @ w.T + b
            spikes = np.empty_like(distance)
            membrane = np.zeros_like(distance[0])
            for far, fired in zip(distance, spikes, strict=True):
                membrane = network.leak * membrane + far
                np.subtract(membrane, threshold, out=far)
                np.greater(far, 0, out=fired)
                membrane -= threshold * fired
            layers.append(Trace(values, distance, spikes))
            values = spikes
        return layers

    def rates(self, params: Parameters, x: Floats) -> list[Floats]:
        """See Hidden.rates."""
        return [layer.spikes.mean(axis=0) for layer in self.trace(params, x)]

    def _kept(self, layer: int, f: Floats) -> Floats:
        """leak r[t], the share of a tangent that stays."""
        if self._network.reset == "detached":
            return np.full_like(f, self._network.leak)
        return self._network.leak * (1 - self._network.thresholds[layer] * f)

    def tangents(
        self, params: Parameters, x: Floats, v: Parameters, scope: Scope, slope: Slope
    ) -> tuple[list[Floats], list[Floats]]:
        """See Hidden.tangents."""

        def own(index: int, layer: Trace) -> Floats:
            dw, db = v.weights[index], v.biases[index]
            return np.einsum("kij,tbj->ktbi", dw, layer.inputs) + db[:, None, None]

        return self._along(params, x, own, scope, slope)

    def neuron_tangents(
        self, params: Parameters, x: Floats, v: list[Floats], slope: Slope
    ) -> tuple[list[Floats], list[Floats]]:
        """See Hidden.neuron_tangents."""

        def own(index: int, layer: Trace) -> Floats:
            return np.repeat(v[index][:, None], len(layer.inputs), axis=1)

        return self._along(params, x, own, "layer", slope)

    def _along(
        self,
        params: Parameters,
        x: Floats,
        moved: Callable[[int, Trace], Floats],
        scope: Scope,
        slope: Slope,
    ) -> tuple[list[Floats], list[Floats]]:
        """Rates and tangents; ``moved`` gives dZ [K, T, B, n] by a layer's own direction."""
        layers = self.trace(params, x)
        result: list[Floats] = []
        dspikes: Floats | None = None
        for index, (layer, w) in enumerate(zip(layers, params.weights, strict=False)):
            own = moved(index, layer)
            if dspikes is None:
                dz = own
            elif scope == "layer":
                dz = np.concatenate([dspikes @ w.T, own])
            else:
                dz = dspikes @ w.T + own
            f = slope(layer.distance)
            kept = self._kept(index, f)
            for t in range(1, len(f)):
                dz[:, t] += kept[t - 1] * dz[:, t - 1]
            dspikes = f * dz
            result.append(dspikes.mean(axis=1))
        return [layer.spikes.mean(axis=0) for layer in layers], result

    def reverse(
        self, params: Parameters, x: Floats, slope: Slope
    ) -> tuple[list[Floats], Callable[[list[Floats]], Parameters]]:
        """See Hidden.reverse."""
        layers = self.trace(params, x)

        def vjp(back: list[Floats]) -> Parameters:
            weights: list[Floats] = []
            biases: list[Floats] = []
            above: Floats | float = 0.0
            for index in range(len(layers) - 1, -1, -1):
                layer = layers[index]
                f = slope(layer.distance)
                kept = self._kept(index, f)
                q = f * (above + back[index] / len(f))
                for t in range(len(f) - 2, -1, -1):
                    q[t] += kept[t] * q[t + 1]
                weights.append(np.einsum("tbi,tbj->ij", q, layer.inputs))
                biases.append(q.sum(axis=(0, 1)))
                above = q @ params.weights[index]
            return Parameters(tuple(reversed(weights)), tuple(reversed(biases)))

        return [layer.spikes.mean(axis=0) for layer in layers], vjp
