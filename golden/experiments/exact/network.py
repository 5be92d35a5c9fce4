"""A classifier of spike times: two layers, a loss, and its gradient by exact derivatives.

Every unit spikes at most once, as if it were refractory from then on. Hidden neurons fire until the
deadline; the class is the output that fires first. At the deadline an input with a fixed weight
makes all outputs fire that have not. With t_k the spike of output k (the end of the run if it was
silent), the loss of a sample is

    L = -ln( exp(-t_label / TAU) / sum_k exp(-t_k / TAU) ) + EARLY (exp(t_label) - 1)
        - PUSH * sum over silent neurons j of sum_i w_ji

Source of the first two parts: Goeltz et al., Nature Machine Intelligence 3, 823 (2021). The second
keeps spikes of the right class early, where hidden spikes still come and the deadline decides
nothing. The third is there because a silent neuron has no firing time and so no gradient: it raises
its weights.

Two rules give the gradient of the mean over a batch. ``BP`` goes back through both layers.
``RFG-L`` draws K directions of signs v in each layer alone, takes the derivative <dL, v> of the
mean loss of some samples along them, and the mean of <dL, v> v over K.
"""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from dualspike.golden.exact.layers import ExactLayer, SpikeBatch, SpikeTrains, followed, given
from dualspike.golden.numeric import Doubles, Indices

ExactRule = Literal["BP", "RFG-L"]
RULES: tuple[ExactRule, ...] = get_args(ExactRule)

RATE = 1.0
"""Of currents and membranes alike: times are in units of their time constant."""

DEADLINE, UNTIL = 2.2, 5.0
"""When the deadline spikes, and the end of every run."""

FORCE = 10.0
"""Weight from the deadline to every output."""

TAU, EARLY, PUSH = 0.1, 0.1, 1e-4
"""Of the loss, see above."""

FLOOR = 0.3
"""Slopes count as at least this, see `golden.exact.spikes.steep`."""


@dataclass(frozen=True, eq=False)
class Answer:
    """What came in, what the hidden layer made of it, what outputs heard and did.

    ``times`` [N, classes] of the outputs' spikes, at ``place`` in ``outputs``; `UNTIL` for those
    that were silent.
    """

    inputs: SpikeTrains
    hidden: SpikeBatch
    heard: SpikeTrains
    outputs: SpikeBatch
    place: Indices
    times: Doubles

    def winners(self) -> Indices:
        """The output that fires first and alone [N]; -1 if there is none."""
        found = self.times.argmin(axis=1)
        alone = np.count_nonzero(self.times == self.times.min(axis=1, keepdims=True), axis=1) == 1
        return np.where(alone, found, -1)


class Classifier:
    """``weights`` [E], of which `hidden` [n, n_in] and `output` [classes, n] are views."""

    def __init__(self, n_in: int, n: int, classes: int) -> None:
        self.weights: Doubles = np.zeros(n * n_in + classes * n)
        self.hidden = self.weights[: n * n_in].reshape(n, n_in)
        self.output = self.weights[n * n_in :].reshape(classes, n)

    def layers(self) -> tuple[ExactLayer, ExactLayer]:
        """Both layers as they are now."""
        forced = np.column_stack([self.output, np.full(len(self.output), FORCE)])
        return (
            ExactLayer(self.hidden, RATE, RATE, 1.0, DEADLINE, once=True, floor=FLOOR),
            ExactLayer(forced, RATE, RATE, 1.0, UNTIL, once=True, floor=FLOOR),
        )

    def respond(self, times: Doubles) -> Answer:
        """Spikes of both layers for input ``times`` [N, n_in]."""
        first, second = self.layers()
        inputs = given(times)
        hidden = first.fire(inputs)
        heard = followed(hidden, DEADLINE, len(self.hidden))
        outputs = second.fire(heard)
        place = outputs.first()
        at = np.take_along_axis(outputs.times, np.maximum(place, 0), axis=1)
        return Answer(inputs, hidden, heard, outputs, place, np.where(place < 0, UNTIL, at))

    def accuracy(self, times: Doubles, labels: Indices) -> float:
        """Share of samples whose label wins."""
        right = np.count_nonzero(self.respond(times).winners() == labels)
        return right / len(labels)

    def gradient(self, times: Doubles, labels: Indices) -> tuple[float, Doubles]:
        """Mean loss of a batch and its gradient [E], backwards."""
        first, second = self.layers()
        response = self.respond(times)
        loss, adjoint, push = self.objective(response, labels)
        output, heard = second.vjp(response.heard, response.outputs, adjoint)
        hidden, _ = first.vjp(response.inputs, response.hidden, heard)
        return loss, push + np.concatenate([hidden.ravel(), output[:, :-1].ravel()])

    def estimate(self, times: Doubles, labels: Indices, v: Doubles) -> tuple[float, Doubles]:
        """Mean loss of a batch and an estimate [E] of its gradient, forwards.

        ``v`` [E, K] holds K directions for each layer: the derivative is taken along each layer's
        part alone, and all these samples share it. Weights into and out of hidden neurons that are
        silent in all of them move no spike: their derivatives are 0, and they are left out of v.
        """
        first, second = self.layers()
        response = self.respond(times)
        loss, adjoint, push = self.objective(response, labels)
        split, k = self.hidden.size, v.shape[1]
        fires = np.count_nonzero(~response.hidden.silent, axis=0) > 0
        hidden = v[:split].reshape(*self.hidden.shape, k) * fires[:, None, None]
        output = v[split:].reshape(*self.output.shape, k) * fires[:, None]
        still = np.zeros((len(self.output), len(self.hidden) + 1, k))
        own = still.copy()
        own[:, :-1] = output
        last = response.times.max(axis=1)
        moved = first.tangents(response.inputs, response.hidden, hidden, horizon=last)
        parts: list[Doubles] = []
        for directions, changes in ((hidden, (still, moved)), (output, (own,))):
            tangents = second.tangents(response.heard, response.outputs, *changes)
            along = np.einsum("bs,bsk->k", adjoint, tangents)
            parts.append((directions @ along).ravel() / k)
        return loss, push + np.concatenate(parts)

    def objective(self, response: Answer, labels: Indices) -> tuple[float, Doubles, Doubles]:
        """The mean loss, its derivatives by the outputs' spikes [N, S], and the push's own [E]."""
        t, place = response.times, response.place
        sample = np.arange(len(t))
        share = np.exp(-(t - t.min(axis=1, keepdims=True)) / TAU)
        share /= share.sum(axis=1, keepdims=True)
        late = np.exp(t[sample, labels])
        slope = -share / TAU
        slope[sample, labels] += 1 / TAU + EARLY * late
        gap = (t[sample, labels, None] - t) / TAU
        top = gap.max(axis=1)
        losses = top + np.log(np.exp(gap - top[:, None]).sum(axis=1)) + EARLY * (late - 1)
        adjoint = np.zeros_like(response.outputs.times)
        rows, outputs = np.nonzero(place >= 0)
        adjoint[rows, place[rows, outputs]] = slope[rows, outputs] / len(t)
        push = np.concatenate(
            [
                np.repeat(-PUSH * batch.silent.mean(axis=0), weights.shape[1])
                for batch, weights in (
                    (response.hidden, self.hidden),
                    (response.outputs, self.output),
                )
            ]
        )
        return float(losses.mean() + push @ self.weights), adjoint, push
