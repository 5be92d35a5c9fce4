"""Where estimators are measured: a network, its weights and one batch, and what a mean is worth."""

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from dualspike.golden.data.load import load_problem
from dualspike.golden.data.problem import Problem, build
from dualspike.golden.experiments.paper.methods import METHODS, Experiment
from dualspike.golden.experiments.paper.run import Run, Training
from dualspike.golden.experiments.paper.settings import PaperSettings
from dualspike.golden.float.model import Inputs, Model
from dualspike.golden.numeric import Floats
from dualspike.golden.training.optimisers import Adam
from dualspike.model.description.load import load_preset, revised
from dualspike.model.errors import BadInput
from dualspike.model.keys import Purpose

Weights = Literal["start", "trained"]
Network = Experiment | Literal["digits"]


DIGITS_RATE = 5e-3
ROUNDING = 1e-10


@dataclass(frozen=True)
class Value:
    """A mean with its standard error, and what it should be."""

    predicted: float
    measured: float
    error: float

    @property
    def z(self) -> float:
        """Standard errors between the two."""
        return (self.measured - self.predicted) / self.error if self.error else 0.0


@dataclass(frozen=True, eq=False)
class Case:
    """A network with its weights and a batch, and the gradient by reverse mode.

    ``before``: another batch, at the same weights.
    """

    experiment: Network
    weights: Weights
    seed: int
    model: Model
    theta: Floats
    inputs: Inputs
    target: Floats
    gradient: Floats
    before: tuple[Inputs, Floats]

    @property
    def batch(self) -> list[int]:
        """Rows of every part."""
        return [len(x) for x in self.inputs]

    @property
    def by_row(self) -> list[Floats]:
        """What every row of a layer's part adds to its gradient, [B, N_l], by layer.

        By reverse mode, all rows but one answering as they should. Functions must not be weighed.
        """
        assert self.model.floor is None
        y = self.model.predict(self.theta, self.inputs)
        slots = self.model.layout.layers
        found: list[Floats] = [np.empty((len(self.inputs[s.part]), s.end - s.begin)) for s in slots]
        for part, rows in enumerate(self.inputs):
            for row in range(len(rows)):
                target, place = y.copy(), (*[slice(None)] * part, row)
                target[place] = self.target[place]
                g = self.model.gradient(self.theta, self.inputs, target, (self.seed,))[1]
                for slot, table in zip(slots, found, strict=True):
                    if slot.part == part:
                        table[row] = g[slot.slice]
        return found


def cases(
    settings: PaperSettings, seed: int, updates: int, problem: Problem | None = None
) -> Generator[Case, None, None]:
    """The network from its start, then after that many updates by back-propagation.

    Raises BadInput where that training diverges: nothing is measured there.
    """
    method = next(m for m in METHODS[settings.experiment] if m.rule == "BP")
    run = Run(settings.with_training(updates, quick=False), method, seed)
    problem = run.problem(problem or build(settings.problem))
    training = Training(run, problem)
    state = training.start()
    for weights in get_args(Weights):
        while weights == "trained" and state.update < updates:
            if not math.isfinite(training.update(state)):
                raise BadInput(_diverged(run, state.update))
        if weights == "trained" and training.far_off(state):
            raise BadInput(_diverged(run, state.update))
        theta, model = state.theta.copy(), training.model
        batches = [problem.batch((seed, state.update + n, Purpose.BATCH)) for n in (0, 1)]
        yield _case(settings.experiment, weights, seed, model, theta, batches)


def digit_cases(seed: int, updates: int) -> Generator[Case, None, None]:
    """The network of the preset ``digits`` without a leak, half the squared error, by Adam."""
    description = revised(load_preset("digits"), "network", leak=1.0)
    problem, model = load_problem(description), Model(description.operator)
    theta, optimiser = model.start(seed), Adam()
    for weights in get_args(Weights):
        done = updates if weights == "trained" else 0
        for update in range(done):
            given = problem.training_batch(seed, update)
            optimiser.step(theta, model.gradient(theta, *given, (seed, update))[1], DIGITS_RATE)
        batches = [problem.training_batch(seed, done + n) for n in (0, 1)]
        yield _case("digits", weights, seed, model, theta.copy(), batches)


def _case(
    network: Network,
    weights: Weights,
    seed: int,
    model: Model,
    theta: Floats,
    batches: Sequence[tuple[Inputs, Floats]],
) -> Case:
    (inputs, target), before = batches
    g = model.gradient(theta, inputs, target, (seed,))[1]
    return Case(network, weights, seed, model, theta, inputs, target, g, before)


def _diverged(run: Run, update: int) -> str:
    rate = run.settings.training.rates[run.method.rule]
    return (
        f"training of {run.settings.experiment} by {run.method.rule} with seed {run.seed} diverged"
        f" at update {update}: lower training.rates.{run.method.rule} ({rate:g})"
    )


def bias(single: Floats, g: Floats) -> Floats:
    """Z-scores of every parameter's mean; 0 where the estimate does not vary."""
    mean = single.mean(axis=0)
    spread = np.einsum("kn,kn->n", single, single) / len(single) - mean**2
    varies = spread > 1e-20 * (g @ g)
    z = np.zeros_like(g)
    z[varies] = (mean - g)[varies] / np.sqrt(spread[varies] / (len(single) - 1))
    return z


def mean_of(predicted: float, samples: Floats) -> Value:
    """Of samples, with its standard error; 0 where they differ by rounding alone."""
    error = float(samples.std(ddof=1)) / math.sqrt(len(samples))
    if error < ROUNDING * abs(predicted):
        error = 0.0
    return Value(predicted, float(samples.mean()), error)
