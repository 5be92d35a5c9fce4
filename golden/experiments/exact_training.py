"""Training of layered circuits by exact derivatives of firing times, backwards and forwards.

With t_k the first spike of output k (the end of the run if it was silent), the loss of a sample is

    L = -ln( exp(-t_label / TAU) / sum_k exp(-t_k / TAU) )
        - PUSH * sum over silent neurons j of sum_i w_ji

The second part is there because a silent neuron has no firing time and so no gradient: it raises
the weights of neurons for as long as they are silent. Two rules give the gradient g of the mean
over a batch: ``BP`` is `golden.exact.reverse.pull`; ``RFG-L`` takes K random directions of signs
in each layer alone, with `golden.exact.forward.directional`, and the mean of <dL, v> v over K.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Literal, get_args

import numpy as np

from dualspike.golden.exact.circuit import Circuit, layered
from dualspike.golden.exact.forward import directional
from dualspike.golden.exact.reverse import pull
from dualspike.golden.exact.spikes import Spikes, simulate
from dualspike.golden.experiments.exact_tasks import (
    TASKS,
    Floats,
    Indices,
    Task,
    TaskName,
    load_task,
)
from dualspike.golden.optimisers import Adam

Rule = Literal["BP", "RFG-L"]
RULES: tuple[Rule, ...] = get_args(Rule)

UNTIL = 4.5
"""End of every run, in time constants: those of currents and membranes are the same."""

TAU = 0.1
"""In time constants."""

PUSH = 0.005
"""How hard silent neurons are raised."""

FORCE = 10.0
"""Weight from the deadline to every output."""

FLOOR = 0.3
"""Slopes count as at least this, see `golden.exact.spikes.steep`."""

Show = Callable[[int, float], None]


@dataclass(frozen=True)
class Plan:
    """How a task is trained: Adam, with a rate that falls to 0 as half a cosine.

    ``means`` and ``spreads`` say what the weights into a neuron of the two layers add up to at the
    start: their means and standard deviations.
    """

    hidden: int
    epochs: int
    batch: int
    rates: dict[Rule, float]
    directions: int
    means: tuple[float, float]
    spreads: tuple[float, float]


PLANS: dict[TaskName, Plan] = {
    "xor": Plan(20, 150, 4, {"BP": 0.03, "RFG-L": 0.03}, 8, means=(4.0, 6.0), spreads=(2.5, 3.0)),
    "iris": Plan(20, 40, 11, {"BP": 0.01, "RFG-L": 0.02}, 32, means=(7.5, 8.0), spreads=(4.0, 3.0)),
}


@dataclass(frozen=True, eq=False)
class Trained:
    """``weights`` [E] at the end; mean ``losses`` and test ``accuracies`` after each epoch."""

    task: TaskName
    rule: Rule
    seed: int
    plan: Plan
    weights: Floats
    losses: list[float]
    accuracies: list[float]


def train_all(seeds: int, show: Show) -> list[Trained]:
    """Every task by every rule from seeds 1 to ``seeds``; ``show`` counts epochs."""
    found: list[Trained] = []
    done = 0
    for name, rule, seed in product(TASKS, RULES, range(1, seeds + 1)):
        plan = PLANS[name]
        before = done
        found.append(
            train(
                load_task(name, seed),
                plan,
                rule,
                seed,
                lambda epoch, loss, before=before: show(before + epoch, loss),
            )
        )
        done += plan.epochs
    return found


def train(task: Task, plan: Plan, rule: Rule, seed: int, show: Show) -> Trained:
    """Train from random weights; ``show`` hears how many epochs are done, and the mean loss."""
    rng = np.random.default_rng([seed, RULES.index(rule)])
    sizes = (task.times.shape[1], plan.hidden, task.classes)
    circuit, layers = network(sizes)
    w = start(sizes, plan, np.random.default_rng(seed))
    adam = Adam()
    losses: list[float] = []
    accuracies: list[float] = []
    for epoch in range(plan.epochs):
        order = rng.permutation(len(task.labels))
        batches = [order[i : i + plan.batch] for i in range(0, len(order), plan.batch)]
        total = 0.0
        for number, batch in enumerate(batches):
            v = directions(layers, plan.directions, rng) if rule == "RFG-L" else None
            loss, g = gradient(circuit, w, task.times[batch], task.labels[batch], v)
            done = (epoch + number / len(batches)) / plan.epochs
            rate = plan.rates[rule] * (1 + np.cos(np.pi * done)) / 2
            adam.step(w, np.where(layers < 2, g, 0.0), rate)
            total += loss * len(batch)
        losses.append(total / len(order))
        accuracies.append(accuracy(circuit, w, task.test_times, task.test_labels))
        show(epoch + 1, losses[-1])
    return Trained(task.name, rule, seed, plan, w, losses, accuracies)


def network(sizes: tuple[int, int, int]) -> tuple[Circuit, Indices]:
    """A circuit of (n_in, hidden, n_out) units, and the layer 0 or 1 of every connection.

    The last input is the deadline: it feeds nothing but the outputs, in layer 2, which stays.
    """
    n_in, hidden, n_out = sizes
    inner = layered((n_in - 1, hidden, n_out))
    deadline = n_in - 1
    source = inner.source + (inner.source >= deadline)
    circuit = Circuit(
        n_in,
        hidden + n_out,
        np.append(source, np.full(n_out, deadline)),
        np.append(inner.target + 1, n_in + hidden + np.arange(n_out)),
        synapse=1.0,
        membrane=1.0,
    )
    layers = np.where(circuit.source < n_in, 0, 1)
    return circuit, np.where(circuit.source == deadline, 2, layers)


def start(sizes: tuple[int, int, int], plan: Plan, rng: np.random.Generator) -> Floats:
    """Start weights [E] in the order of `network`: normal, and those of the deadline."""
    n_in, hidden, n_out = sizes
    parts = [
        rng.normal(mean / fan_in, spread / np.sqrt(fan_in), fan_out * fan_in)
        for fan_in, fan_out, mean, spread in zip(
            (n_in - 1, hidden), (hidden, n_out), plan.means, plan.spreads, strict=True
        )
    ]
    return np.concatenate([*parts, np.full(n_out, FORCE)])


def directions(layers: Indices, k: int, rng: np.random.Generator) -> Floats:
    """K directions of signs for each layer [2 K, E], 0 in the other one."""
    v = rng.integers(0, 2, (k, len(layers))) * 2.0 - 1.0
    return np.concatenate([v * (layers == layer) for layer in range(2)])


def gradient(
    circuit: Circuit, w: Floats, times: Floats, labels: Indices, v: Floats | None
) -> tuple[float, Floats]:
    """Mean loss of a batch and its gradient [E]; estimated if there are directions [2 K, E]."""
    total, g = 0.0, np.zeros_like(w)
    slopes = np.zeros(0 if v is None else len(v))
    for x, label in zip(times, labels, strict=True):
        spikes = simulate(circuit, w, x, np.arange(circuit.n_in), until=UNTIL)
        loss, adjoint, push = objective(spikes, int(label))
        total += loss
        if v is None:
            g += pull(spikes, adjoint, floor=FLOOR).weights + push
        else:
            slopes += directional(spikes, v, floor=FLOOR) @ adjoint + v @ push
    if v is not None:
        g = slopes @ v / (len(v) / 2)
    return total / len(labels), g / len(labels)


def objective(spikes: Spikes, label: int) -> tuple[float, Floats, Floats]:
    """The loss of a run, dL/dtimes [S], and dL/dw [E] of the part that silent neurons add."""
    circuit = spikes.circuit
    first = spikes.first()
    outputs = first[circuit.n_units - _outputs(circuit) :]
    fired = outputs >= 0
    t = np.where(fired, spikes.times[outputs], spikes.until)
    share = np.exp(-(t - t.min()) / TAU)
    share /= share.sum()
    adjoint = np.zeros(len(spikes.times))
    adjoint[outputs[fired]] = (((np.arange(len(t)) == label) - share) / TAU)[fired]
    push = np.where(first[circuit.target] < 0, -PUSH, 0.0)
    loss = np.log(np.exp((t[label] - t) / TAU).sum()) + push @ spikes.weights
    return float(loss), adjoint, push


def accuracy(circuit: Circuit, w: Floats, times: Floats, labels: Indices) -> float:
    """Share of samples whose output fires first, and alone."""
    right = 0
    for x, label in zip(times, labels, strict=True):
        spikes = simulate(circuit, w, x, np.arange(circuit.n_in), until=UNTIL)
        outputs = spikes.first()[circuit.n_units - _outputs(circuit) :]
        t = np.where(outputs >= 0, spikes.times[outputs], np.inf)
        right += bool(np.flatnonzero(t == t.min()).tolist() == [label] and t.min() < np.inf)
    return right / len(labels)


def _outputs(circuit: Circuit) -> int:
    """Number of neurons that feed nothing."""
    return circuit.n_units - len(np.union1d(circuit.source, np.arange(circuit.n_in)))
