# pyright: basic
"""The compiled loop of a chip that learns in every step, one step of a sample after the other."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.integer.online.arrays import Setup, State
from dualspike.golden.integer.online.kernels import (
    MEMBRANE,
    STEP,
    TANGENT,
    TRACE,
    after,
    change,
    charge,
    clipped,
    compare,
    fire,
    half_up,
    layer_of,
    mirror,
    recall,
    skip,
    slopes,
    weigh,
)
from dualspike.golden.jit import njit

Array = NDArray[Any]


@njit()
def enter(c, s, layer, number, learn):
    """Pass ``number`` of layer layer: a change lands, traces follow, weighted inputs are made."""
    still, late = c.still and layer == 0, number - c.lags[layer]
    if c.skips[layer, 0]:
        skip(c, s, layer, late if learn else -1, learn, True)
    if learn and late >= 0:
        change(c, s, layer, late)
    at = number % s.trace_ring.shape[1]
    if still or layer == len(c.sizes) - 2:
        s.trace_ring[layer, at] = s.spikes[layer]
    else:
        for j in range(c.sizes[layer]):
            lost = s.trace[layer, j] >> c.leak if c.leak else 0
            s.trace[layer, j] += (s.spikes[layer, j] << TRACE) - lost
        s.trace_ring[layer, at] = s.trace[layer]
    charge(c, s, layer)


@njit()
def follow(c, s, layer):
    """Tangents of layer layer: those that come in go through it, and its own begin."""
    w, _ = layer_of(c, s, layer)
    last = layer == len(c.sizes) - 2
    for m in range(layer):
        drop = c.weight_fraction - (c.tangent_fraction if m == layer - 1 else 0)
        for q in range(c.lanes):
            weigh(w, s.lane[m, q], s.total)
            for i in range(len(w)):
                dz = clipped(half_up(s.total[i], drop), c.tangent, s.flags, TANGENT)
                s.lane[m, q, i] = dz if last else dz * s.gates[layer, i]
    if not last:
        for q in range(c.lanes):
            for i in range(len(w)):
                begins = 1 if c.momentum else s.gates[layer, i]
                s.own[layer, q, i] = begins * (1 - 2 * (s.signs[layer, q] & 1))
                s.lane[layer, q, i] = s.own[layer, q, i]
                s.signs[layer, q] = after(s.signs[layer, q])


@njit()
def feed_back(c, s, t, number):
    """Signals of all layers for step ``number`` of the batch, step t of its sample."""
    at, hidden = number % s.signal_ring.shape[1], len(c.sizes) - 2
    n_out = c.sizes[-1]
    s.signal_ring[hidden, at, :n_out] = s.error[:n_out]
    for layer in range(hidden):
        if c.momentum:
            drop = recall(c, s, layer)
        elif c.mirrored:
            drop = mirror(c, s, layer)
        elif c.lanes:
            drop = slopes(c, s, layer)
        else:
            drop = c.error_fraction - c.cotangent_fraction
            for i in range(c.sizes[layer + 1]):
                s.total[i] = 0
                if s.gates[layer, i]:
                    for k in range(n_out):
                        s.total[i] += c.fixed[layer, i, k] * s.error[k]
        for i in range(c.sizes[layer + 1]):
            d = clipped(half_up(s.total[i], drop), c.cotangent, s.flags, STEP)
            if c.still and layer == 0:
                s.held[i] += d * c.kappa[t]
            else:
                s.signal_ring[layer, at, i] = d


@njit()
def run(c: Setup, s: State, x: Array, target: Array, taught: Array, learn: bool, y: Array) -> int:
    """One batch: its loss; scores go to ``y`` [B, n_out].

    ``x`` [B, 1, n_in] holds inputs that stay the same, or [B, T, n_in] frames; ``target``
    [B, n_out] in the membrane's units, of the samples that are ``taught`` [B].
    """
    layers, n_out, loss = len(c.sizes) - 1, c.sizes[-1], 0
    sums = np.zeros(n_out, np.int64)
    for n in range(len(x)):
        s.u[:] = 0
        s.trace[:] = 0
        s.held[:] = 0
        sums[:] = 0
        for t in range(c.steps):
            number = n * c.steps + t
            for layer in range(layers):
                if layer == 0 and not (c.still and t):
                    s.spikes[0, : c.sizes[0]] = x[n, t]
                if not (c.still and layer == 0):
                    enter(c, s, layer, number, learn)
                elif t == 0:
                    enter(c, s, layer, n, learn)
                if layer < layers - 1:
                    fire(c, s, layer)
                if learn:
                    follow(c, s, layer)
                if len(s.seen):
                    s.seen[0, layer, n, t] = s.current[layer]
                    s.seen[1, layer, n, t] = s.spikes[min(layer + 1, layers - 1)]
            if learn:
                loss += compare(c, s, target[n], taught[n])
                feed_back(c, s, t, number)
            sums += s.current[layers - 1, :n_out]
        if learn and c.still:
            for i in range(c.sizes[1]):
                d = clipped(half_up(s.held[i], TRACE), c.wide, s.flags, STEP)
                s.signal_ring[0, n % s.signal_ring.shape[1], i] = d
        for k in range(n_out):
            y[n, k] = clipped(half_up(sums[k], c.score), c.membrane, s.flags, MEMBRANE)
    if learn:
        for layer in range(layers):
            passes = len(x) if c.still and layer == 0 else len(x) * c.steps
            for number in range(passes - c.lags[layer], passes):
                if c.skips[layer, 0]:
                    skip(c, s, layer, number, learn, False)
                if number >= 0:
                    change(c, s, layer, number)
    return loss
