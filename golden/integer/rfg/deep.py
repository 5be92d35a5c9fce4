"""`golden.integer.part.IntegerNetwork` for several hidden layers: the same bits, much sooner.

Compiled loops take layer after layer, and in each all samples of a neuron side by side, in float64,
in which every sum here is exact. A layer is passed by the lanes that perturb it or one before it.
"""

from itertools import chain

import numpy as np

from dualspike.golden.integer.part import Forward
from dualspike.golden.integer.perturbation import Perturbation
from dualspike.golden.integer.rfg import deep_kernels
from dualspike.golden.integer.rfg.shallow import ShallowNetwork
from dualspike.golden.integer.surrogate_table import surrogate_table
from dualspike.golden.numeric import Doubles, Ints, Matrix
from dualspike.model.description.part import Part
from dualspike.model.sizes.geometry import Geometry, geometry

EXACT_BITS = 52
"""Widest signed sum that is exact in float64 with half of its last bit added."""


class DeepNetwork(ShallowNetwork):
    """See `golden.integer.part.IntegerNetwork`; traces of layers are not kept."""

    @staticmethod
    def serves(part: Part) -> bool:
        """Whether it is for such a part: constant inputs, no local losses, nothing skipped."""
        plain = part.network.coding == "direct" and not part.skip and not part.learning.local
        sums = [
            max(layer.value_sum_bits, layer.tangent_sum_bits, layer.sign_sum_bits)
            for layer in geometry(part).layers
            if layer.kind == "spiking"
        ]
        return len(part.shapes) > 2 and plain and max(sums, default=0) <= EXACT_BITS

    def __init__(self, part: Part, geometry: Geometry) -> None:
        super().__init__(part, geometry)
        f = part.formats
        self._table = surrogate_table(part).astype(np.float64)
        hidden = range(len(part.shapes) - 1)
        self._own = [part.lanes_on(layer) for layer in hidden]
        # Lanes whose tangents leave a layer: those that perturb it, or one before it.
        self._lanes = [sorted(set(chain(*self._own[: n + 1]))) for n in hidden]
        self._first = self._lanes[-1]
        self._units = (
            2.0 ** (f.membrane.fraction - f.weight.fraction),
            2.0**-f.weight.fraction,
            2.0**f.tangent.fraction,
        )
        attached = part.network.reset == "attached"
        self._neurons = [
            deep_kernels.Neuron(
                threshold=float(theta),
                lost=2.0**-part.leak_shift if part.leak_shift else 0.0,
                pulled=theta * 2.0**-f.membrane.fraction if attached else 0.0,
                bins=2.0 ** -part.network.surrogate.bin_shift(f.membrane.fraction),
                unit=2.0**-f.surrogate.fraction,
                membrane=(float(f.membrane.lowest), float(f.membrane.highest)),
                tangent=(float(f.tangent.lowest), float(f.tangent.highest)),
            )
            for theta in part.thresholds
        ]

    def forward(
        self,
        weights: list[Matrix],
        biases: list[Matrix],
        x: Ints,
        perturbation: Perturbation | None,
    ) -> Forward:
        """See `golden.integer.part.IntegerNetwork.forward`."""
        result = Forward(x, x)
        z = np.ascontiguousarray(self._charge(result, weights, biases, x).T, np.float64)
        dz = self._moved(result, x, self._own[0], perturbation)
        fed = np.ascontiguousarray(dz.transpose(2, 1, 0), np.float64)
        traces = self._room(0, x, perturbation)
        raised = deep_kernels.constant(z, fed, self._table, self._neurons[0], *traces)
        for layer in range(1, len(self._own)):
            given, traces = traces, self._room(layer, x, perturbation)
            numbers = self._weights_of(layer, weights, biases, perturbation)
            lanes, neuron = self._ways(layer, perturbation), self._neurons[layer]
            raised |= deep_kernels.spiking(
                given, tuple(numbers), lanes, self._units, self._table, neuron, traces
            )
        result.flags |= raised
        count, summed = (trace.sum(axis=0).astype(np.int64).swapaxes(-1, -2) for trace in traces)
        self._readout(result, weights[-1], biases[-1], perturbation, count, summed)
        return result

    def _room(
        self, layer: int, x: Ints, perturbation: Perturbation | None
    ) -> tuple[Doubles, Doubles]:
        """Room for spikes [T, n, B] and their tangents [T, lanes, n, B] of a layer."""
        lanes = len(self._lanes[layer]) if perturbation else 0
        steps, n = self.d.network.time_steps, self.d.shapes[layer][1]
        return np.empty((steps, n, len(x))), np.empty((steps, lanes, n, len(x)))

    def _weights_of(
        self,
        layer: int,
        weights: list[Matrix],
        biases: list[Matrix],
        perturbation: Perturbation | None,
    ) -> list[Doubles]:
        """W [n, i], b [n], and the signs V [lanes, n, i], C [lanes, n] of a layer's own lanes."""
        w, b, on = weights[layer], biases[layer], self._own[layer]
        v, c = w[None][:0], b[None][:0]
        if perturbation:
            v, c = perturbation.weights[layer][on], perturbation.biases[layer][on]
        return [np.ascontiguousarray(one, np.float64) for one in (w, b, v, c)]

    def _ways(self, layer: int, perturbation: Perturbation | None) -> Matrix:
        """For each lane that leaves: where it is among those that come in, and among its own."""
        before, own = self._lanes[layer - 1], self._own[layer]
        ways = [
            (before.index(lane) if lane in before else -1, own.index(lane) if lane in own else -1)
            for lane in (self._lanes[layer] if perturbation else [])
        ]
        return np.array(ways, np.int64).reshape(-1, 2)
