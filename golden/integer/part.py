"""What the chip computes for a batch, in integers, layer by layer over all steps at once.

Source of the equations: Wan, Zhang, Karniadakis, arXiv 2411.07057; every signal is a dual number
(value, K tangents). Rounding is half up and happens once for each result; results saturate.
Arrays: values [T, B, n] inside, [B, n] once per sample; tangents with K in front.
"""

from dataclasses import dataclass, field

import numpy as np

from dualspike.golden.integer.neurons import IntegerNeurons
from dualspike.golden.integer.perturbation import Perturbation
from dualspike.golden.integer.rounding import product, round_half_up, saturate
from dualspike.golden.numeric import Ints, Matrix
from dualspike.model.description.format import Format
from dualspike.model.description.part import Part
from dualspike.model.interface.register import Flag
from dualspike.model.sizes.geometry import Geometry
from dualspike.model.sizes.layers import Layer, aligned_sum


@dataclass(frozen=True)
class LayerTrace:
    """Everything a layer put out: weighted sums z, dz, and for hidden layers spikes and dS."""

    z: Ints
    dz: Ints
    spikes: Ints
    dspikes: Ints


@dataclass
class Forward:
    """Outputs y [B, n_out], dy [K, B, n_out], traces by layer, overflow flags raised.

    Local readouts have traces while there are tangents: z and dz are what they put out.
    """

    y: Ints
    dy: Ints
    flags: int = 0
    layers: list[LayerTrace] = field(default_factory=list[LayerTrace])

    def fit(self, total: Ints, shift: int, form: Format, flag: Flag) -> Matrix:
        """``total`` / 2^shift, rounded and saturated; a flag is raised where it was clipped."""
        fitted, over = saturate(round_half_up(total, shift), form)
        self.flags |= over << flag
        return fitted.astype(np.int64, copy=False)


class IntegerNetwork:
    """The forward pass of one part with given stored weights and biases."""

    def __init__(self, part: Part, geometry: Geometry) -> None:
        self.d, self.g = part, geometry
        self._neurons = IntegerNeurons(part)

    def forward(
        self,
        weights: list[Matrix],
        biases: list[Matrix],
        x: Ints,
        perturbation: Perturbation | None,
    ) -> Forward:
        """Run stored inputs x [B, n_in], or [T, B, n_in] where they are coded as spikes.

        Without a perturbation there are no tangents (K = 0), and local readouts stand still.
        """
        result = Forward(x, x)
        lanes = len(self.d.masks) if perturbation else 0
        value, tangent = x, np.zeros((lanes, 0), np.int64)
        for layer in self.g.layers if perturbation else self.g.chain:
            w, b = weights[layer.index], biases[layer.index]
            v, c = w[None][:0], b[None][:0]
            if perturbation:
                v, c = perturbation.weights[layer.index], perturbation.biases[layer.index]
            if layer.reads_out:
                before = result.layers[layer.source]
                value, tangent = before.spikes.sum(axis=0), before.dspikes.sum(axis=1)
            z, dz = self._sums(result, layer, w, b, v, c, value, tangent)
            if layer.kind == "readout":
                result.y, result.dy = z, dz
            if layer.reads_out:
                value = tangent = np.zeros(0, np.int64)
            else:
                value, tangent, flags = self._neurons.run(layer, z, dz)
                result.flags |= flags
            result.layers.append(LayerTrace(z, dz, value, tangent))
        return result

    def _sums(
        self,
        result: Forward,
        layer: Layer,
        w: Matrix,
        b: Matrix,
        v: Matrix,
        c: Matrix,
        value: Ints,
        tangent: Ints,
    ) -> tuple[Ints, Ints]:
        """z = W a + b, dz = W da + V a + C; readouts divide the products by T."""
        f = self.d.formats
        scale = self.g.reciprocal if layer.reads_out else 1
        shift = self.g.reciprocal_shift if layer.reads_out else 0
        total = product(value, w) * scale
        total += b << (shift + layer.value_fraction)
        fraction = f.weight.fraction + layer.value_fraction
        z = result.fit(total, shift + fraction - f.membrane.fraction, f.membrane, Flag.MEMBRANE)
        _, fraction, align = aligned_sum(self.d, layer)
        dz: list[Ints] = []
        for k in range(len(tangent)):
            total = product(value, v[k]) << align
            if layer.tangent_in_bits:
                total += product(tangent[k], w)
            total = total * scale + (c[k].astype(np.int64) << (shift + fraction))
            drop = shift + fraction - f.tangent.fraction
            dz.append(result.fit(total, drop, f.tangent, Flag.TANGENT))
        return z, np.array(dz, np.int64).reshape(len(dz), *z.shape)
