"""Training of an online network on classes: epochs, batches, rate and noise over the run."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.data.labelled.samples import ClassData, Labelled
from dualspike.golden.numeric import Floats
from dualspike.golden.online.loss import MixedLoss
from dualspike.golden.online.network import OnlineNetwork
from dualspike.golden.online.rules.noise import Noise, decayed
from dualspike.golden.online.rules.rule import Rule
from dualspike.golden.online.traces import answer, repeated, train_pass
from dualspike.golden.training.optimisers import Adam

Coding = Literal["static", "poisson", "events"]

TESTED = 256
"""Samples answered at a time."""


@dataclass(frozen=True)
class TrainingConfig:
    """How a run goes; the defaults are in the manner of Xiao et al., OPZO; alpha is our choice.

    The rate falls as half a cosine to 0 (AdamW: ``weight_decay`` shrinks theta apart from Adam),
    alpha in a straight line from ``alpha`` to ``last_alpha``. Images take ``steps`` time steps,
    events one for every frame.
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

    def frames(self, part: Labelled, rng: np.random.Generator, dtype: Any = np.float64) -> Floats:
        """Inputs [T, B, n] for B samples."""
        if self.coding == "events":
            counts = np.ascontiguousarray(part.x.swapaxes(0, 1), dtype)
            counts *= 1 / part.unit
            return counts
        if self.coding == "static":
            return repeated(part.x.astype(dtype), self.steps)
        return poisson_events(part.x, self.steps, rng).astype(dtype)


def poisson_events(x: Floats, steps: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Spike frames [steps, B, n]: in every step each x in [0, 1] is a probability."""
    return rng.random((steps, *x.shape)) < x


@dataclass(frozen=True)
class Epoch:
    """Mean training loss, share of validation samples answered rightly, spikes per neuron, step."""

    loss: float
    accuracy: float
    rates: list[float]


def accuracy(
    network: OnlineNetwork, config: TrainingConfig, part: Labelled, rng: np.random.Generator
) -> float:
    """Share of samples whose class has the largest answer."""
    right = 0
    for rows in np.split(np.arange(len(part)), range(TESTED, len(part), TESTED)):
        some = part.taken(rows)
        found = answer(network, config.frames(some, rng, network.theta.dtype)).argmax(axis=1)
        right += int((found == some.labels).sum())
    return right / len(part)


def synaptic_operations(network: OnlineNetwork, rates: list[float], steps: int) -> list[float]:
    """Additions per sample after every hidden layer: spikes times the fan-out, over all steps."""
    behind = zip(rates, network.hidden, network.synapses[1:], strict=True)
    return [steps * rate * n * one.fan_out for rate, n, one in behind]


def train(
    network: OnlineNetwork,
    rule: Rule,
    samples: ClassData,
    config: TrainingConfig,
    rng: np.random.Generator,
    noise: Noise | None = None,
    show: Callable[[int], None] = lambda _: None,
) -> list[Epoch]:
    """Train in place; every epoch takes the samples once, in a new order, in whole batches.

    ``noise`` is the rule's, whose alpha decays; ``show`` hears of every epoch. Poisson events are
    drawn anew for every batch and every validation.
    """
    adam = Adam()
    count = len(samples.train)
    batch = min(config.batch, count)
    whole = count // batch
    epochs: list[Epoch] = []
    for epoch in range(config.epochs):
        order = rng.permutation(count)
        if noise is not None:
            progress = epoch / max(1, config.epochs - 1)
            noise.alpha = decayed(config.alpha, config.last_alpha, progress)
        loss, rates = 0.0, np.zeros(len(network.hidden))
        for k in range(whole):
            chosen = samples.train.taken(order[k * batch : (k + 1) * batch])
            frames = config.frames(chosen, rng, network.theta.dtype)
            found = train_pass(network, rule, config.loss, frames, chosen.labels)
            part = (epoch + k / whole) / config.epochs
            rate = config.rate * (1 + math.cos(math.pi * part)) / 2
            network.theta *= 1 - rate * config.weight_decay
            adam.step(network.theta, found.gradient, rate)
            loss += found.loss / whole
            rates += np.array(found.rates) / whole
        right = accuracy(network, config, samples.validation, rng)
        epochs.append(Epoch(loss, right, rates.tolist()))
        show(epoch)
    return epochs
