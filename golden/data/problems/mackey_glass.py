"""The Mackey-Glass delay equation, by Runge-Kutta steps of which the delay is a multiple.

x'(t) = beta x(t - tau) / (1 + x(t - tau)^10) - gamma x(t), x = start for t <= 0, beta = 0.2 and
gamma = 0.1. Source: Mackey and Glass, Science 197 (1977).
"""

import numpy as np

from dualspike.golden.data.ranges import check_real, check_whole
from dualspike.golden.numeric import Doubles

BETA, GAMMA = 0.2, 0.1
STEPS = 64
"""Of a delay."""


def mackey_glass(tau: float, start: float, every: float, count: int, steps: int = STEPS) -> Doubles:
    """X [count] at the times 0, every, 2 every, ...

    Classical steps of fourth order, ``steps`` of them in a delay. Values between two, half a step
    back by tau or at the times asked for, are those of the cubic that has both ends' values and
    slopes. Only + - * / are used: the same bits on every machine. Raises BadInput for tau and every
    outside [0.1, 1000], a start outside [0, 2], a count outside [1, 10^6], steps outside [1, 10^4].
    """
    check_real("tau", tau, 0.1, 1000)
    check_real("every", every, 0.1, 1000)
    check_real("start", start, 0, 2)
    check_whole("count", count, 1, 10**6)
    check_whole("steps", steps, 1, 10**4)
    h = tau / steps
    n = int(every * (count - 1) / h) + 2
    x, slope = [start], [_slope(start, start)]
    for i in range(n):
        before = start if i < steps else x[i - steps]
        after = start if i < steps else x[i + 1 - steps]
        bend = 0.0 if i < steps else h / 8 * (slope[i - steps] - slope[i + 1 - steps])
        middle = (before + after) / 2 + bend
        a = _slope(x[i], before)
        b = _slope(x[i] + h / 2 * a, middle)
        c = _slope(x[i] + h / 2 * b, middle)
        d = _slope(x[i] + h * c, after)
        x.append(x[i] + h / 6 * (a + 2 * b + 2 * c + d))
        slope.append(_slope(x[-1], start if i + 1 < steps else x[i + 1 - steps]))
    times = np.arange(count) * every / h
    left = times.astype(np.int64)
    s, values, slopes = times - left, np.array(x), h * np.array(slope)
    rise = values[left + 1] - values[left]
    first, last = slopes[left] - rise, rise - slopes[left + 1]
    return values[left] + s * rise + s * (1 - s) * ((1 - s) * first + s * last)


def _slope(x: float, delayed: float) -> float:
    """x' from x and the delayed x."""
    square = delayed * delayed
    fourth = square * square
    return BETA * delayed / (1 + fourth * fourth * square) - GAMMA * x
