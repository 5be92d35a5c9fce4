"""Training of an online network on classes: epochs, batches, rate and noise over the run."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.online.digits import Samples, poisson_events
from dualspike.golden.online.loss import MixedLoss
from dualspike.golden.online.network import OnlineNetwork
from dualspike.golden.online.noise import Noise, decayed
from dualspike.golden.online.rule import Rule
from dualspike.golden.online.traces import answer, repeated, train_pass
from dualspike.golden.optimisers import Adam

Floats = NDArray[np.floating[Any]]
Coding = Literal["static", "poisson"]


@dataclass(frozen=True)
class Course:
    """How a run goes; the defaults are in the manner of Xiao et al., OPZO; alpha is our choice.

    The rate falls as half a cosine to 0 (AdamW: ``weight_decay`` shrinks theta apart from Adam),
    alpha in a straight line from ``alpha`` to ``last_alpha``.
    """

    epochs: int = 40
    batch: int = 128
    steps: int = 6
    rate: float = 1e-3
    weight_decay: float = 2e-4
    alpha: float = 0.2
    last_alpha: float = 0.01
    coding: Coding = "static"
    loss: MixedLoss = field(default_factory=MixedLoss)

    def frames(self, x: Floats, rng: np.random.Generator) -> Floats:
        """Inputs [steps, B, n] for samples x [B, n]."""
        if self.coding == "static":
            return repeated(x, self.steps)
        return poisson_events(x, self.steps, rng)


@dataclass(frozen=True)
class Epoch:
    """Mean training loss, share of test samples answered rightly, spikes per neuron and step."""

    loss: float
    accuracy: float
    rates: list[float]


def accuracy(network: OnlineNetwork, frames: Floats, labels: NDArray[np.integer[Any]]) -> float:
    """Share of samples whose class has the largest answer, over frames [T, B, n]."""
    return float((answer(network, frames).argmax(axis=1) == labels).mean())


def synaptic_operations(network: OnlineNetwork, rates: list[float], steps: int) -> list[float]:
    """Additions per sample behind every hidden layer: spikes times the fan-out, over all steps."""
    behind = zip(rates, network.hidden, network.synapses[1:], strict=True)
    return [steps * rate * n * one.fan_out for rate, n, one in behind]


def train(
    network: OnlineNetwork,
    rule: Rule,
    samples: Samples,
    course: Course,
    rng: np.random.Generator,
    noise: Noise | None = None,
    show: Callable[[int], None] = lambda _: None,
) -> list[Epoch]:
    """Train in place; every epoch takes the samples once, in a new order, in whole batches.

    ``noise`` is the rule's, whose alpha decays; ``show`` hears of every epoch. Poisson events are
    drawn anew for every batch, for tests once.
    """
    test = course.frames(samples.test_x, rng)
    adam = Adam()
    whole = len(samples.x) // course.batch
    epochs: list[Epoch] = []
    for epoch in range(course.epochs):
        order = rng.permutation(len(samples.x))
        if noise is not None:
            progress = epoch / max(1, course.epochs - 1)
            noise.alpha = decayed(course.alpha, course.last_alpha, progress)
        loss, rates = 0.0, np.zeros(len(network.hidden))
        for k in range(whole):
            chosen = order[k * course.batch : (k + 1) * course.batch]
            frames = course.frames(samples.x[chosen], rng)
            found = train_pass(network, rule, course.loss, frames, samples.labels[chosen])
            part = (epoch + k / whole) / course.epochs
            rate = course.rate * (1 + math.cos(math.pi * part)) / 2
            network.theta *= 1 - rate * course.weight_decay
            adam.step(network.theta, found.gradient, rate)
            loss += found.loss / whole
            rates += np.array(found.rates) / whole
        right = accuracy(network, test, samples.test_labels)
        epochs.append(Epoch(loss, right, rates.tolist()))
        show(epoch)
    return epochs
