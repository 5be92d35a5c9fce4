# pyright: basic
"""The compiled loop of `golden.integer.online.chip`: samples one after the other, step by step.

Numba keeps compiled code and looks at this file alone, and at the types of what it is given, to see
whether it is stale: so all that is compiled is here. Arrays are int64; those of layers or neurons
are padded to the widest. Source of the equations: docs/online_chip.md.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.integer.online.arrays import Setup, State
from dualspike.golden.jit import njit

Array = NDArray[Any]

MEMBRANE, TANGENT, WEIGHT, STEP = 1, 2, 4, 8
WORD, DITHER, TRACE = 32, (1 << 24) - 1, 6


@njit()
def after(register):
    """A register of signs one step on; its next output bit is bit 0."""
    new = register ^ register >> 2 ^ register >> 6 ^ register >> 7
    return register >> 1 | (new & 1) << 31


@njit()
def half_up(value, shift):
    """floor(value / 2^shift + 1/2); a negative shift multiplies."""
    if shift <= 0:
        return value << -shift
    return ((value >> (shift - 1)) + 1) >> 1


@njit()
def clipped(value, form, flags, flag):
    """Saturated to the range form = [lowest, highest]; the flag is raised in flags[0]."""
    if value < form[0]:
        flags[0] |= flag
        return form[0]
    if value > form[1]:
        flags[0] |= flag
        return form[1]
    return value


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
    """Change ``number`` of layer layer lands: W -= floor((d a + u) / 2^s), u = r XOR c."""
    w, b = layer_of(c, s, layer)
    n_out, n_in = w.shape
    at = number % s.signal_ring.shape[1]
    signal, trace = s.signal_ring[layer, at], s.trace_ring[layer, at]
    one = 1 << TRACE
    if layer == len(c.sizes) - 2:
        one = 1
    elif c.still and layer == 0:
        one = 1 << c.input_fraction
    shift, low, high = c.shifts[layer], c.weight[0], c.weight[1]
    mask = (1 << shift) - 1
    columns = np.empty(n_in + 1, np.int64)
    row, column = s.registers[layer]
    for j in range(n_in + 1):
        columns[j] = column & DITHER
        column = after(column)
    for i in range(n_out):
        r = row & DITHER
        row = after(row)
        d = signal[i]
        if d == 0:
            continue
        over = False
        for j in range(n_in):
            new = w[i, j] - ((d * trace[j] + ((r ^ columns[j + 1]) & mask)) >> shift)
            kept = min(max(new, low), high)
            over |= kept != new
            w[i, j] = kept
        new = b[i] - ((d * one + ((r ^ columns[0]) & mask)) >> shift)
        b[i] = clipped(new, c.weight, s.flags, WEIGHT)
        if over:
            s.flags[0] |= WEIGHT
    for n in range(2):
        for _ in range(WORD):
            s.registers[layer, n] = after(s.registers[layer, n])


@njit()
def weigh(w, value, total):
    """total[i] = sum of W a, over the inputs that are not 0."""
    loud = np.nonzero(value[: w.shape[1]])[0]
    for i in range(len(w)):
        held = 0
        for j in loud:
            held += w[i, j] * value[j]
        total[i] = held


@njit()
def enter(c, s, layer, number, learn):
    """Pass ``number`` of layer layer: a change lands, traces follow, weighted inputs are made."""
    w, b = layer_of(c, s, layer)
    still = c.still and layer == 0
    if learn and number >= c.lags[layer]:
        change(c, s, layer, number - c.lags[layer])
    at = number % s.trace_ring.shape[1]
    if still or layer == len(c.sizes) - 2:
        s.trace_ring[layer, at] = s.spikes[layer]
    else:
        for j in range(c.sizes[layer]):
            lost = s.trace[layer, j] >> c.leak if c.leak else 0
            s.trace[layer, j] += (s.spikes[layer, j] << TRACE) - lost
        s.trace_ring[layer, at] = s.trace[layer]
    weigh(w, s.spikes[layer], s.total)
    more = c.input_fraction if still else 0
    drop = c.weight_fraction + more - c.membrane_fraction
    for i in range(len(w)):
        z = half_up(s.total[i] + (b[i] << more), drop)
        s.current[layer, i] = clipped(z, c.membrane, s.flags, MEMBRANE)


@njit()
def fire(c, s, layer):
    """Neurons after layer layer: spikes and gates of a step."""
    for i in range(c.sizes[layer + 1]):
        kept = s.u[layer, i]
        if c.leak:
            kept -= half_up(kept, c.leak)
        kept = clipped(kept + s.current[layer, i], c.membrane, s.flags, MEMBRANE)
        distance = kept - c.theta[layer]
        s.spikes[layer + 1, i] = distance > 0
        s.gates[layer, i] = -c.gate < distance < c.gate
        s.u[layer, i] = distance if distance > 0 else kept


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
                s.own[layer, q, i] = s.gates[layer, i] * (1 - 2 * (s.signs[layer, q] & 1))
                s.lane[layer, q, i] = s.own[layer, q, i]
                s.signs[layer, q] = after(s.signs[layer, q])


@njit()
def compare(c, s, target, taught):
    """Errors of a step, which are 0 where nothing is ``taught``; their squares."""
    last, loss = len(c.sizes) - 2, 0
    if not taught:
        s.error[:] = 0
        return loss
    for k in range(c.sizes[-1]):
        off = half_up(s.current[last, k] - target[k], c.membrane_fraction - c.error_fraction)
        if c.margin:
            off = min(off, 0) if target[k] > 0 else max(off, 0)
        s.error[k] = clipped(off, c.error, s.flags, STEP)
        loss += s.error[k] * s.error[k]
    return loss


@njit()
def slopes(c, s, layer):
    """total[i] = sum over the lanes of layer layer of v gate (sum over outputs of e dy)."""
    for i in range(c.sizes[layer + 1]):
        s.total[i] = 0
    drop = c.error_fraction + c.tangent_fraction - c.cotangent_fraction
    for q in range(c.lanes):
        slope = 0
        for k in range(c.sizes[-1]):
            slope += s.error[k] * s.lane[layer, q, k]
        slope = clipped(half_up(slope, drop), c.cotangent, s.flags, STEP)
        for i in range(c.sizes[layer + 1]):
            s.total[i] += s.own[layer, q, i] * slope
    power = 0
    while 1 << power < c.lanes:
        power += 1
    return power


@njit()
def feed_back(c, s, t, number):
    """Signals of all layers for step ``number`` of the batch, step t of its sample."""
    at, hidden = number % s.signal_ring.shape[1], len(c.sizes) - 2
    n_out = c.sizes[-1]
    s.signal_ring[hidden, at, :n_out] = s.error[:n_out]
    for layer in range(hidden):
        if c.lanes:
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
            for number in range(max(0, passes - c.lags[layer]), passes):
                change(c, s, layer, number)
    return loss
