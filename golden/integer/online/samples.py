# pyright: basic
"""The compiled loop of a chip that learns once a sample, when its output is there."""

from typing import Any

from numpy.typing import NDArray

from dualspike.golden.integer.online.arrays import Setup, State
from dualspike.golden.integer.online.kernels import (
    MEMBRANE,
    STEP,
    TANGENT,
    after,
    change,
    charge,
    clipped,
    compare,
    fire,
    half_up,
    layer_of,
    slopes,
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
    n_out, n_in = w.shape
    low, high, over = c.tangent[0], c.tangent[1], False
    gates, total, last = s.gates[layer], s.total, len(c.sizes) - 3
    for m in range(layer + 1):
        for q in range(c.lanes):
            own, lane, held = s.own[layer, q], s.lane[m, q], s.charge[layer, m, q]
            for i in range(n_out):
                dz = own[i] << c.tangent_fraction
                if m < layer:
                    dz = 0
                    for j in range(n_in):
                        dz += w[i, j] * lane[j]
                    dz = half_up(dz, c.weight_fraction)
                fed = min(max(dz, low), high)
                lost = half_up(held[i], c.leak) if c.leak else 0
                charged = held[i] - lost + fed
                kept = min(max(charged, low), high)
                spike = half_up(gates[i] * kept, c.surrogate_fraction)
                total[i] = min(max(spike, low), high)
                over |= fed != dz or kept != charged or total[i] != spike
                held[i] = kept
            for i in range(n_out):
                lane[i] = total[i]
                if layer == last:
                    s.slope[m, q, i] += total[i]
    if over:
        s.flags[0] |= TANGENT


@njit()
def read_out(c, s, learn):
    """Outputs of a sample, means over its steps, and their tangents in every lane."""
    layer = len(c.sizes) - 2
    w, b = layer_of(c, s, layer)
    weigh(w, s.trace[layer], s.total)
    drop = c.mean + c.weight_fraction
    for k in range(len(w)):
        y = half_up(s.total[k] * c.reciprocal + (b[k] << c.mean), drop - c.membrane_fraction)
        s.current[layer, k] = clipped(y, c.membrane, s.flags, MEMBRANE)
    for m in range(layer if learn else 0):
        for q in range(c.lanes):
            weigh(w, s.slope[m, q], s.total)
            for k in range(len(w)):
                dy = half_up(s.total[k] * c.reciprocal, drop)
                s.lane[m, q, k] = clipped(dy, c.tangent, s.flags, TANGENT)


@njit()
def count(c, s, layer):
    """What comes into layer layer in a step counts in its trace."""
    trace, spikes = s.trace[layer], s.spikes[layer]
    for j in range(c.sizes[layer]):
        trace[j] += spikes[j]


@njit()
def step(c, s, n, t, learn):
    """A step of a sample through all hidden layers; their inputs are counted."""
    hidden = len(c.sizes) - 2
    for layer in range(hidden):
        if not (c.still and layer == 0 and t):
            charge(c, s, layer)
            count(c, s, layer)
        fire(c, s, layer)
        if learn:
            carry(c, s, layer)
        if len(s.seen):
            s.seen[0, layer, n, t] = s.current[layer]
            s.seen[1, layer, n, t] = s.spikes[layer + 1]
    count(c, s, hidden)


@njit()
def sample(c, s, x, n, learn):
    """Sample n of a batch through the whole network; ``x`` [1 or T, n_in]."""
    layers = len(c.sizes) - 1
    s.u[:] = 0
    s.trace[:] = 0
    s.charge[:] = 0
    s.slope[:] = 0
    if learn:
        perturb(c, s)
    for t in range(c.steps):
        if not (c.still and t):
            s.spikes[0, : c.sizes[0]] = x[t]
        step(c, s, n, t, learn)
    read_out(c, s, learn)
    if len(s.seen):
        s.seen[0, layers - 1, n, 0] = s.current[layers - 1]


@njit()
def come_back(c, s, at):
    """Signals of all layers for the errors and tangents of a sample."""
    last, n_out = len(c.sizes) - 2, c.sizes[-1]
    s.signal_ring[last, at, :n_out] = s.error[:n_out]
    for layer in range(last):
        drop = slopes(c, s, layer)
        for i in range(c.sizes[layer + 1]):
            d = clipped(half_up(s.total[i], drop), c.cotangent, s.flags, STEP)
            s.signal_ring[layer, at, i] = d


@njit()
def run_samples(
    c: Setup, s: State, x: Array, target: Array, taught: Array, learn: bool, y: Array
) -> int:
    """As `run`, where there is one error and one change a sample."""
    layers, n_out, loss = len(c.sizes) - 1, c.sizes[-1], 0
    for n in range(len(x)):
        at = n % s.signal_ring.shape[1]
        if learn:
            for layer in range(layers):
                if n >= c.lags[layer]:
                    change(c, s, layer, n - c.lags[layer])
        sample(c, s, x[n], n, learn)
        y[n] = s.current[layers - 1, :n_out]
        if not learn:
            continue
        loss += compare(c, s, target[n], taught[n])
        s.trace_ring[:, at] = s.trace
        come_back(c, s, at)
    if learn:
        for layer in range(layers):
            for number in range(max(0, len(x) - c.lags[layer]), len(x)):
                change(c, s, layer, number)
    return loss


@njit()
def run_rows(c: Setup, s: State, x: Array, learn: bool, y: Array, dy: Array, own: Array) -> None:
    """Rows of a part of an operator network: outputs go to ``y`` [B, p].

    While it learns, tangents of each lane go to ``dy`` [B, hidden, K, p], the signs of its neurons
    to ``own`` [B, hidden, K, widest].
    """
    n_out = c.sizes[-1]
    for n in range(len(x)):
        sample(c, s, x[n], n, learn)
        y[n] = s.current[len(c.sizes) - 2, :n_out]
        if learn:
            s.trace_ring[:, n] = s.trace
            own[n] = s.own[: own.shape[1]]
            dy[n] = s.lane[: own.shape[1], :, :n_out]


@njit()
def change_rows(c: Setup, s: State, error: Array, dy: Array, own: Array) -> None:
    """The changes of all rows land, for mean errors [B, p] of their outputs."""
    n_out = c.sizes[-1]
    for n in range(len(error)):
        s.error[:n_out] = error[n]
        s.own[: own.shape[1]] = own[n]
        s.lane[: own.shape[1], :, :n_out] = dy[n]
        come_back(c, s, n)
    for layer in range(len(c.sizes) - 1):
        for n in range(len(error)):
            change(c, s, layer, n)
