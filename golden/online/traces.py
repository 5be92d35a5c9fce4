"""Online training through time: one pass over the steps, the gradient ready at its end."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.online.loss import MixedLoss
from dualspike.golden.online.network import Activity, Injection, OnlineNetwork
from dualspike.golden.online.rule import Rule, Step

Floats = NDArray[np.floating[Any]]
Labels = NDArray[np.integer[Any]]


@dataclass(frozen=True, eq=False)
class Pass:
    """Mean loss over samples and steps, its estimated gradient [N], the answer [B, n_out].

    ``rates``: spikes per neuron and step of every hidden layer.
    """

    loss: float
    gradient: Floats
    answer: Floats
    rates: list[float]


def repeated(x: Floats, steps: int) -> Floats:
    """Static inputs [B, n] as frames [steps, B, n] that charge the first layer alike (a view)."""
    return np.broadcast_to(x, (steps, *x.shape))


def answer(network: OnlineNetwork, frames: Floats) -> Floats:
    """Sum of the outputs [B, n_out] over frames [T, B, n_in], without noise."""
    state = network.rest(frames.shape[1])
    total = np.zeros_like(state.output)
    for x in frames:
        state = network.step(state, x)
        total += state.output
    return total


def train_pass(
    network: OnlineNetwork, rule: Rule, loss: MixedLoss, frames: Floats, labels: Labels
) -> Pass:
    """The online gradient of (1 / T) sum over t of L(o[t]) over frames [T, B, n_in], labels [B].

    a_l[t] = leak a_l[t-1] + S_l[t], and for biases c[t] = leak c[t-1] + 1; at every step
    delta_l = f'(U_l) dL/dS_l, dL/dW_l += delta_l a_{l-1}^T, dL/db_l += delta_l c. The readout has
    no leak, so its gradient takes S and 1 in place of traces. No state is kept over steps but
    membranes and traces. Source: Xiao et al., "Online training through time" (OTTT), 2022.
    """
    steps, batch = frames.shape[:2]
    neuron = network.neuron
    gradient = np.zeros_like(network.theta)
    dW, db = network.views(gradient)
    traces = [np.zeros((batch, n)) for n in network.layers[:-2]]
    constant = 0.0
    state = network.rest(batch)
    total_loss = 0.0
    total = np.zeros_like(state.output)
    fired = np.zeros(len(network.hidden))
    for t, x in enumerate(frames):
        before = state
        state = network.step(before, x, rule.inject(network, t, batch))
        step = _seen(network, loss, before, state, x, labels)
        for trace, sent in zip(traces, [x, *state.spikes[:-1]], strict=True):
            trace *= neuron.leak
            trace += sent
        constant = neuron.leak * constant + 1
        for layer, signal in enumerate(rule.signals(step)):
            delta = signal * step.slopes[layer]
            dW[layer] += delta.T @ traces[layer]
            db[layer] += constant * delta.sum(axis=0)
        dW[-1] += step.error.T @ state.spikes[-1]
        db[-1] += step.error.sum(axis=0)
        total_loss += float(step.loss.sum())
        total += state.output
        fired += [S.mean() for S in state.spikes]
    gradient /= steps * batch
    return Pass(total_loss / (steps * batch), gradient, total, (fired / steps).tolist())


def _seen(
    network: OnlineNetwork,
    loss: MixedLoss,
    before: Activity,
    after: Activity,
    x: Floats,
    labels: Labels,
) -> Step:
    def judge(output: Floats) -> tuple[Floats, Floats]:
        return loss(output, labels)

    def replay(injection: Injection) -> Floats:
        return judge(network.step(before, x, injection).output)[0]

    slopes = [network.neuron.slope(U - network.neuron.threshold) for U in after.membranes]
    value, error = judge(after.output)
    return Step(network, after.spikes, slopes, after.output, error, value, judge, replay)
