"""Where estimators are measured: a network, its weights and one batch, and what a mean is worth."""

import math
from collections.abc import Generator
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from dualspike.golden.data.problem import Problem, build
from dualspike.golden.experiments.paper.methods import METHODS, Experiment
from dualspike.golden.experiments.paper.run import Run, Training
from dualspike.golden.experiments.paper.settings import PaperSettings
from dualspike.golden.float.model import Inputs, Model
from dualspike.golden.numeric import Floats
from dualspike.model.errors import BadInput
from dualspike.model.keys import Purpose

Weights = Literal["start", "trained"]


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
    """A network with its weights and a batch, and the gradient by reverse mode."""

    experiment: Experiment
    weights: Weights
    seed: int
    model: Model
    theta: Floats
    inputs: Inputs
    target: Floats
    gradient: Floats


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
        inputs, target = problem.batch((seed, state.update, Purpose.BATCH))
        g = model.gradient(theta, inputs, target, (seed,))[1]
        yield Case(settings.experiment, weights, seed, model, theta, inputs, target, g)


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
    """Of samples, with its standard error."""
    error = float(samples.std(ddof=1)) / math.sqrt(len(samples))
    return Value(predicted, float(samples.mean()), error)
