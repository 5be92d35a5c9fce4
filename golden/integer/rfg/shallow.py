"""`golden.integer.part.IntegerNetwork` for one hidden layer: the same bits, much sooner.

The first layer is fed with the same current at every step. A neuron's spikes and spike tangents
are then functions of its z and dz, and the readout needs only their sums over T: no array has an
axis of time. Lanes that do not perturb a layer are left out where they are 0.
"""

import numpy as np

from dualspike.golden.integer.part import Forward
from dualspike.golden.integer.perturbation import Perturbation
from dualspike.golden.integer.rfg import kernels as integer_kernels
from dualspike.golden.integer.rounding import product
from dualspike.golden.integer.surrogate_table import surrogate_table
from dualspike.golden.numeric import Ints, Matrix
from dualspike.model.description.part import Part
from dualspike.model.interface.register import Flag
from dualspike.model.sizes.geometry import Geometry


class ShallowNetwork:
    """See `golden.integer.part.IntegerNetwork`; traces of layers are not kept."""

    @staticmethod
    def serves(part: Part) -> bool:
        """Whether it is for such a part: one hidden layer, constant inputs, nothing skipped."""
        plain = part.network.coding == "direct" and not part.skip
        return len(part.shapes) == 2 and plain

    def __init__(self, part: Part, geometry: Geometry) -> None:
        self.d, self.g = part, geometry
        f = part.formats
        self._table = surrogate_table(part)
        self._first, self._last = part.lanes_on(0), part.lanes_on(len(part.shapes) - 1)
        self._numbers = (
            part.network.time_steps,
            part.thresholds[0],
            f.membrane.lowest,
            f.membrane.highest,
            part.network.surrogate.bin_shift(f.membrane.fraction),
            f.surrogate.fraction,
            f.tangent.lowest,
            f.tangent.highest,
            part.leak_shift,
            f.membrane.fraction if part.network.reset == "attached" else -1,
        )

    def forward(
        self,
        weights: list[Matrix],
        biases: list[Matrix],
        x: Ints,
        perturbation: Perturbation | None,
    ) -> Forward:
        """See `golden.integer.part.IntegerNetwork.forward`."""
        result = Forward(x, x)
        z = self._charge(result, weights, biases, x)
        dz = self._moved(result, x, self._first, perturbation)
        count, summed = self._respond(result, z, dz)
        self._readout(result, weights[-1], biases[-1], perturbation, count, summed)
        return result

    def along(
        self, weights: list[Matrix], biases: list[Matrix], x: Ints, v: Matrix
    ) -> tuple[Forward, Matrix]:
        """Outputs with their tangents, and the spike counts of the neurons [B, n].

        Every lane adds signs ``v`` [lanes, B, n] of its own for each row to what the neurons get.
        """
        f, result = self.d.formats, Forward(x, x)
        z = self._charge(result, weights, biases, x)
        dz = np.moveaxis(v, 0, 2) << f.tangent.fraction
        count, summed = self._respond(result, z, dz)
        self._readout(result, weights[1], biases[1], None, count, summed)
        moved = product(summed, weights[1]) * self.g.reciprocal
        down = self.g.reciprocal_shift + f.weight.fraction
        result.dy = result.fit(moved, down, f.tangent, Flag.TANGENT)
        return result, count

    def _charge(
        self, result: Forward, weights: list[Matrix], biases: list[Matrix], x: Ints
    ) -> Matrix:
        """What the neurons get in every step."""
        f = self.d.formats
        fraction = f.input.fraction + f.weight.fraction
        total = product(x, weights[0]) + (biases[0] << f.input.fraction)
        return result.fit(total, fraction - f.membrane.fraction, f.membrane, Flag.MEMBRANE)

    def _moved(
        self, result: Forward, x: Ints, on: list[int], perturbation: Perturbation | None
    ) -> Matrix:
        """Its tangents [B, n, lanes] along the lanes that perturb the first layer."""
        f, n = self.d.formats, self.d.shapes[0][1]
        lanes = len(on) if perturbation else 0
        if not perturbation or not lanes:
            return np.zeros((len(x), n, 0), np.int64)
        v, c = perturbation.weights[0][on], perturbation.biases[0][on].T
        moved = product(x, v.transpose(1, 0, 2).reshape(n * lanes, -1)).reshape(-1, n, lanes)
        moved += c << f.input.fraction
        return result.fit(moved, f.input.fraction - f.tangent.fraction, f.tangent, Flag.TANGENT)

    def _respond(self, result: Forward, z: Matrix, dz: Matrix) -> tuple[Matrix, Matrix]:
        """Spike counts [B, n] and summed spike tangents [lanes, B, n]."""
        count = np.empty(z.size, np.int64)
        total = np.empty((z.size, dz.shape[2]))
        flat = dz.reshape(total.shape).astype(np.float64)
        raised = integer_kernels.respond(z.ravel(), flat, self._table, self._numbers, count, total)
        result.flags |= raised
        summed = np.ascontiguousarray(total.T).astype(np.int64)
        return count.reshape(z.shape), summed.reshape(-1, *z.shape)

    def _readout(
        self,
        result: Forward,
        w: Matrix,
        b: Matrix,
        perturbation: Perturbation | None,
        count: Matrix,
        summed: Matrix,
    ) -> None:
        """y = W count / T + b and, for every lane, dy = (W dS + V count) / T + C."""
        f, scale, shift = self.d.formats, self.g.reciprocal, self.g.reciprocal_shift
        total = product(count, w) * scale + (b << shift)
        down = shift + f.weight.fraction - f.membrane.fraction
        result.y = result.fit(total, down, f.membrane, Flag.MEMBRANE)
        if not perturbation:
            result.dy = np.zeros((0, *result.y.shape), np.int64)
            return
        align = f.weight.fraction + f.tangent.fraction
        v, c = perturbation.weights[-1], perturbation.biases[-1]
        moved = np.zeros((len(v), *result.y.shape), np.int64)
        if len(self._first):
            moved[self._first] = product(summed, w)
        if len(self._last):
            signs = v[self._last].reshape(-1, v.shape[2])
            direct = product(count, signs).reshape(len(count), -1, v.shape[1])
            moved[self._last] += direct.transpose(1, 0, 2) << align
        moved *= scale
        moved += c[:, None] << (shift + align)
        result.dy = result.fit(moved, shift + f.weight.fraction, f.tangent, Flag.TANGENT)
