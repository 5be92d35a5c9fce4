"""The variance of forward gradients along neurons: what the formula says, and what is measured.

Signs are drawn anew in every step, for every sample and layer, and nothing else is random. So the
variance of a mean over T steps and B samples is, with delta's by `predicted_variance`,

    E|g - grad|^2 = 1 / (K T^2 B^2) sum over t, b and l of var(delta_l[t]) (|a_l[t]|^2 + c[t]^2)

for fully connected layers: a_l[t] are the traces of what layer l is sent, c[t] is that of 1.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.data.labelled.samples import ClassData
from dualspike.golden.experiments.estimator.case import Value, mean_of
from dualspike.golden.numeric import Floats
from dualspike.golden.online.dense import perceptron
from dualspike.golden.online.loss import StepLoss
from dualspike.golden.online.network import OnlineNetwork
from dualspike.golden.online.rules.backpropagation import SpatialBackpropagation
from dualspike.golden.online.rules.forward import ForwardByNeurons, predicted_variance
from dualspike.golden.online.rules.rule import Step
from dualspike.golden.online.traces import train_pass
from dualspike.golden.online.training import TrainingConfig


@dataclass(frozen=True)
class Setting:
    """Two hidden layers of ``width`` neurons, K ``lanes`` each, a pass of ``steps``."""

    width: int = 32
    lanes: int = 1
    steps: int = 6


SETTINGS = (
    *(Setting(width=n) for n in (8, 32, 128)),
    *(Setting(lanes=n) for n in (4, 16)),
    *(Setting(steps=n) for n in (1, 2, 12)),
)


@dataclass(frozen=True)
class ForwardVariance:
    """E|g - grad|^2 / |grad|^2 of the hidden layers' gradient."""

    setting: Setting
    variance: Value


class Watched(SpatialBackpropagation):
    """Spatial back-propagation that sums up what forward gradients would vary by."""

    def __init__(self, frames: Floats) -> None:
        self.variance = 0.0
        self._frames, self._step, self._constant = frames, 0, 0.0
        self._traces: list[Floats] = []

    def signals(self, step: Step) -> list[Floats]:
        """See Rule.signals."""
        found = super().signals(step)
        leak = step.network.neuron.leak
        sent = [self._frames[self._step], *step.spikes[:-1]]
        if not self._traces:
            self._traces = [np.zeros_like(one) for one in sent]
        self._traces = [leak * a + one for a, one in zip(self._traces, sent, strict=True)]
        self._constant = leak * self._constant + 1
        self._step += 1
        for own, a in zip(predicted_variance(step, found), self._traces, strict=True):
            self.variance += float(own @ (np.square(a).sum(axis=1) + self._constant**2))
        return found


def predicted(
    network: OnlineNetwork, loss: StepLoss, frames: Floats, target: NDArray[Any]
) -> tuple[Floats, float]:
    """The hidden layers' gradient by spatial back-propagation, and the variance for K = 1."""
    rule = Watched(frames)
    found = train_pass(network, rule, loss, frames, target)
    return _hidden(network, found.gradient), rule.variance / np.prod(frames.shape[:2]) ** 2


def measured(
    network: OnlineNetwork,
    rule: ForwardByNeurons,
    loss: StepLoss,
    frames: Floats,
    target: NDArray[Any],
    draws: int,
) -> Floats:
    """The hidden layers' gradient from so many draws, [draws, N]."""
    rows = (train_pass(network, rule, loss, frames, target).gradient for _ in range(draws))
    return np.array([_hidden(network, g) for g in rows])


def forward_variances(
    samples: ClassData, config: TrainingConfig, draws: int
) -> list[ForwardVariance]:
    """Of every one of `SETTINGS`, from ``draws`` draws; batches of ``config``.

    Networks at their start, in double precision, from ``default_rng(0)``. Where the samples are
    events, a pass takes as many of their frames as there are.
    """
    found: list[ForwardVariance] = []
    for setting in SETTINGS:
        rng = np.random.default_rng(0)
        layers = [samples.shape.size, setting.width, setting.width, samples.classes]
        network = perceptron(layers, rng)
        size = min(config.batch, len(samples.train))
        chosen = samples.train.taken(rng.choice(len(samples.train), size, replace=False))
        frames = replace(config, steps=setting.steps).frames(chosen, rng)[: setting.steps]
        given = config.loss, frames, chosen.labels
        grad, variance = predicted(network, *given)
        rule = ForwardByNeurons(rng, setting.lanes)
        off = np.square(measured(network, rule, *given, draws) - grad).sum(axis=1) / (grad @ grad)
        exact = variance / setting.lanes / float(grad @ grad)
        found.append(ForwardVariance(setting, mean_of(exact, off)))
    return found


def _hidden(network: OnlineNetwork, gradient: Floats) -> Floats:
    return gradient[: -network.synapses[-1].size]
