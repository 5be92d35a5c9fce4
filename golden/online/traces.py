"""Online training through time: one pass over the steps, the gradient ready at its end."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.online.eligibility import Eligibility
from dualspike.golden.online.loss import Loss
from dualspike.golden.online.network import Activity, Injection, OnlineNetwork
from dualspike.golden.online.rule import Rule, Step

Floats = NDArray[np.floating[Any]]


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
    fed = network.feed(0, frames[0]) if _constant(frames) else None
    for x in frames:
        state = network.step(state, x, None, fed)
        total += state.output
    return total


def train_pass(
    network: OnlineNetwork, rule: Rule, loss: Loss, frames: Floats, target: NDArray[Any]
) -> Pass:
    """The online gradient of (1 / T) sum over t of L(o[t]) over frames [T, B, n_in], target [B].

    At every step delta_l = f'(U_l) dL/dS_l, which `Eligibility` multiplies with traces. No state is
    kept over steps but membranes and traces.
    """
    steps, batch = frames.shape[:2]
    constant = _constant(frames)
    eligibility = Eligibility(network, batch, constant=constant)
    fed = network.feed(0, frames[0]) if constant else None
    state = network.rest(batch)
    total_loss = 0.0
    total = np.zeros_like(state.output)
    fired = np.zeros(len(network.hidden))
    for t, x in enumerate(frames):
        before = state
        state = network.step(before, x, rule.inject(network, t, batch), fed)
        step = _seen(network, loss, (before, x, fed), state, target)
        eligibility.follow([x, *state.spikes[:-1]])
        eligibility.add([a * b for a, b in zip(rule.signals(step), step.slopes, strict=True)])
        eligibility.read(step.error, state.spikes[-1])
        total_loss += float(step.loss.sum())
        total += state.output
        fired += [S.mean() for S in state.spikes]
    gradient = eligibility.finish(frames[0])
    gradient /= steps * batch
    return Pass(total_loss / (steps * batch), gradient, total, (fired / steps).tolist())


def _seen(
    network: OnlineNetwork,
    loss: Loss,
    given: tuple[Activity, Floats, Floats | None],
    after: Activity,
    target: NDArray[Any],
) -> Step:
    before, x, fed = given

    def judge(output: Floats) -> tuple[Floats, Floats]:
        return loss(output, target)

    def replay(injection: Injection) -> Floats:
        return judge(network.step(before, x, injection, fed).output)[0]

    slopes = [network.neuron.slope(U) for U in after.membranes]
    value, error = judge(after.output)
    return Step(network, after.spikes, slopes, after.output, error, value, judge, replay)


def _constant(frames: Floats) -> bool:
    """Whether all frames are one and the same, as `repeated` makes them."""
    return frames.strides[0] == 0
