# pyright: basic
"""Compiled pieces of `golden.float.online.model` that do not ask when it learns.

Arrays are float64 but for sizes, lags and registers; those of layers or neurons are padded to the
widest. Source: docs/online_chip.md.
"""

import numpy as np

from dualspike.golden.jit import njit

KINDS = ("gaussian", "fast_sigmoid", "triangle", "rectangle", "stein")
"""Surrogates, as `golden.float.surrogate` has them."""


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
    """Change ``number`` of layer layer lands: W -= rate d a, b -= rate d one."""
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
        b[i] -= moved * c.ones[layer]


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
def charge(c, s, layer):
    """Weighted inputs of layer layer, of a step or a still sample."""
    w, b = layer_of(c, s, layer)
    weigh(w, s.spikes[layer], s.total)
    for i in range(len(w)):
        s.current[layer, i] = s.total[i] + b[i]


@njit()
def surrogate(c, distance):
    """f of a membrane's distance from its threshold."""
    away = abs(distance)
    if c.kind == 0:
        return np.exp(-0.5 * (away / c.gate) ** 2) / (np.sqrt(2 * np.pi) * c.gate)
    if c.kind == 1:
        return 1 / (2 * c.gate) / (1 + away / c.gate) ** 2
    if c.kind == 2:
        return max(0.0, 1 - away / c.gate) / c.gate
    if c.kind == 3:
        return 1 / (2 * c.gate) if away < c.gate else 0.0
    return c.heights[np.searchsorted(c.stairs, away, side="right")]


@njit()
def fire(c, s, layer):
    """Neurons after layer layer: spikes and gates of a step."""
    for i in range(c.sizes[layer + 1]):
        reached = c.kept * s.u[layer, i] + s.current[layer, i]
        distance = reached - c.theta[layer]
        s.spikes[layer + 1, i] = 1.0 if distance > 0 else 0.0
        if c.by_sample:
            s.gates[layer, i] = surrogate(c, distance)
        else:
            s.gates[layer, i] = 1.0 if -c.gate < distance < c.gate else 0.0
        s.u[layer, i] = distance if distance > 0 else reached


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
def recall(c, s, layer):
    """total[i] = gate sum over outputs of M e, once M has gone a step to v dy, meant over lanes."""
    for i in range(c.sizes[layer + 1]):
        s.total[i] = 0.0
        for k in range(c.sizes[-1]):
            found = 0.0
            for q in range(c.lanes):
                found += s.own[layer, q, i] * s.lane[layer, q, k] * c.share
            s.feedback[layer, i, k] += c.moved * (found - s.feedback[layer, i, k])
            s.total[i] += s.feedback[layer, i, k] * s.error[k] * s.gates[layer, i]


@njit()
def mirror(c, s, layer):
    """total[i] = gate sum over outputs of M e; then M takes the readout's change, rate S e."""
    for i in range(c.sizes[layer + 1]):
        s.total[i] = 0.0
        for k in range(c.sizes[-1]):
            s.total[i] += s.feedback[layer, i, k] * s.error[k] * s.gates[layer, i]
            s.feedback[layer, i, k] -= c.rates[-1] * s.spikes[layer + 1, i] * s.error[k]


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
