# pyright: basic
"""Compiled loops over neurons: they fire, and tangents and adjoints follow them through time.

Every array is flat over samples and neurons, neurons innermost: [T, M] with M = B n, lanes in
front. Nothing here depends on which neuron is which but the bias. All arrays of a call share one
type, float32 or float64, and nothing is computed in another. A ``neuron`` is a
`golden.float.neuron.NeuronConstants`.

Numba keeps compiled code and looks at this file alone to see whether it is stale: so all that is
compiled is here.
"""

import math
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic, overload
from numpy.typing import NDArray

from dualspike.golden.jit import njit

Array = NDArray[Any]

KINDS = ("gaussian", "fast_sigmoid", "triangle", "rectangle", "stein")
GAUSSIAN, FAST_SIGMOID, TRIANGLE, RECTANGLE, _ = range(len(KINDS))
# Neurons of a block: what passes from step to step stays in the first-level cache.
BLOCK = 1024
CONTRACT = {"contract"}  # a * b + c may be rounded once

compiled = njit(fastmath=CONTRACT, error_model="numpy")


@intrinsic
def _times_power(typing_context, p, t):
    """P 2^n, n being the integer in the last bits of ``t``: an addition to the exponent."""
    bits, mantissa = (64, 52) if p == types.float64 else (32, 23)

    def build(context, builder, signature, arguments):
        whole = ir.IntType(bits)
        value, power = (builder.bitcast(argument, whole) for argument in arguments)
        moved = builder.add(value, builder.shl(power, ir.Constant(whole, mantissa)))
        return builder.bitcast(moved, arguments[0].type)

    return p(p, t), build


def _exp(y):
    """exp(y) for y <= 0 without a branch; below -708 (float32: -87) as there, almost 0.

    exp(y) = 2^n exp(r), n = round(y / ln 2), |r| <= ln(2) / 2, with the Taylor series of exp(r) to
    its 13th (float32: 7th) power: within 1 unit in the last place. ln 2 is a number of few bits,
    whose products with n are exact, plus a rest; adding ``whole`` leaves n in the last bits.
    """
    return math.exp(max(y, -708.0))


@overload(_exp, jit_options={"fastmath": CONTRACT})
def _exp_of(y):
    double = y == types.float64
    number = np.float64 if double else np.float32
    high = float.fromhex("0x1.62e42feep-1" if double else "0x1.62p-1")
    rest = float.fromhex("0x1.a39ef35793c76p-33") if double else math.log(2) - high
    lowest, whole = number(-708 if double else -87), number(1.5 * 2 ** (52 if double else 23))
    per_ln2, minus_high, minus_rest = number(1 / math.log(2)), number(-high), number(-rest)
    series = tuple(number(1 / math.factorial(k)) for k in range(13 if double else 7, -1, -1))

    def run(y):
        y = max(y, lowest)
        t = y * per_ln2 + whole
        n = t - whole
        r = (y + n * minus_high) + n * minus_rest
        p = series[0]
        for k in range(1, len(series)):
            p = p * r + series[k]
        return _times_power(p, t)  # pyright: ignore[reportCallIssue]

    return run


@compiled
def exponential(y: Array, out: Array) -> None:
    """out = exp(y) for y <= 0, 1-D."""
    for b in range(len(y)):
        out[b] = _exp(y[b])


@compiled
def slope(x: Array, index: Array, neuron: Any) -> None:
    """Put f(x) in place of x; ``index`` is room for as many integers."""
    numbers, stairs, heights, cells = neuron.numbers, neuron.stairs, neuron.heights, neuron.cells
    sigma, inverse, exponent, peak = numbers[2], numbers[3], numbers[4], numbers[5]
    one, zero = x.dtype.type(1), x.dtype.type(0)
    if neuron.kind == GAUSSIAN:
        for b in range(len(x)):
            x[b] = peak * _exp(x[b] * x[b] * exponent)
    elif neuron.kind == FAST_SIGMOID:
        for b in range(len(x)):
            d = one + abs(x[b]) * inverse
            x[b] = peak / (d * d)
    elif neuron.kind == TRIANGLE:
        for b in range(len(x)):
            x[b] = peak * max(zero, one - abs(x[b]) * inverse)
    elif neuron.kind == RECTANGLE:
        for b in range(len(x)):
            x[b] = peak if abs(x[b]) < sigma else zero
    else:
        per_unit, most = numbers[6], x.dtype.type(len(cells) - 1)
        for b in range(len(x)):
            place = abs(x[b]) * per_unit
            place = place if place < most else most  # also where x is not a number
            index[b] = np.int32(place)
        for b in range(len(x)):
            below = cells[index[b]]
            if below < 0:
                below = -1 - below
                while below < len(stairs) and stairs[below] <= abs(x[b]):
                    below += 1
            x[b] = heights[below]


@compiled
def _step(z, bias, u, x, rate, leak, threshold):
    """One step of a block: moves the membranes u, counts spikes, x = u - threshold before reset."""
    one = z.dtype.type(1)
    zero = z.dtype.type(0)
    for b in range(len(z)):
        reached = leak * u[b] + (z[b] + bias[b])
        far = reached - threshold
        x[b] = far
        u[b] = far if far > zero else reached
        rate[b] += one if far > zero else zero


@compiled
def _spikes(x, out):
    one = x.dtype.type(1)
    zero = x.dtype.type(0)
    for b in range(len(x)):
        out[b] = one if x[b] > zero else zero


@compiled
def _keep(f, kept, leak, threshold):
    """Share of a tangent that the next step keeps with the reset attached."""
    one = f.dtype.type(1)
    for b in range(len(f)):
        kept[b] = leak * (one - threshold * f[b])


@compiled
def _tile(bias, out):
    n = len(bias)
    for b in range(len(out)):
        out[b] = bias[b % n]


@compiled
def drive(
    z: Array,
    bias: Array,
    neuron: Any,
    derive: bool,
    keep: bool,
    slopes: Array,
    rate: Array,
    lanes: Array,
    offsets: Array,
    drate: Array,
) -> None:
    """Run neurons fed with z + bias for z [T, M], bias [n]; and tangents fed with lanes + offsets.

    ``lanes`` [L, T, M] and ``offsets`` [L, n] are the tangents of z and bias. Adds the spikes to
    ``rate`` [M] and their tangents to ``drate`` [L, M]. With ``keep`` the spikes replace z and
    their tangents replace lanes; f(U - threshold) goes into ``slopes`` [T, M] if not empty. Only
    with ``derive`` are there slopes or tangents.
    """
    leak, threshold = neuron.numbers[0], neuron.numbers[1]
    count, n_block = len(lanes), max(BLOCK // len(bias), 1) * len(bias)
    buffers = np.empty((4 + 2 * count, n_block), z.dtype)
    index = np.empty(n_block, np.int32)
    for first in range(0, z.shape[1], n_block):
        n = min(n_block, z.shape[1] - first)
        last = first + n
        u, x, kept, constant = buffers[0, :n], buffers[1, :n], buffers[2, :n], buffers[3, :n]
        u[:] = 0
        kept[:] = leak
        _tile(bias, constant)
        for k in range(count):
            buffers[4 + k, :n] = 0
            _tile(offsets[k], buffers[4 + count + k, :n])
        for t in range(len(z)):
            _step(z[t, first:last], constant, u, x, rate[first:last], leak, threshold)
            if keep:
                _spikes(x, z[t, first:last])
            if not derive:
                continue
            slope(x, index[:n], neuron)
            if len(slopes):
                slopes[t, first:last] = x
            for k in range(count):
                du, offset = buffers[4 + k, :n], buffers[4 + count + k, :n]
                dz, total = lanes[k, t, first:last], drate[k, first:last]
                for b in range(n):
                    du[b] = kept[b] * du[b] + (dz[b] + offset[b])
                    total[b] += x[b] * du[b]
                if keep:
                    for b in range(n):
                        dz[b] = x[b] * du[b]
            if neuron.attached:
                _keep(x, kept, leak, threshold)


@compiled
def drive_constant(
    z: Array,
    steps: int,
    neuron: Any,
    derive: bool,
    spikes: Array,
    response: Array,
    rate: Array,
    total: Array,
) -> None:
    """Run neurons fed with the same z [M] at each of ``steps`` steps; dS[t] = response[t] dz.

    Adds the spikes to ``rate`` [M], and with ``derive`` the responses to ``total`` [M]. Both go
    into ``spikes`` [T, M] and ``response`` [T, M], step by step, where these are not empty.
    """
    leak, threshold = neuron.numbers[0], neuron.numbers[1]
    one = z.dtype.type(1)
    buffers = np.zeros((5, BLOCK), z.dtype)
    index = np.empty(BLOCK, np.int32)
    for first in range(0, len(z), BLOCK):
        n = min(BLOCK, len(z) - first)
        last = first + n
        u, x, kept, gain = buffers[0, :n], buffers[1, :n], buffers[2, :n], buffers[3, :n]
        u[:] = 0
        gain[:] = 0
        kept[:] = leak
        for t in range(steps):
            _step(z[first:last], buffers[4, :n], u, x, rate[first:last], leak, threshold)
            if len(spikes):
                _spikes(x, spikes[t, first:last])
            if not derive:
                continue
            slope(x, index[:n], neuron)
            summed = total[first:last]
            for b in range(n):
                gain[b] = kept[b] * gain[b] + one
                summed[b] += x[b] * gain[b]
            if len(response):
                out = response[t, first:last]
                for b in range(n):
                    out[b] = x[b] * gain[b]
            if neuron.attached:
                _keep(x, kept, leak, threshold)


@compiled
def vjp(slopes: Array, back: Array, above: Array, neuron: Any) -> None:
    """Put dL/dU[t] in place of f for ``slopes`` [T, M].

    dL/dS[t] is ``back`` [M], plus ``above`` [T, M] unless that is empty.
    """
    leak, threshold = neuron.numbers[0], neuron.numbers[1]
    buffers = np.empty((3, BLOCK), slopes.dtype)
    for first in range(0, len(back), BLOCK):
        n = min(BLOCK, len(back) - first)
        last = first + n
        q, g, kept = buffers[0, :n], buffers[1, :n], buffers[2, :n]
        q[:] = 0
        kept[:] = leak
        constant = back[first:last]
        g[:] = constant
        for t in range(len(slopes) - 1, -1, -1):
            f = slopes[t, first:last]
            if neuron.attached:
                _keep(f, kept, leak, threshold)
            if len(above):
                more = above[t, first:last]
                for b in range(n):
                    g[b] = constant[b] + more[b]
            for b in range(n):
                q[b] = f[b] * g[b] + kept[b] * q[b]
                f[b] = q[b]


@compiled
def vjp_constant(response: Array, back: Array, above: Array, out: Array) -> None:
    """out [M] = dL/dz of neurons fed with a constant z; ``back``, ``above`` as in `pull`."""
    for first in range(0, len(back), BLOCK):
        last = min(first + BLOCK, len(back))
        total, constant = out[first:last], back[first:last]
        total[:] = 0
        for t in range(len(response)):
            a, more = response[t, first:last], above[t, first:last]
            for b in range(last - first):
                total[b] += a[b] * (constant[b] + more[b])
