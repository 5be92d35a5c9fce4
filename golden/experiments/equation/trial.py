"""One run that learns Poisson, from right sides by the energy or from solutions."""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from dualspike.golden.data.accuracy import mean_relative_l2, relative_l2
from dualspike.golden.data.problems.poisson import PoissonSettings
from dualspike.golden.experiments.paper.settings import load_settings
from dualspike.golden.float.equation import EquationModel, dual_points, energy, squares
from dualspike.golden.float.estimators.backpropagation import Backpropagation
from dualspike.golden.float.estimators.estimator import Estimator
from dualspike.golden.float.estimators.forward_gradient import ForwardGradient
from dualspike.golden.float.estimators.neuron_gradient import NeuronGradient
from dualspike.golden.numeric import Doubles
from dualspike.golden.training.divergence import ended_far
from dualspike.golden.training.optimisers import Adam
from dualspike.golden.training.schedules import Cosine
from dualspike.model.description.operator import Operator
from dualspike.model.keys import Purpose

Learned = Literal["energy", "solutions"]
EquationRule = Literal["BP", "RFG-L", "RFG-N", "tanh"]
BATCH = 200
"""Functions of an update."""
BETA1 = 0.99


@dataclass(frozen=True)
class EquationTrial:
    """A row: what it learns from, by what rule, and the reset of its neurons."""

    learned: Learned
    rule: EquationRule
    reset: Literal["attached", "detached"] = "attached"


@dataclass(frozen=True)
class EquationRun:
    """One run; errors are infinite where it diverged.

    ``validation``: what rates are chosen by, the energy of validation right sides or the error on
    their solutions. On test functions: ``error`` the mean of relative l2 errors, ``global_error``
    one norm over all, ``slope`` the global error of u'.
    """

    seed: int
    validation: float
    error: float
    global_error: float
    slope: float


@dataclass(frozen=True)
class Solved:
    """Functions: g at the sensors [F, m], and g and u on the grid [F, n]."""

    sensed: Doubles
    right: Doubles
    solution: Doubles


def problem() -> PoissonSettings:
    """That of the paper's experiment."""
    found = load_settings("poisson").problem
    assert isinstance(found, PoissonSettings)
    return found


@lru_cache
def functions() -> tuple[Doubles, Solved, Solved, Solved]:
    """The grid [n], and functions to train, to choose rates and to test on; once in a process."""
    settings = problem()
    step = settings.cells // (settings.sensors - 1)
    counts = (0, settings.train), (2, settings.validation), (1, settings.test)
    made = [settings.solved(*one) for one in counts]
    train, validation, test = (Solved(g[:, ::step], g, u) for _, g, u in made)
    return made[0][0], train, validation, test


def network(trial: EquationTrial) -> Operator:
    """The paper experiment's, with the trial's reset."""
    found = load_settings("poisson").operator
    parts = [part.model_copy(update={"reset": trial.reset}) for part in found.parts]
    return found.model_copy(update={"parts": parts})


def estimator(rule: EquationRule) -> Estimator:
    """One direction, where there are any."""
    match rule:
        case "RFG-L":
            return ForwardGradient("layer")
        case "RFG-N":
            return NeuronGradient()
        case "BP" | "tanh":
            return Backpropagation()


def execute(trial: EquationTrial, updates: int, rate: float, seed: int) -> EquationRun:
    """One run: Adam, half a cosine, as many functions and points in a batch for every row.

    From solutions all test points are learned; from the equation as many points of the grid, drawn
    anew for every update.
    """
    grid, train, validation, test = functions()
    shown = np.arange(0, len(grid), problem().cells // (problem().points - 1))
    by_energy = trial.learned == "energy"
    loss = energy if by_energy else squares
    model = EquationModel(network(trial), loss, spikes=trial.rule != "tanh")
    rule, optimiser, schedule = estimator(trial.rule), Adam(beta1=BETA1), Cosine(rate)
    theta, last = model.start(seed), 0.0
    places = dual_points(grid[shown, None])

    def errors(of: Solved) -> tuple[float, float, float]:
        found = model.fields(theta, (of.sensed, places))
        u, du = (one.astype(np.float64, copy=False) for one in found)
        truth, slopes = of.solution[:, shown], np.gradient(of.solution, grid, axis=1)[:, shown]
        return mean_relative_l2(u, truth), relative_l2(u, truth), relative_l2(du, slopes)

    start = max(1.0, errors(validation)[1])
    with np.errstate(over="ignore", invalid="ignore"):
        for update in range(updates):
            key = (seed, update)
            random = np.random.default_rng([*key, Purpose.BATCH])
            some = random.choice(len(train.right), BATCH, replace=False)
            points = shown
            if by_energy:
                points = np.sort(random.choice(len(grid), len(shown), replace=False))
            inputs = train.sensed[some], dual_points(grid[points, None])
            target = (train.right if by_energy else train.solution)[some][:, points]
            last, g = rule.gradient(model, theta, inputs, target, key)
            if not math.isfinite(last):
                break
            optimiser.step(theta, g, schedule.rate(update, updates))
        judged = errors(validation)
        if not math.isfinite(last) or ended_far(start**2, judged[1] ** 2):
            return EquationRun(seed, math.inf, math.inf, math.inf, math.inf)
        chosen = judged[0]
        if by_energy:
            right = validation.right[:, shown]
            chosen = model.loss(theta, (validation.sensed, places), right)
    return EquationRun(seed, chosen, *errors(test))
