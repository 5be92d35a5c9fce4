"""What the chip computes for a batch, in integers, layer by layer over all steps at once.

Source of the equations: Wan, Zhang, Karniadakis, arXiv 2411.07057; every signal is a dual number
(value, K tangents). Rounding is half up and happens once for each result; results saturate.
Arrays: values [T, B, n] inside, [B, n] once per sample; tangents with K in front.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.perturbation import Perturbation
from dualspike.golden.rounding import Ints, product, round_half_up, saturate
from dualspike.model.description import Description, Network
from dualspike.model.formats import Format
from dualspike.model.geometry import Geometry, Layer, aligned_sum
from dualspike.model.registers import Flag

Matrix = NDArray[np.int64]


@dataclass(frozen=True)
class LayerTrace:
    """Everything a layer put out: weighted sums z, dz, and for hidden layers spikes and dS."""

    z: Ints
    dz: Ints
    spikes: Ints
    dspikes: Ints


@dataclass
class Forward:
    """Outputs y [B, n_out], dy [K, B, n_out], traces by layer, overflow flags raised."""

    y: Ints
    dy: Ints
    flags: int = 0
    layers: list[LayerTrace] = field(default_factory=list[LayerTrace])


def surrogate_table(network: Network, form: Format) -> NDArray[np.int64]:
    """The surrogate at the bin centres, in ``form``, with a 0 put before and behind."""
    s = network.surrogate
    centres = (np.arange(s.entries) + 0.5) * (2 * s.span / s.entries) - s.span
    values = np.exp(-(centres**2) / (2 * s.sigma**2)) * s.peak
    table = np.floor(values * 2**form.fraction + 0.5).astype(np.int64)
    return np.pad(table, 1)


class IntegerNetwork:
    """The forward pass of one description with given stored weights and biases."""

    def __init__(self, description: Description, geometry: Geometry) -> None:
        self.d, self.g = description, geometry
        self.table = surrogate_table(description.network, description.formats.surrogate)

    def forward(
        self,
        weights: list[Matrix],
        biases: list[Matrix],
        x: Ints,
        perturbation: Perturbation | None,
    ) -> Forward:
        """Run stored inputs x [B, n_in]; without a perturbation there are no tangents (K = 0)."""
        result = Forward(x, x)
        lanes = self.d.lanes if perturbation else 0
        value, tangent = x, np.zeros((lanes, *x.shape), np.int64)
        for layer in self.g.layers:
            w, b = weights[layer.index], biases[layer.index]
            v = (
                perturbation.weights[layer.index]
                if perturbation
                else np.zeros((0, *w.shape), np.int64)
            )
            c = (
                perturbation.biases[layer.index]
                if perturbation
                else np.zeros((0, *b.shape), np.int64)
            )
            if layer.kind == "readout":
                value, tangent = value.sum(axis=0), tangent.sum(axis=1)
            z, dz = self._sums(result, layer, w, b, v, c, value, tangent)
            if layer.kind == "readout":
                result.y, result.dy = z, dz
                value = tangent = np.zeros(0, np.int64)
            else:
                value, tangent = self._neurons(result, layer, z, dz)
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
        """z = W a + b, dz = W da + V a + C; the readout divides the products by T."""
        f = self.d.formats
        readout = layer.kind == "readout"
        scale = self.g.reciprocal if readout else 1
        shift = self.g.reciprocal_shift if readout else 0
        total = product(value, w) * scale
        total += b << (shift + layer.value_fraction)
        fraction = f.weight.fraction + layer.value_fraction
        z, over = saturate(round_half_up(total, shift + fraction - f.membrane.fraction), f.membrane)
        result.flags |= over << Flag.MEMBRANE
        _, fraction, align = aligned_sum(self.d, layer)
        dz: list[Ints] = []
        for k in range(len(tangent)):
            total = product(value, v[k]) << align
            if layer.tangent_in_bits:
                total += product(tangent[k], w)
            total = total * scale + (c[k].astype(np.int64) << (shift + fraction))
            rounded = round_half_up(total, shift + fraction - f.tangent.fraction)
            one, over = saturate(rounded, f.tangent)
            result.flags |= over << Flag.TANGENT
            dz.append(one)
        return z, np.array(dz, np.int64).reshape(len(dz), *z.shape)

    def _neurons(self, result: Forward, layer: Layer, z: Ints, dz: Ints) -> tuple[Ints, Ints]:
        """U += z; S = U > theta; U -= S theta; dU += dz; dS = f(U before reset - theta) dU."""
        f, theta, steps = self.d.formats, self.d.threshold, self.d.network.time_steps
        shape = z.shape[-2:]
        over_threshold = np.empty((steps, *shape), np.int32)
        membrane = np.zeros(shape, np.int32)
        z = z.astype(np.int32)
        for t in range(steps):
            membrane += z if layer.kind == "direct" else z[t]
            clipped, over = saturate(membrane, f.membrane)
            result.flags |= over << Flag.MEMBRANE
            over_threshold[t] = clipped - theta
            membrane = clipped - theta * (over_threshold[t] > 0)
        spikes = (over_threshold > 0).astype(np.int64)
        s = self.d.network.surrogate
        bins = (2 * s.span).bit_length() + f.membrane.fraction - s.entries.bit_length()
        index = np.clip((over_threshold >> bins) + s.entries // 2 + 1, 0, s.entries + 1)
        surrogate = self.table[index]
        dspikes = np.empty((len(dz), steps, *shape), np.int64)
        for k in range(len(dz)):
            fed = np.broadcast_to(dz[k], (steps, *shape))
            charge, over = _accumulate(fed, f.tangent)
            rounded = round_half_up(surrogate * charge, f.surrogate.fraction)
            dspikes[k], over_spike = saturate(rounded, f.tangent)
            result.flags |= (over or over_spike) << Flag.TANGENT
        return spikes, dspikes


def _accumulate(fed: Ints, form: Format) -> tuple[Ints, bool]:
    """Running sum over axis 0 that saturates at every step."""
    total = np.cumsum(fed, axis=0, dtype=np.int64)
    if saturate(total, form)[1]:
        charge = np.zeros(fed.shape[1:], np.int64)
        for t in range(len(fed)):
            charge = np.clip(charge + fed[t], form.lowest, form.highest)
            total[t] = charge
        return total, True
    return total, False
