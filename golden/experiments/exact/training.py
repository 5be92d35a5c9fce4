"""Training of spike-time classifiers by exact derivatives, backwards and forwards."""

from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np

from dualspike.golden.experiments.exact.network import RULES, Classifier, ExactRule
from dualspike.golden.experiments.exact.tasks import FOLDS, TASKS, SpikeTask, TaskName, load_task
from dualspike.golden.experiments.runner.study import Job, Progress, Show
from dualspike.golden.numeric import Doubles, Indices
from dualspike.golden.training.divergence import ended_far
from dualspike.golden.training.optimisers import Adam


@dataclass(frozen=True)
class ExactPlan:
    """How a task is trained: Adam, with rates that fall to 0 as half a cosine.

    ``rates``, and the ``means`` and ``spreads`` of normal start weights, are those of hidden
    neurons and of outputs. In RFG-L every ``group`` samples of a batch have ``directions`` of their
    own, K for each layer. In every epoch input spikes are moved by normal deviates of the standard
    deviation ``jitter``, but not before 0. With ``chosen``, the weights that count are those of the
    epoch that validates best, the latest of equals, else those of the last one.
    """

    hidden: int
    batch: int
    jitter: float
    means: tuple[float, float]
    spreads: tuple[float, float]
    epochs: dict[ExactRule, int]
    rates: dict[ExactRule, tuple[float, float]]
    directions: int
    group: int
    chosen: bool = False


PLANS: dict[TaskName, ExactPlan] = {
    "xor": ExactPlan(
        hidden=40,
        batch=4,
        jitter=0.0,
        means=(1.5, 0.2),
        spreads=(1.5, 0.4),
        epochs={"BP": 150, "RFG-L": 200},
        rates={"BP": (0.06, 0.02), "RFG-L": (0.06, 0.02)},
        directions=32,
        group=4,
    ),
    "iris": ExactPlan(
        hidden=10,
        batch=15,
        jitter=0.1,
        means=(0.8, 0.5),
        spreads=(0.5, 0.3),
        epochs={"BP": 100, "RFG-L": 120},
        rates={"BP": (0.01, 0.005), "RFG-L": (0.015, 0.0075)},
        directions=64,
        group=5,
    ),
    "yin-yang": ExactPlan(
        hidden=80,
        batch=50,
        jitter=0.0,
        means=(1.5, 0.22),
        spreads=(0.8, 0.2),
        epochs={"BP": 20, "RFG-L": 40},
        rates={"BP": (0.01, 0.0025), "RFG-L": (0.006, 0.0015)},
        directions=64,
        group=10,
        chosen=True,
    ),
}
"""Chosen by validation accuracy on seeds from 101 on, see docs/exact_gradients.md."""


@dataclass(frozen=True, eq=False)
class Trained:
    """A trained network, and its share of the test samples, read once.

    Mean ``losses`` and validation ``accuracies`` are those after each epoch.
    """

    task: TaskName
    rule: ExactRule
    seed: int
    fold: int
    plan: ExactPlan
    network: Classifier
    losses: list[float]
    accuracies: list[float]
    test: float

    @property
    def diverged(self) -> bool:
        """Whether the loss ended far above that of the first epoch."""
        return ended_far(self.losses[0], self.losses[-1])


def job(seeds: int = 1) -> Job[list[Trained]]:
    """Every task and fold by every rule, from seeds 1 to ``seeds``."""
    each: list[tuple[TaskName, ExactRule, int, int]] = [
        (name, rule, seed, fold)
        for name, rule, seed in product(TASKS, RULES, range(1, seeds + 1))
        for fold in range(FOLDS[name])
    ]

    def run(_: Path, progress: Progress) -> list[Trained]:
        found: list[Trained] = []
        done = 0
        with progress(sum(PLANS[name].epochs[rule] for name, rule, _, _ in each)) as show:
            for name, rule, seed, fold in each:

                def heard(epoch: int, loss: float, before: int = done) -> None:
                    show(before + epoch, loss)

                found.append(train(name, rule, seed, PLANS[name], heard, fold))
                done += PLANS[name].epochs[rule]
        return found

    return Job(run)


def train(
    name: TaskName, rule: ExactRule, seed: int, plan: ExactPlan, show: Show, fold: int = 0
) -> Trained:
    """Train from random weights; ``show`` hears how many epochs are done, and the mean loss."""
    task = load_task(name, seed, fold)
    network = start(task, plan, np.random.default_rng([seed, fold]))
    rng = np.random.default_rng([seed, fold, RULES.index(rule)])
    labels = task.train.labels
    adams = Adam(), Adam()
    parts = slice(network.hidden.size), slice(network.hidden.size, None)
    losses: list[float] = []
    accuracies: list[float] = []
    epochs = plan.epochs[rule]
    weights = network.weights.copy()
    for epoch in range(epochs):
        order = rng.permutation(len(labels))
        batches = [order[i : i + plan.batch] for i in range(0, len(order), plan.batch)]
        noise = plan.jitter * rng.standard_normal(task.train.times.shape)
        times = np.maximum(task.train.times + noise, 0)
        total = 0.0
        for number, batch in enumerate(batches):
            if rule == "BP":
                loss, g = network.gradient(times[batch], labels[batch])
            else:
                loss, g = estimate(network, times[batch], labels[batch], plan, rng)
            done = (epoch + number / len(batches)) / epochs
            falls = (1 + np.cos(np.pi * done)) / 2
            for adam, part, rate in zip(adams, parts, plan.rates[rule], strict=True):
                adam.step(network.weights[part], g[part], rate * falls)
            total += loss * len(batch)
        losses.append(total / len(order))
        accuracies.append(network.accuracy(task.validation.times, task.validation.labels))
        if not plan.chosen or accuracies[-1] == max(accuracies):
            weights[:] = network.weights
        show(epoch + 1, losses[-1])
    network.weights[:] = weights
    test = network.accuracy(task.test.times, task.test.labels)
    return Trained(name, rule, seed, fold, plan, network, losses, accuracies, test)


def estimate(
    network: Classifier,
    times: Doubles,
    labels: Indices,
    plan: ExactPlan,
    rng: np.random.Generator,
) -> tuple[float, Doubles]:
    """Mean loss of a batch and its gradient by RFG-L, one group after the other."""
    loss, g = 0.0, np.zeros_like(network.weights)
    for begin in range(0, len(labels), plan.group):
        group = slice(begin, begin + plan.group)
        share = len(labels[group]) / len(labels)
        v = signs(len(g), plan.directions, rng)
        part, estimated = network.estimate(times[group], labels[group], v)
        loss += share * part
        g += share * estimated
    return loss, g


def start(task: SpikeTask, plan: ExactPlan, rng: np.random.Generator) -> Classifier:
    """A network with random weights."""
    network = Classifier(task.train.times.shape[1], plan.hidden, task.classes)
    for weights, mean, spread in zip(
        (network.hidden, network.output), plan.means, plan.spreads, strict=True
    ):
        weights[:] = rng.normal(mean, spread, weights.shape)
    return network


def signs(n: int, k: int, rng: np.random.Generator) -> Doubles:
    """K directions of N random signs [N, K]."""
    return 2.0 * rng.integers(0, 2, (n, k)).astype(np.float64) - 1.0
