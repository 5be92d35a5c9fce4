# pyright: basic
"""Compiled pieces of `golden.integer.online.chip` that do not ask when it learns.

Arrays are int64; those of layers or neurons are padded to the widest. What is called for every
neuron is compiled into its loop. Source of the equations: docs/online_chip.md.
"""

import numpy as np

from dualspike.golden.jit import njit

MEMBRANE, TANGENT, WEIGHT, STEP, FLOOR = 1, 2, 4, 8, 1 << 31
WORD, DITHER, TRACE = 32, (1 << 24) - 1, 6


@njit(inline="always")
def after(register):
    """A register of signs one step on; its next output bit is bit 0."""
    new = register ^ register >> 2 ^ register >> 6 ^ register >> 7
    return register >> 1 | (new & 1) << 31


@njit(inline="always")
def half_up(value, shift):
    """floor(value / 2^shift + 1/2); a negative shift multiplies."""
    if shift <= 0:
        return value << -shift
    return ((value >> (shift - 1)) + 1) >> 1


@njit(inline="always")
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
    one = c.ones[layer]
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
def skip(c, s, layer, number, learn, fed):
    """Clocks that layer layer does not take in a pass with change ``number``, below 0 with none.

    A group of neurons takes the chunks of which an input or, while the chip learns, a tangent is
    not 0, and those with a trace where it has a signal, but one at least. Without inputs (not
    ``fed``) the pass is one after a batch.
    """
    pe, simd = c.skips[layer]
    n_in, n_out, at = c.sizes[layer], c.sizes[layer + 1], number % s.signal_ring.shape[1]
    heard, moved = 0, 0
    for first in range(0, n_in, simd):
        chunk = slice(first, min(first + simd, n_in))
        loud = fed and s.spikes[layer, chunk].any()
        if fed and learn and not loud:
            loud = s.lane[:layer, :, chunk].any()
        heard += loud
        moved += loud or (number >= 0 and s.trace_ring[layer, at, chunk].any())
    chunks = (n_in + simd - 1) // simd
    for first in range(0, n_out, pe):
        moves = number >= 0 and s.signal_ring[layer, at, first : min(first + pe, n_out)].any()
        s.skipped[layer] += chunks - max(1, moved if moves else heard)


@njit()
def weigh(w, value, total):
    """total[i] = sum of W a."""
    for i in range(len(w)):
        row, held = w[i], 0
        for j in range(len(row)):
            held += row[j] * value[j]
        total[i] = held


@njit()
def charge(c, s, layer):
    """Weighted inputs of layer layer, of a step or a still sample."""
    w, b = layer_of(c, s, layer)
    weigh(w, s.spikes[layer], s.total)
    more = c.input_fraction if c.still and layer == 0 else 0
    drop = c.weight_fraction + more - c.membrane_fraction
    low, high, over = c.membrane[0], c.membrane[1], False
    current, total = s.current[layer], s.total
    for i in range(len(w)):
        z = half_up(total[i] + (b[i] << more), drop)
        current[i] = min(max(z, low), high)
        over |= current[i] != z
    if over:
        s.flags[0] |= MEMBRANE


@njit()
def fire(c, s, layer):
    """Neurons after layer layer: spikes and gates of a step."""
    # Clipped in place: Numba counts references to every array that is given to a function.
    low, high, over, rests = c.membrane[0], c.membrane[1], False, False
    u, current, theta = s.u[layer], s.current[layer], c.theta[layer]
    spikes, gates, table = s.spikes[layer + 1], s.gates[layer], c.table
    for i in range(c.sizes[layer + 1]):
        charged = u[i] - (half_up(u[i], c.leak) if c.leak else 0) + current[i]
        kept = min(max(charged, low), high)
        over |= kept < charged
        rests |= kept > charged
        distance = kept - theta
        spikes[i] = distance > 0
        if c.by_sample:
            place = (distance >> c.bin) + len(table) // 2
            gates[i] = table[min(max(place, 0), len(table) - 1)]
        else:
            gates[i] = -c.gate < distance < c.gate
        u[i] = distance if distance > 0 else kept
    if over:
        s.flags[0] |= MEMBRANE
    if rests:
        s.flags[0] |= FLOOR


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
def recall(c, s, layer):
    """total[i] = gate sum over outputs of M e, once M of layer layer has taken in the lanes' step.

    A -= floor(A / 2^m), then A += v dy, the mean over lanes; M = floor(A / 2^m).
    """
    power, m = 0, c.momentum
    while 1 << power < c.lanes:
        power += 1
    for i in range(c.sizes[layer + 1]):
        held = 0
        for k in range(c.sizes[-1]):
            found = 0
            for q in range(c.lanes):
                found += s.own[layer, q, i] * s.lane[layer, q, k]
            found = clipped(half_up(found, power), c.tangent, s.flags, STEP)
            kept = s.feedback[layer, i, k]
            kept += found - (kept >> m)
            s.feedback[layer, i, k] = kept
            held += (kept >> m) * s.error[k]
        s.total[i] = held if s.gates[layer, i] else 0
    return c.error_fraction + c.tangent_fraction - c.cotangent_fraction


@njit()
def mirror(c, s, layer):
    """total[i] = gate sum over outputs of M e; then M of layer layer takes the readout's change.

    M = floor(A / 2^finer), and A -= round(S e 2^finer / 2^s), s the readout's shift.
    """
    shift = c.shifts[-1] - c.finer
    for i in range(c.sizes[layer + 1]):
        held = 0
        for k in range(c.sizes[-1]):
            kept = s.feedback[layer, i, k]
            held += (kept >> c.finer) * s.error[k]
            if s.spikes[layer + 1, i]:
                kept -= half_up(s.error[k], shift)
                s.feedback[layer, i, k] = clipped(kept, c.matrix, s.flags, WEIGHT)
        s.total[i] = held if s.gates[layer, i] else 0
    return c.error_fraction + c.weight_fraction - c.cotangent_fraction


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
