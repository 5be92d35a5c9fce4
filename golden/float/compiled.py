"""The hidden layers of `golden.float.hidden` with compiled neurons and one matrix product a layer.

Some things make it faster and change no result. Neurons run in compiled blocks. A layer that is
fed with the same current at every step needs no tangents of its own over time: dS[t] = a[t] dz,
with the response a[t] found once for all lanes. Forward mode takes samples in groups whose traces
fit into the cache, and keeps nothing of a group. Memory for traces is used again.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from dualspike.golden.float import kernels
from dualspike.golden.float.hidden import Scope
from dualspike.golden.float.layout import Parameters
from dualspike.golden.float.neuron import NeuronConstants, drawn_neuron, plain_neuron
from dualspike.golden.float.perturbed import (
    Perturbed,
    PerturbedNeurons,
    PerturbedParameters,
    rows_of,
)
from dualspike.golden.float.surrogate import Slope, Staircase
from dualspike.golden.float.workspace import Workspace
from dualspike.golden.numeric import Floats
from dualspike.model.ceil_div import ceil_div
from dualspike.model.description.network import Network

# Values of the traces [T, rows, n] of a group of samples and all its lanes, about.
GROUP = 1 << 19


class CompiledHidden:
    """See `golden.float.hidden.Hidden`; takes one call at a time, from one thread."""

    def __init__(self, network: Network, dtype: np.dtype[np.floating[Any]]) -> None:
        self._steps = network.time_steps
        self._widths = network.layers[1:-1]
        self._dtype = dtype
        self._workspace = Workspace(dtype)
        self._plain = [plain_neuron(network, dtype, n) for n in range(len(self._widths))]
        self._drawn = self._plain
        self._staircase: Staircase | None = None

    def neurons(self, slope: Slope) -> list[NeuronConstants]:
        """What the kernels need to know of every layer, with the draws of ``slope`` if any."""
        if slope.staircase is None:
            return self._plain
        if slope.staircase is not self._staircase:
            self._staircase = slope.staircase
            self._drawn = [drawn_neuron(plain, slope.staircase) for plain in self._plain]
        return self._drawn

    def rates(self, params: Parameters, x: Floats) -> list[Floats]:
        """See Hidden.rates."""

        def run(rows: slice) -> list[Floats]:
            return self._forward(params, x[:, rows], None, "global", self._plain)[0]

        return self._grouped(x, 0, run)

    def tangents(
        self, params: Parameters, x: Floats, v: Parameters, scope: Scope, slope: Slope
    ) -> tuple[list[Floats], list[Floats]]:
        """See Hidden.tangents."""
        return self._along(params, x, PerturbedParameters(v), scope, slope)

    def neuron_tangents(
        self, params: Parameters, x: Floats, v: list[Floats], slope: Slope
    ) -> tuple[list[Floats], list[Floats]]:
        """See Hidden.neuron_tangents."""
        return self._along(params, x, PerturbedNeurons(v), "layer", slope)

    def _along(
        self, params: Parameters, x: Floats, v: Perturbed, scope: Scope, slope: Slope
    ) -> tuple[list[Floats], list[Floats]]:
        neurons, depth = self.neurons(slope), len(self._widths)
        lanes = v.lanes * (depth if scope == "layer" else 1)

        def run(rows: slice) -> list[Floats]:
            rates, drates = self._forward(params, x[:, rows], v.of_rows(rows), scope, neurons)
            return rates + drates

        found = self._grouped(x, lanes, run)
        return found[:depth], found[depth:]

    def _grouped(self, x: Floats, lanes: int, run: Callable[[slice], list[Floats]]) -> list[Floats]:
        """``run`` on groups of samples; its results are joined at their axis of samples."""
        traced = len(self._widths) > 1 or len(x) > 1
        width = max(*self._widths, x.shape[-1]) if traced else 0
        rows = max(GROUP // max(self._steps * width * (1 + lanes), 1), 1)
        groups = ceil_div(x.shape[1], rows)
        if groups <= 1:
            return run(slice(None))
        edges = [x.shape[1] * n // groups for n in range(groups + 1)]
        pieces = [run(slice(a, b)) for a, b in pairwise(edges)]
        return [np.concatenate(same, axis=-2) for same in zip(*pieces, strict=True)]

    def _forward(
        self,
        params: Parameters,
        x: Floats,
        v: Perturbed | None,
        scope: Scope,
        neurons: list[NeuronConstants],
    ) -> tuple[list[Floats], list[Floats]]:
        """Rates and, along directions ``v``, their tangents, of every layer."""
        rates: list[Floats] = []
        drates: list[Floats] = []
        own = 0 if v is None else v.lanes
        values, tangents = x, self._zeros(0, *x.shape)
        for layer, n in enumerate(self._widths):
            w, b = params.weights[layer], params.biases[layer]
            keep, neuron = layer < len(self._widths) - 1, neurons[layer]
            if _constant_input(layer, values):
                rate, total, values, response = self._constant(
                    values[0] @ w.T + b, neuron, v is not None, keep
                )
                lanes = np.empty((own, *x.shape[:2], n), self._dtype)
                db = self._zeros(0, n) if v is None else v.move(layer, x, lanes)
                dz = lanes[:, 0] + db[:, None]
                drate = dz * total
                tangents = self._room("tangents", layer, len(dz), *values.shape)
                if keep and len(dz):
                    np.multiply(response, dz[:, None], out=tangents)
            else:
                shape = (*values.shape[:2], n)
                carried = len(tangents) if scope == "layer" else 0
                lanes = self._room("tangents", layer, carried + own, *shape)
                db = self._zeros(0, n) if v is None else v.move(layer, values, lanes[carried:])
                if carried:
                    np.matmul(rows_of(tangents), w.T, out=rows_of(lanes[:carried]))
                elif len(tangents):
                    moved = self._room("moved", layer, *lanes.shape)
                    np.matmul(rows_of(tangents), w.T, out=rows_of(moved))
                    lanes += moved
                tangents = lanes
                offsets = np.concatenate([self._zeros(carried, n), db])
                z = self._room("z", layer, *shape)
                np.matmul(rows_of(values), w.T, out=rows_of(z))
                rate, drate = self._drive(z, b, neuron, v is not None, keep, None, lanes, offsets)
                values = z
            rates.append(rate)
            drates.append(drate)
        return rates, drates

    def _constant(
        self, z: Floats, neuron: NeuronConstants, derive: bool, keep: bool
    ) -> tuple[Floats, Floats, Floats, Floats]:
        """Rate and mean response [B, n], spikes and response [T, B, n], of a constant z [B, n]."""
        rate, total = np.zeros_like(z), np.zeros_like(z)
        spikes = self._room("z", 0, self._steps * keep, *z.shape)
        response = self._room("response", 0, self._steps * (keep and derive), *z.shape)
        flat = [_flat(array) for array in (spikes, response, rate, total)]
        kernels.drive_constant(_flat(z), self._steps, neuron, derive, *flat)
        rate /= self._steps
        total /= self._steps
        return rate, total, spikes, response

    def _drive(
        self,
        z: Floats,
        b: Floats,
        neuron: NeuronConstants,
        derive: bool,
        keep: bool,
        slopes: Floats | None,
        lanes: Floats,
        offsets: Floats,
    ) -> tuple[Floats, Floats]:
        """Rate [B, n] and its tangents [L, B, n]; see `kernels.drive`."""
        rate = self._zeros(*z.shape[1:])
        drate = self._zeros(len(lanes), *rate.shape)
        traced = self._zeros(0, 0) if slopes is None else _flat(slopes)
        fed, flat_rate, flat_drate = _flat(lanes), _flat(rate), _flat(drate)
        kernels.drive(
            _flat(z), b, neuron, derive, keep, traced, flat_rate, fed, offsets, flat_drate
        )
        rate /= self._steps
        drate /= self._steps
        return rate, drate

    def reverse(
        self, params: Parameters, x: Floats, slope: Slope
    ) -> tuple[list[Floats], Callable[[list[Floats]], Parameters]]:
        """See Hidden.reverse; the second result can be called once, before any other call."""
        neurons = self.neurons(slope)
        rates: list[Floats] = []
        inputs: list[Floats] = []
        slopes: list[Floats] = []
        values, total = x, self._zeros(0)
        for layer, n in enumerate(self._widths):
            w, b = params.weights[layer], params.biases[layer]
            keep, neuron = layer < len(self._widths) - 1, neurons[layer]
            inputs.append(values)
            if _constant_input(layer, values):
                rate, total, values, traced = self._constant(
                    values[0] @ w.T + b, neuron, True, keep
                )
            else:
                z, traced = (
                    self._room(name, layer, *values.shape[:2], n) for name in ("z", "slopes")
                )
                np.matmul(rows_of(values), w.T, out=rows_of(z))
                none = self._zeros(0, *z.shape)
                rate, _ = self._drive(z, b, neuron, True, keep, traced, none, self._zeros(0, n))
                values = z
            rates.append(rate)
            slopes.append(traced)

        def vjp(back: list[Floats]) -> Parameters:
            weights: list[Floats] = []
            biases: list[Floats] = []
            above = self._zeros(0, 0, 0)
            for layer in range(len(slopes) - 1, -1, -1):
                w, traced, fed = params.weights[layer], slopes[layer], inputs[layer]
                top = _flat(back[layer] / self._steps)
                if not _constant_input(layer, fed):
                    kernels.vjp(_flat(traced), top, _flat(above), neurons[layer])
                    q = rows_of(traced)
                elif len(traced):
                    q = np.empty_like(rates[layer])
                    kernels.vjp_constant(_flat(traced), top, _flat(above), _flat(q))
                else:
                    q = total * back[layer]
                weights.append(q.T @ rows_of(fed))
                biases.append(np.ones(len(q), self._dtype) @ q)  # much faster than a sum
                if layer:
                    above = self._room("above", layer, *fed.shape)
                    np.matmul(q, w, out=rows_of(above))
            return Parameters(tuple(reversed(weights)), tuple(reversed(biases)))

        return rates, vjp

    def _room(self, name: str, layer: int, *shape: int) -> Floats:
        return self._workspace.array(f"{name} {layer}", *shape)

    def _zeros(self, *shape: int) -> Floats:
        return np.zeros(shape, self._dtype)


def _constant_input(layer: int, values: Floats) -> bool:
    """Whether the layer takes the same current at every step; spikes of a single step are none."""
    return layer == 0 and len(values) == 1


def _flat(values: Floats) -> Floats:
    """[..., B, n] as [..., B n]."""
    return values.reshape(*values.shape[:-2], values.shape[-2] * values.shape[-1])
