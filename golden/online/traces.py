"""Online training through time: one pass over the steps, the gradient ready at its end."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.numeric import Floats
from dualspike.golden.online.eligibility import Eligibility
from dualspike.golden.online.loss import StepLoss
from dualspike.golden.online.network import Injection, OnlineNetwork
from dualspike.golden.online.rules.rule import Rule, Step

Judge = Callable[[Floats], tuple[Floats, Floats]]


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
    network: OnlineNetwork, rule: Rule, loss: StepLoss, frames: Floats, target: NDArray[Any]
) -> Pass:
    """The online gradient of (1 / T) sum over t of L(o[t]) over frames [T, B, n_in], target [B].

    At every step delta_l = f'(U_l) dL/dS_l, which `Eligibility` multiplies with traces. No state is
    kept over steps but membranes and traces.
    """

    def judge(output: Floats) -> tuple[Floats, Floats]:
        return loss(output, target)

    walk = OnlinePass(network, rule, frames)
    total_loss = 0.0
    fired = np.zeros(len(network.hidden))
    for _ in frames:
        walk.advance()
        total_loss += float(walk.learn(judge).sum())
        fired += [S.mean() for S in walk.state.spikes]
    steps, batch = frames.shape[:2]
    rates = (fired / steps).tolist()
    return Pass(total_loss / (steps * batch), walk.gradient(), walk.total, rates)


class OnlinePass:
    """A network's way through frames [T, B, n_in]: `advance`, then `learn` or leave it, T times.

    After t steps it answers o[t] and its loss is L(o[t]); or, ``averaged``, it answers
    y[t] = (o[1] + ... + o[t]) / t and its loss is t L(y[t]). Either way dL/danswer is the loss's
    derivative for o[t]: errors of an average are of use before the average is over.
    """

    def __init__(
        self, network: OnlineNetwork, rule: Rule, frames: Floats, *, averaged: bool = False
    ) -> None:
        constant, batch = _constant(frames), frames.shape[1]
        self.state = network.rest(batch)
        self.total = np.zeros_like(self.state.output)
        self._network, self._rule, self._frames = network, rule, frames
        self._averaged, self._taken, self._learned = averaged, 0, 0
        self._eligibility = Eligibility(network, batch, constant=constant)
        self._fed = network.feed(0, frames[0]) if constant else None
        self._sums = [np.zeros_like(S) for S in self.state.spikes] if averaged else []

    @property
    def answer(self) -> Floats:
        """What is answered after the last step [B, n_out]."""
        return self.total / self._taken if self._averaged else self.state.output

    def advance(self) -> None:
        """Take the next step."""
        self._before, x = self.state, self._frames[self._taken]
        injection = self._rule.inject(self._network, self._taken, len(x))
        self.state = self._network.step(self._before, x, injection, self._fed)
        self._taken += 1
        self.total += self.state.output
        self._eligibility.follow([x, *self.state.spikes[:-1]])
        for summed, S in zip(self._sums, self.state.spikes, strict=False):
            summed += S

    def learn(self, judge: Judge) -> Floats:
        """Learn from that step; ``judge`` gives L [B] and dL/danswer [B, n_out] of any answer.

        Returns L [B].
        """
        state, x = self.state, self._frames[self._taken - 1]
        weight = self._taken if self._averaged else 1

        def replay(injection: Injection) -> Floats:
            output = self._network.step(self._before, x, injection, self._fed).output
            if self._averaged:
                output = (self.total - state.output + output) / self._taken
            return weight * judge(output)[0]

        slopes = [self._network.neuron.slope(U) for U in state.membranes]
        heard: list[Floats] = [summed / self._taken for summed in self._sums] or state.spikes
        loss, error = judge(self.answer)
        seen = self._network, state.spikes, heard, slopes, state.output
        step = Step(*seen, error, weight * loss, judge, replay)
        signals = self._rule.signals(step)
        self._eligibility.add([a * b for a, b in zip(signals, slopes, strict=True)])
        self._eligibility.read(error, state.spikes[-1])
        self._learned += 1
        return loss

    def gradient(self) -> Floats:
        """The mean over samples and the steps learned from, [N]; once, after the last step."""
        found = self._eligibility.finish(self._frames[0])
        found /= self._learned * self._frames.shape[1]
        return found


def _constant(frames: Floats) -> bool:
    """Whether all frames are one and the same, as `repeated` makes them."""
    return frames.strides[0] == 0
