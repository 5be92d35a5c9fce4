# pyright: basic
"""The compiled loop of a model that learns in every step, one step after the other."""

from typing import Any

from numpy.typing import NDArray

from dualspike.golden.float.online.arrays import Setup, State
from dualspike.golden.float.online.kernels import (
    after,
    change,
    charge,
    compare,
    fire,
    layer_of,
    mirror,
    recall,
    signal,
    weigh,
)
from dualspike.golden.jit import njit

Array = NDArray[Any]


@njit()
def enter(c, s, layer, number, learn):
    """Pass ``number`` of layer layer: a change lands, traces follow, weighted inputs are made."""
    if learn and number >= c.lags[layer]:
        change(c, s, layer, number - c.lags[layer])
    at = number % s.trace_ring.shape[1]
    if (c.still and layer == 0) or layer == len(c.sizes) - 2:
        s.trace_ring[layer, at] = s.spikes[layer]
    else:
        for j in range(c.sizes[layer]):
            s.trace[layer, j] = c.kept * s.trace[layer, j] + s.spikes[layer, j]
        s.trace_ring[layer, at] = s.trace[layer]
    charge(c, s, layer)


@njit()
def follow(c, s, layer):
    """Tangents of layer layer: those that come in go through it, and its own begin."""
    w, _ = layer_of(c, s, layer)
    last = layer == len(c.sizes) - 2
    for m in range(layer):
        for q in range(c.lanes):
            weigh(w, s.lane[m, q], s.total)
            for i in range(len(w)):
                s.lane[m, q, i] = s.total[i] if last else s.total[i] * s.gates[layer, i]
    if not last:
        for q in range(c.lanes):
            for i in range(len(w)):
                begins = 1.0 if c.moved else s.gates[layer, i]
                s.own[layer, q, i] = begins * (1 - 2 * (s.signs[layer, q] & 1))
                s.lane[layer, q, i] = s.own[layer, q, i]
                s.signs[layer, q] = after(s.signs[layer, q])


@njit()
def feed_back(c, s, t, number):
    """Signals of all layers for step ``number`` of the batch, step t of its sample."""
    at, hidden = number % s.signal_ring.shape[1], len(c.sizes) - 2
    s.signal_ring[hidden, at] = s.error
    for layer in range(hidden):
        if c.moved:
            recall(c, s, layer)
        elif c.mirrored:
            mirror(c, s, layer)
        else:
            signal(c, s, layer)
        for i in range(c.sizes[layer + 1]):
            if c.still and layer == 0:
                s.held[i] += s.total[i] * c.kappa[t]
            else:
                s.signal_ring[layer, at, i] = s.total[i]


@njit()
def run(c: Setup, s: State, x: Array, target: Array, learn: bool, y: Array) -> float:
    """One batch: the sum of its squared errors; scores go to ``y`` [B, n_out] without learning.

    ``x`` [B, 1, n_in] holds inputs that stay the same, or [B, T, n_in] frames; ``target``
    [B, n_out].
    """
    layers, n_out, loss = len(c.sizes) - 1, c.sizes[-1], 0.0
    for n in range(len(x)):
        s.u[:] = 0
        s.trace[:] = 0
        s.held[:] = 0
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
            if learn:
                loss += compare(c, s, target[n])
                feed_back(c, s, t, number)
            else:
                y[n] += s.current[layers - 1, :n_out] * c.score
        if learn and c.still:
            s.signal_ring[0, n % s.signal_ring.shape[1]] = s.held
    if learn:
        for layer in range(layers):
            passes = len(x) if c.still and layer == 0 else len(x) * c.steps
            for number in range(max(0, passes - c.lags[layer]), passes):
                change(c, s, layer, number)
    return loss
