# pyright: basic
"""Compiled loops over spikes: next firings, the simulation, tangents.

A neuron's state is its potential u and a current for each distinct synaptic rate. A time d later,
with nothing arriving in between,

    u(d) = u exp(-beta d) + sum_k current_k h_k(d)      current_k(d) = current_k exp(-alpha_k d)

To find the first crossing of the threshold and miss none, no matter how close two of them are,
the time axis is cut into pieces where the potential is monotone (Rolle's theorem, used as in
Polya and Szego, Problems and Theorems in Analysis II, part V, chapter 1): of the functions

    F_0 = u - theta      F_1 = u'      F_2 = sum_k alpha_k current_k exp(-alpha_k d)
    F_(m+3) = exp((alpha_m - alpha_(m+1)) d) * derivative of F_(m+2),  which has one term less,

the zeros of F_(l+1) separate those of F_l (times something positive), and the last one has none.

Numba keeps compiled code and looks at this file alone to see whether it is stale: so all that is
compiled is here.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.jit import njit

Array = NDArray[Any]

compiled = njit(error_model="numpy")


@compiled
def kernel(alpha: float, beta: float, d: float) -> float:
    """h(d) = (exp(-alpha d) - exp(-beta d)) / (beta - alpha), without cancellation."""
    gap = abs(beta - alpha)
    rise = d if gap == 0 else -math.expm1(-gap * d) / gap
    return math.exp(-min(alpha, beta) * d) * rise


@compiled
def _value(level, d, u, currents, rates, ladder, beta, theta):
    """F_level(d), see above; ``ladder`` [m, k] has the coefficients of F_(m+2)."""
    total = 0.0
    if level >= 2:
        m = level - 2
        for k in range(m, len(rates)):
            total += ladder[m, k] * math.exp((rates[m] - rates[k]) * d)
        return total
    v = u * math.exp(-beta * d)
    for k in range(len(rates)):
        v += currents[k] * kernel(rates[k], beta, d)
        total += currents[k] * math.exp(-rates[k] * d)
    return v - theta if level == 0 else total - beta * v


@compiled
def _root(level, a, fa, b, fb, u, currents, rates, ladder, beta, theta):
    """The zero of F_level in (a, b), where it changes sign, to the last bits.

    Inverse quadratic interpolation where that is safe, else bisection. Source: Chandrupatla,
    Advances in Engineering Software 28 (1997), 145-149.
    """
    c, fc = a, fa
    share = 0.5
    for _ in range(200):
        x = a + share * (b - a)
        fx = _value(level, x, u, currents, rates, ladder, beta, theta)
        if (fx > 0) == (fa > 0):
            c, fc = a, fa
        else:
            c, fc = b, fb
            b, fb = a, fa
        a, fa = x, fx
        best = a if abs(fa) < abs(fb) else b
        least = (2.2e-16 * abs(best) + 1e-300) / abs(b - a)
        if fa == 0 or least > 0.5:
            return best
        near, value = (a - b) / (c - b), (fa - fb) / (fc - fb)
        share = 0.5
        if value * value < near and (1 - value) * (1 - value) < 1 - near:
            share = fa / (fb - fa) * fc / (fb - fc)
            share += (c - a) / (b - a) * fa / (fc - fa) * fb / (fc - fb)
        share = min(max(share, least), 1 - least)
    return best


@compiled
def next_crossing(u, currents, all_rates, beta, theta, horizon):
    """The first d in [0, horizon) at which the potential rises above theta, or infinity.

    As h(d) <= d exp(-low d), low the slowest rate, and d exp(-low d / 2) <= 2 / (e low),

        u(d) <= reach exp(-low d / 2),    reach = max(u, 0) + 2 / (e low) sum of currents > 0

    so nothing happens if reach <= theta, and nothing after 2 / low ln(reach / theta).
    """
    some = 0
    low, flow = beta, 0.0
    for k in range(len(all_rates)):
        if currents[k] != 0:
            some += 1
            low = min(low, all_rates[k])
            flow += max(currents[k], 0.0)
    reach = max(u, 0.0) + 2 / (math.e * low) * flow
    if reach <= theta:
        return math.inf
    end = min(horizon, (1 + 2 * math.log(reach / theta)) / low)
    rates, active = np.empty(some), np.empty(some)
    some = 0
    for k in range(len(all_rates)):
        if currents[k] != 0:
            rates[some], active[some] = all_rates[k], currents[k]
            some += 1
    ladder = np.empty((some, some))
    for k in range(some):
        ladder[0, k] = rates[k] * active[k]
        for m in range(1, k + 1):
            ladder[m, k] = ladder[m - 1, k] * (rates[m - 1] - rates[k])
    old, new = np.empty(some + 2), np.empty(some + 2)
    old[0], old[1] = 0.0, end
    pieces = 1
    for level in range(some, 0, -1):
        found = 0
        new[0] = 0.0
        left = _value(level, 0.0, u, active, rates, ladder, beta, theta)
        for i in range(pieces):
            a, b = old[i], old[i + 1]
            right = _value(level, b, u, active, rates, ladder, beta, theta)
            if (left < 0 and right > 0) or (left > 0 and right < 0):
                found += 1
                new[found] = _root(level, a, left, b, right, u, active, rates, ladder, beta, theta)
            left = right
        pieces = found + 1
        new[pieces] = end
        old, new = new, old
    left = u - theta
    for i in range(pieces):
        a, b = old[i], old[i + 1]
        right = _value(0, b, u, active, rates, ladder, beta, theta)
        if right > 0 and right > left:
            if left >= 0:
                return a
            return _root(0, a, left, b, right, u, active, rates, ladder, beta, theta)
        left = right
    return math.inf


@compiled
def _advance(j, t, last, u, currents, rates, beta):
    """Move neuron j to time t: potentials [n, L] and currents [n, K, L] in place."""
    d = t - last[j]
    if d > 0:
        last[j] = t
        stay = math.exp(-beta[j] * d)
        for lane in range(u.shape[1]):
            u[j, lane] *= stay
        for k in range(len(rates)):
            gain, stay = kernel(rates[k], beta[j], d), math.exp(-rates[k] * d)
            for lane in range(u.shape[1]):
                u[j, lane] += gain * currents[j, k, lane]
                currents[j, k, lane] *= stay


@compiled
def run(
    weights: Array,
    n_in: int,
    begin: Array,
    outgoing: Array,
    target: Array,
    group: Array,
    rates: Array,
    beta: Array,
    theta: Array,
    in_times: Array,
    in_units: Array,
    until: float,
    times: Array,
    units: Array,
    slopes: Array,
) -> int:
    """Simulate up to ``until``; fill times, units and slopes [limit] in the order of time.

    ``in_times`` rise. Spikes at the very same time do not feel one another: all of them are
    noted (inputs first) before any is delivered. Slopes of inputs are 0. Returns the number of
    spikes, or -1 if there is no room.
    """
    n = len(beta)
    u, currents, last = np.zeros((n, 1)), np.zeros((n, len(rates), 1)), np.zeros(n)
    due = np.full(n, math.inf)
    touched = np.zeros(n, np.bool_)
    count, given = 0, 0
    while True:
        t = in_times[given] if given < len(in_times) else math.inf
        for j in range(n):
            t = min(t, due[j])
        if not t < until:
            return count
        first = count
        while given < len(in_times) and in_times[given] == t:
            if count == len(times):
                return -1
            times[count], units[count], slopes[count] = t, in_units[given], 0.0
            count += 1
            given += 1
        for j in range(n):
            if due[j] == t:
                if count == len(times):
                    return -1
                _advance(j, t, last, u, currents, rates, beta)
                times[count], units[count] = t, n_in + j
                slopes[count] = currents[j, :, 0].sum() - beta[j] * theta[j]
                u[j, 0] = 0.0
                touched[j] = True
                count += 1
        for s in range(first, count):
            i = units[s]
            for edge in outgoing[begin[i] : begin[i + 1]]:
                j = target[edge] - n_in
                _advance(j, t, last, u, currents, rates, beta)
                currents[j, group[i], 0] += weights[edge]
                touched[j] = True
        for j in range(n):
            if touched[j]:
                touched[j] = False
                d = next_crossing(u[j, 0], currents[j, :, 0], rates, beta[j], theta[j], until - t)
                due[j] = max(t + d, np.nextafter(t, math.inf))


@compiled
def tangents(
    weights: Array,
    n_in: int,
    begin: Array,
    outgoing: Array,
    target: Array,
    group: Array,
    rates: Array,
    beta: Array,
    theta: Array,
    times: Array,
    units: Array,
    slopes: Array,
    dweights: Array,
    dtimes: Array,
) -> None:
    """Fill ``dtimes`` [S, L], the change of every firing time, given its rows of inputs.

    ``dweights`` [E, L]: changes of the weights, one column for each direction. The state of a
    neuron is the tangent of u and of the currents, which decay as u and the currents do. A spike
    of i at g that moves by dg changes them by -w dg and dw + w alpha dg; the firing of j at f by
    df = -du / slope changes du by -theta beta df.
    """
    n, lanes = len(beta), dtimes.shape[1]
    du, dcurrents, last = np.zeros((n, lanes)), np.zeros((n, len(rates), lanes)), np.zeros(n)
    first = 0
    while first < len(times):
        t = times[first]
        end = first
        while end < len(times) and times[end] == t:
            j = units[end] - n_in
            if j >= 0:
                _advance(j, t, last, du, dcurrents, rates, beta)
                for lane in range(lanes):
                    df = -du[j, lane] / slopes[end]
                    dtimes[end, lane] = df
                    du[j, lane] -= theta[j] * beta[j] * df
            end += 1
        for s in range(first, end):
            i = units[s]
            k = group[i]
            for edge in outgoing[begin[i] : begin[i + 1]]:
                j = target[edge] - n_in
                _advance(j, t, last, du, dcurrents, rates, beta)
                for lane in range(lanes):
                    moved = weights[edge] * dtimes[s, lane]
                    du[j, lane] -= moved
                    dcurrents[j, k, lane] += dweights[edge, lane] + rates[k] * moved
        first = end
