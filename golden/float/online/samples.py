# pyright: basic
"""The compiled loop of a model that learns once a sample, when its output is there."""

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
    signal,
    weigh,
)
from dualspike.golden.jit import njit

Array = NDArray[Any]


@njit()
def perturb(c, s):
    """Signs of the neurons of all hidden layers, for a whole sample."""
    for layer in range(len(c.sizes) - 2):
        for q in range(c.lanes):
            for i in range(c.sizes[layer + 1]):
                s.own[layer, q, i] = 1 - 2 * (s.signs[layer, q] & 1)
                s.signs[layer, q] = after(s.signs[layer, q])


@njit()
def carry(c, s, layer):
    """Tangents of layer layer in a step, through its membranes: dS of every lane."""
    w, _ = layer_of(c, s, layer)
    for m in range(layer + 1):
        for q in range(c.lanes):
            if m < layer:
                weigh(w, s.lane[m, q], s.total)
            held = s.charge[layer, m, q]
            for i in range(c.sizes[layer + 1]):
                held[i] = c.kept * held[i] + (s.total[i] if m < layer else s.own[layer, q, i])
                s.lane[m, q, i] = s.gates[layer, i] * held[i]


@njit()
def read_out(c, s, learn):
    """Outputs of a sample, means over its steps, and their tangents in every lane."""
    layer = len(c.sizes) - 2
    w, b = layer_of(c, s, layer)
    weigh(w, s.trace[layer], s.total)
    for k in range(len(w)):
        s.current[layer, k] = s.total[k] / c.steps + b[k]
    for m in range(layer if learn else 0):
        for q in range(c.lanes):
            weigh(w, s.slope[m, q], s.total)
            for k in range(len(w)):
                s.lane[m, q, k] = s.total[k] / c.steps


@njit()
def step(c, s, t, learn):
    """A step of a sample through all hidden layers; their inputs are counted."""
    hidden = len(c.sizes) - 2
    for layer in range(hidden):
        if not (c.still and layer == 0 and t):
            charge(c, s, layer)
            s.trace[layer] += s.spikes[layer]
        fire(c, s, layer)
        if learn:
            carry(c, s, layer)
    s.trace[hidden] += s.spikes[hidden]
    if learn:
        s.slope[:] += s.lane


@njit()
def run_samples(c: Setup, s: State, x: Array, target: Array, learn: bool, y: Array) -> float:
    """As `run`, where there is one error and one change a sample."""
    layers, n_out, loss = len(c.sizes) - 1, c.sizes[-1], 0.0
    for n in range(len(x)):
        at = n % s.signal_ring.shape[1]
        s.u[:] = 0
        s.trace[:] = 0
        s.charge[:] = 0
        s.slope[:] = 0
        if learn:
            perturb(c, s)
            for layer in range(layers):
                if n >= c.lags[layer]:
                    change(c, s, layer, n - c.lags[layer])
        for t in range(c.steps):
            if not (c.still and t):
                s.spikes[0, : c.sizes[0]] = x[n, t]
            step(c, s, t, learn)
        read_out(c, s, learn)
        if not learn:
            y[n] = s.current[layers - 1, :n_out]
            continue
        loss += compare(c, s, target[n])
        for layer in range(layers):
            s.trace_ring[layer, at] = s.trace[layer]
            if not (c.still and layer == 0):
                s.trace_ring[layer, at] *= c.score
        s.signal_ring[layers - 1, at] = s.error
        for layer in range(layers - 1):
            signal(c, s, layer)
            s.signal_ring[layer, at] = s.total
    if learn:
        for layer in range(layers):
            for number in range(max(0, len(x) - c.lags[layer]), len(x)):
                change(c, s, layer, number)
    return loss
