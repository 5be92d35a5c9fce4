# pyright: basic
"""The compiled loop of `golden.float.online.model`: samples one after the other, step by step.

Numba keeps compiled code and looks at this file alone, and at the types of what it is given, to see
whether it is stale: so all that is compiled is here. Arrays are float64 but for sizes, lags and
registers; those of layers or neurons are padded to the widest. Source: docs/online_chip.md.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.float.online.arrays import Setup, State
from dualspike.golden.jit import njit

Array = NDArray[Any]


@njit()
def after(register):
    """A register of signs one step on; its next output bit is bit 0."""
    new = register ^ register >> 2 ^ register >> 6 ^ register >> 7
    return register >> 1 | (new & 1) << 31


@njit()
def layer_of(c, s, layer):
    """Views of a layer's weights [n_out, n_in] and biases [n_out]."""
    place, first = 0, 0
    for m in range(layer):
        place += c.sizes[m] * c.sizes[m + 1]
        first += c.sizes[m + 1]
    n_in, n_out = c.sizes[layer], c.sizes[layer + 1]
    w = s.weights[place : place + n_in * n_out].reshape(n_out, n_in)
    return w, s.biases[first : first + n_out]


@njit()
def change(c, s, layer, number):
    """Change ``number`` of layer layer lands: W -= rate d a, b -= rate d."""
    w, b = layer_of(c, s, layer)
    n_out, n_in = w.shape
    at = number % s.signal_ring.shape[1]
    signal, trace = s.signal_ring[layer, at], s.trace_ring[layer, at]
    for i in range(n_out):
        moved = c.rates[layer] * signal[i]
        if moved == 0:
            continue
        for j in range(n_in):
            w[i, j] -= moved * trace[j]
        b[i] -= moved


@njit()
def weigh(w, value, total):
    """total[i] = sum of W a, over the inputs that are not 0."""
    loud = np.nonzero(value[: w.shape[1]])[0]
    for i in range(len(w)):
        held = 0.0
        for j in loud:
            held += w[i, j] * value[j]
        total[i] = held


@njit()
def enter(c, s, layer, number, learn):
    """Pass ``number`` of layer layer: a change lands, traces follow, weighted inputs are made."""
    w, b = layer_of(c, s, layer)
    if learn and number >= c.lags[layer]:
        change(c, s, layer, number - c.lags[layer])
    at = number % s.trace_ring.shape[1]
    if (c.still and layer == 0) or layer == len(c.sizes) - 2:
        s.trace_ring[layer, at] = s.spikes[layer]
    else:
        for j in range(c.sizes[layer]):
            s.trace[layer, j] = c.kept * s.trace[layer, j] + s.spikes[layer, j]
        s.trace_ring[layer, at] = s.trace[layer]
    weigh(w, s.spikes[layer], s.total)
    for i in range(len(w)):
        s.current[layer, i] = s.total[i] + b[i]


@njit()
def fire(c, s, layer):
    """Neurons after layer layer: spikes and gates of a step."""
    for i in range(c.sizes[layer + 1]):
        reached = c.kept * s.u[layer, i] + s.current[layer, i]
        distance = reached - c.theta[layer]
        s.spikes[layer + 1, i] = 1.0 if distance > 0 else 0.0
        s.gates[layer, i] = 1.0 if -c.gate < distance < c.gate else 0.0
        s.u[layer, i] = distance if distance > 0 else reached


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
                s.own[layer, q, i] = s.gates[layer, i] * (1 - 2 * (s.signs[layer, q] & 1))
                s.lane[layer, q, i] = s.own[layer, q, i]
                s.signs[layer, q] = after(s.signs[layer, q])


@njit()
def compare(c, s, target):
    """Errors of a step; the sum of their squares."""
    last, loss = len(c.sizes) - 2, 0.0
    for k in range(c.sizes[-1]):
        off = s.current[last, k] - target[k]
        if c.margin:
            off = min(off, 0.0) if target[k] > 0 else max(off, 0.0)
        s.error[k] = off
        loss += off * off
    return loss


@njit()
def signal(c, s, layer):
    """total[i]: what comes back to the neurons of layer layer, by lanes or by fixed signs."""
    for i in range(c.sizes[layer + 1]):
        s.total[i] = 0.0
        if c.lanes == 0 and s.gates[layer, i]:
            for k in range(c.sizes[-1]):
                s.total[i] += c.fixed[layer, i, k] * s.error[k]
    for q in range(c.lanes):
        slope = 0.0
        for k in range(c.sizes[-1]):
            slope += s.error[k] * s.lane[layer, q, k]
        for i in range(c.sizes[layer + 1]):
            s.total[i] += s.own[layer, q, i] * slope * c.share


@njit()
def feed_back(c, s, t, number):
    """Signals of all layers for step ``number`` of the batch, step t of its sample."""
    at, hidden = number % s.signal_ring.shape[1], len(c.sizes) - 2
    s.signal_ring[hidden, at] = s.error
    for layer in range(hidden):
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
