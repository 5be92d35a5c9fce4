"""Leaky integrate-and-fire neurons on dual numbers, in integers, for all steps of a layer.

With theta the threshold and a leak of 1 - 2^-k, from U = dU_k = 0, in every step:

    U  <- sat(U - round(U / 2^k) + z)        S  = U > theta
    dU <- sat(dU - round(dU / 2^k) + dz)     dS = sat(round(f(U - theta) dU))
    U  <- U - theta S                        dU <- sat(dU - round(theta dS))    (reset attached)

Integrate and fire (leak 1) leaves out the terms with k, a detached reset the last one.
Source: Wan, Zhang, Karniadakis, arXiv 2411.07057 (2024); `golden.float.hidden` has it in real
numbers.
"""

import numpy as np

from dualspike.golden.integer.rounding import round_half_up, saturate
from dualspike.golden.integer.surrogate_table import surrogate_table
from dualspike.golden.numeric import Ints
from dualspike.model.description.format import Format
from dualspike.model.description.part import Part
from dualspike.model.interface.register import Flag
from dualspike.model.sizes.layers import Layer


class IntegerNeurons:
    """The neurons after every hidden layer of a part."""

    def __init__(self, part: Part) -> None:
        self._d = part
        self._attached = part.network.reset == "attached"
        self._table = surrogate_table(part)

    def run(self, layer: Layer, z: Ints, dz: Ints) -> tuple[Ints, Ints, int]:
        """Spikes [T, B, n], their tangents [K, T, B, n], and the flags that were raised.

        ``z`` [T, B, n] and ``dz`` [K, T, B, n]; without the axis of T they stay the same.
        """
        f, theta = self._d.formats, self._d.thresholds[layer.index]
        distance, flags = self._membranes(theta, z)
        spikes = (distance > 0).astype(np.int64)
        s = self._d.network.surrogate
        index = distance >> s.bin_shift(f.membrane.fraction)
        index = np.clip(index + s.entries // 2 + 1, 0, s.entries + 1)
        surrogate = self._table[index]
        fed = dz if dz.ndim == 4 else dz[:, None]
        dspikes = np.empty((len(dz), *distance.shape), np.int64)
        for k in range(len(dz)):
            lane = np.broadcast_to(fed[k], distance.shape)
            if self._attached or self._d.leak_shift:
                dspikes[k], over = self._follow(theta, surrogate, lane)
            else:
                charge, clipped = _accumulate(lane, f.tangent)
                rounded = round_half_up(surrogate * charge, f.surrogate.fraction)
                dspikes[k], over = saturate(rounded, f.tangent)
                over |= clipped
            flags |= over << Flag.TANGENT
        return spikes, dspikes, flags

    def _membranes(self, theta: int, z: Ints) -> tuple[Ints, int]:
        """U - theta before the reset, of every step, and the flags."""
        form, leak = self._d.formats.membrane, self._d.leak_shift
        steps, flags = self._d.network.time_steps, 0
        distance = np.empty((steps, *z.shape[-2:]), np.int32)
        membrane = np.zeros(z.shape[-2:], np.int32)
        z = z.astype(np.int32)
        for t in range(steps):
            if leak:
                membrane -= round_half_up(membrane, leak)
            membrane += z[t] if z.ndim == 3 else z
            clipped, over = saturate(membrane, form)
            if over:
                flags |= bool((membrane > form.highest).any()) << Flag.MEMBRANE
                flags |= bool((membrane < form.lowest).any()) << Flag.FLOOR
            distance[t] = clipped - theta
            membrane = clipped - theta * (distance[t] > 0)
        return distance, flags

    def _follow(self, theta: int, surrogate: Ints, fed: Ints) -> tuple[Ints, bool]:
        """dS of one lane, step by step, and whether anything was clipped."""
        f, leak, flagged = self._d.formats, self._d.leak_shift, False
        charge = np.zeros(fed.shape[1:], np.int64)
        dspikes = np.empty(fed.shape, np.int64)
        for t, slope in enumerate(surrogate):
            if leak:
                charge = charge - round_half_up(charge, leak)
            charge, over = saturate(charge + fed[t], f.tangent)
            dspikes[t], over_spike = saturate(
                round_half_up(slope * charge, f.surrogate.fraction), f.tangent
            )
            flagged |= over or over_spike
            if self._attached:
                lost = round_half_up(theta * dspikes[t], f.membrane.fraction)
                charge, over = saturate(charge - lost, f.tangent)
                flagged |= over
        return dspikes, flagged


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
