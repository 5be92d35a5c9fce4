# pyright: basic
"""Compiled loops over a layer of neurons and a batch of spike trains, see `golden.exact.layers`.

A neuron's state is its potential u and its current; a time d later, nothing arriving in between,

    u(d) = u exp(-beta d) + current h(d)      current(d) = current exp(-alpha d)

Neurons of a layer do not feed one another, so each is followed alone through the inputs of its
sample; what decays between inputs is the same for all of them and is worked out once.

Numba looks at this file alone to see whether compiled code is stale: so all of it is here.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.jit import njit

Array = NDArray[Any]

compiled = njit(error_model="numpy")


@compiled
def _decays(alpha, beta, d):
    """exp(-alpha d), exp(-beta d) and h(d), without cancellation."""
    gap = beta - alpha
    if gap == 0:
        stay = math.exp(-alpha * d)
        return stay, stay, d * stay
    slow = math.exp(-min(alpha, beta) * d)
    lost = slow * math.expm1(-abs(gap) * d)
    if gap > 0:
        return slow, slow + lost, -lost / gap
    return slow + lost, slow, lost / gap


@compiled
def _summit(lean, alpha, beta):
    """Where u' = 0 with ``lean`` = u (beta - alpha) / current: at 0 for u = 0, the peak of h."""
    gap = beta - alpha
    return (math.log1p(gap / alpha) + math.log1p(-lean)) / gap


@compiled
def crossing(u, current, alpha, beta, theta, end, last):
    """The first d in (0, end] at which the potential rises to theta, or infinity.

    ``u`` < theta is the potential now and ``last`` that at ``end``. Where u rises at all it has one
    summit, and before it its second derivative -alpha current(d) - beta u' is < 0 and its third
    > 0. So the parabola through u and both derivatives lies below u ahead, and meets theta between
    the crossing and the summit; where it does not reach theta, Newton's step stays below the
    crossing. Both bracket it, and the steps converge with the third order.
    """
    slope = current - beta * u
    if current <= 0 or slope <= 0:
        return math.inf
    if last <= theta:
        gap = beta - alpha
        if gap == 0:
            summit = 1 / alpha - u / current
        else:
            lean = u * gap / current
            if lean >= 1:
                return math.inf
            summit = _summit(lean, alpha, beta)
        if not summit < end:
            return math.inf
        _, stay, gain = _decays(alpha, beta, summit)
        if u * stay + current * gain <= theta:
            return math.inf
    d, v, left = 0.0, u, 1.0
    for _ in range(100):
        bend = alpha * current * left + beta * slope
        inner = slope * slope - 2 * bend * (theta - v)
        step = (theta - v) / slope if inner <= 0 else 2 * (theta - v) / (slope + math.sqrt(inner))
        d = min(d + step, end)
        left, stay, gain = _decays(alpha, beta, d)
        v = u * stay + current * gain
        slope = current * left - beta * v
        if abs(step) <= 2e-16 * d or slope <= 0:
            break
    return d


@compiled
def fire(
    weights: Array,
    times: Array,
    sources: Array,
    alpha: float,
    beta: float,
    theta: float,
    until: float,
    once: bool,
    fired: Array,
    units: Array,
    slopes: Array,
    rank: Array,
    begin: Array,
) -> int:
    """Fill the spikes of a `golden.exact.layers.SpikeBatch`; the most of a sample, or -1."""
    n = len(weights)
    room = fired.shape[1] - 1
    steps = times.shape[1]
    current_stays, stays, gains = np.empty(steps), np.empty(steps), np.empty(steps)
    highest, gaps = np.empty(steps), np.empty(steps)
    peak = 1 / alpha if alpha == beta else _summit(0.0, alpha, beta)
    at, who, steep = np.empty(room), np.empty(room, np.int64), np.empty(room)
    most = 0
    for b in range(len(times)):
        size = 0
        while size < steps and times[b, size] < until:
            size += 1
        for e in range(size):
            stop = times[b, e + 1] if e + 1 < size else until
            gaps[e] = stop - times[b, e]
            current_stays[e], stays[e], gains[e] = _decays(alpha, beta, gaps[e])
            highest[e] = gains[e] if gaps[e] < peak else _decays(alpha, beta, peak)[2]
        count = 0
        for j in range(n):
            begin[b, j] = count
            u, current = 0.0, 0.0
            for e in range(size):
                current += weights[j, sources[b, e]]
                last = u * stays[e] + current * gains[e]
                if max(u, 0.0) + current * highest[e] <= theta:
                    u, current = last, current * current_stays[e]
                    continue
                left, t = gaps[e], times[b, e]
                stay = current_stays[e]
                while True:
                    d = crossing(u, current, alpha, beta, theta, left, last)
                    if not t + d < until:
                        break
                    if count == room:
                        return -1
                    t, left = t + d, left - d
                    current *= math.exp(-alpha * d)
                    at[count], who[count], steep[count] = t, j, current - beta * theta
                    count += 1
                    if once:
                        break
                    u = 0.0
                    stay, _, gain = _decays(alpha, beta, left)
                    last = current * gain
                if once and count > begin[b, j]:
                    break
                u, current = last, current * stay
        begin[b, n] = count
        order = np.argsort(at[:count], kind="mergesort")
        for place in range(count):
            spike = order[place]
            fired[b, place], units[b, place] = at[spike], who[spike]
            slopes[b, place], rank[b, spike] = steep[spike], place
        most = max(most, count)
    return most


@compiled
def tangents(
    weights: Array,
    times: Array,
    sources: Array,
    alpha: float,
    beta: float,
    theta: float,
    fired: Array,
    slopes: Array,
    rank: Array,
    begin: Array,
    horizon: Array,
    dweights: Array,
    dtimes: Array,
    dfired: Array,
) -> None:
    """Fill ``dfired`` [N, S, K] for ``dweights`` [n, m, K] and ``dtimes`` [N, S_in, K].

    Spikes after ``horizon`` [N] are left out. The tangent of a neuron's state decays as the state
    does; what spikes do to it is said at `golden.exact.kernels.tangents`.
    """
    lanes = dweights.shape[2]
    du, dcurrent = np.empty(lanes), np.empty(lanes)
    for b in range(len(times)):
        for j in range(len(weights)):
            du[:], dcurrent[:] = 0.0, 0.0
            e, now = 0, times[b, 0] if times.shape[1] else 0.0
            for spike in range(begin[b, j], begin[b, j + 1]):
                place = rank[b, spike]
                t = fired[b, place]
                if t > horizon[b]:
                    break
                while e < times.shape[1] and times[b, e] < t:
                    left, stay, gain = _decays(alpha, beta, times[b, e] - now)
                    now = times[b, e]
                    i = sources[b, e]
                    w = weights[j, i]
                    for k in range(lanes):
                        moved = w * dtimes[b, e, k]
                        du[k] = du[k] * stay + dcurrent[k] * gain - moved
                        dcurrent[k] = dcurrent[k] * left + dweights[j, i, k] + alpha * moved
                    e += 1
                left, stay, gain = _decays(alpha, beta, t - now)
                now = t
                steep = slopes[b, place]
                for k in range(lanes):
                    v = du[k] * stay + dcurrent[k] * gain
                    dcurrent[k] *= left
                    dfired[b, place, k] = -v / steep
                    du[k] = v * (1 + theta * beta / steep)


@compiled
def back(
    weights: Array,
    times: Array,
    sources: Array,
    alpha: float,
    beta: float,
    theta: float,
    fired: Array,
    slopes: Array,
    rank: Array,
    begin: Array,
    bar: Array,
    weight_bar: Array,
    time_bar: Array,
) -> None:
    """Add dL/dw to ``weight_bar`` [n, m] and dL/dtimes to ``time_bar`` for ``bar`` = dL/dfired.

    `tangents` transposed: the adjoint of a neuron's state goes from its last spike back.
    """
    for b in range(len(times)):
        for j in range(len(weights)):
            v_bar, current_bar = 0.0, 0.0
            spike = begin[b, j + 1] - 1
            while spike >= begin[b, j] and bar[b, rank[b, spike]] == 0:
                spike -= 1
            if spike < begin[b, j]:
                continue
            now = fired[b, rank[b, spike]]
            e = times.shape[1] - 1
            while e >= 0 and not times[b, e] < now:
                e -= 1
            while e >= 0:
                place = rank[b, spike] if spike >= begin[b, j] else -1
                own = place >= 0 and fired[b, place] > times[b, e]
                t = fired[b, place] if own else times[b, e]
                left, stay, gain = _decays(alpha, beta, now - t)
                now = t
                current_bar = current_bar * left + v_bar * gain
                v_bar *= stay
                if own:
                    spike -= 1
                    spike_bar = bar[b, place] - theta * beta * v_bar
                    v_bar -= spike_bar / slopes[b, place]
                else:
                    i = sources[b, e]
                    weight_bar[j, i] += current_bar
                    time_bar[b, e] += weights[j, i] * (alpha * current_bar - v_bar)
                    e -= 1
