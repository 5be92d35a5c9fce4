"""The online rules on the problems of the RFG paper, next to BP through time and RFG.

Network, start, batches, loss, optimiser and schedule are those of `golden.experiments.paper.run`;
the estimator of the gradient is what differs.
"""

import math
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from dualspike.golden.data.problem import Problem, build
from dualspike.golden.experiments.cost.count import Count
from dualspike.golden.experiments.cost.gradient import backpropagation, forward_gradient
from dualspike.golden.experiments.cost.online import online
from dualspike.golden.experiments.opzo.trials import LOCAL, named_rule
from dualspike.golden.experiments.paper.methods import METHODS, Experiment, Method
from dualspike.golden.experiments.paper.run import Run, Training
from dualspike.golden.experiments.paper.settings import PaperSettings, load_settings
from dualspike.golden.experiments.runner.processes import workers
from dualspike.golden.experiments.runner.study import Job, Progress
from dualspike.golden.experiments.runner.tuned import Planned, Tuned
from dualspike.golden.online.network import OnlineNetwork
from dualspike.golden.online.operator import Make, OnlineGradient
from dualspike.golden.online.rules.noise import Noise
from dualspike.golden.online.rules.rule import Rule

THROUGH_TIME = ("BP", "RFG-L", "RFG-G")
ONLINE = ("OTTT", "OPZO", "SPSA", "DFA", "DKP", "ZO")
WITH_LOCAL = ("OTTT", "OPZO", "DFA")
"""Also with local readouts on the hat; one hidden layer, as in poisson, has a readout already."""


@dataclass(frozen=True)
class NeighboursPlan:
    """Every rule takes the one of ``rates`` that is best for it in ``updates`` updates."""

    updates: int = 600
    rates: tuple[float, ...] = (1e-3, 3e-3, 1e-2)
    seeds: int = 3


QUICK = NeighboursPlan(updates=40, rates=(1e-2,), seeds=1)


@dataclass(frozen=True)
class NeighbourTrial:
    """One row of the table."""

    problem: Experiment
    rule: str


@dataclass(frozen=True)
class NeighbourRun:
    """One run: its relative l2 error on the test samples, read once, infinite if it diverged.

    ``validation``: updates and that error on the validation samples, in the course of the run.
    """

    seed: int
    error: float
    validation: list[tuple[int, float]]


@dataclass(frozen=True)
class Neighbours(Tuned[NeighbourTrial, NeighbourRun]):
    """All that was found; rates of rules without local readouts are chosen by validation error."""

    plan: NeighboursPlan

    def rate(self, trial: NeighbourTrial) -> float:
        """See Tuned.rate."""
        errors = self.tuning[_tuned_by(trial)]
        return min(sorted(errors), key=lambda rate: errors[rate])

    def judged(self, run: NeighbourRun) -> tuple[float, float]:
        """See Tuned.judged: the last validation error and the error on test samples."""
        last = run.validation[-1][1] if math.isfinite(run.error) else math.inf
        return last, run.error


def trials() -> list[NeighbourTrial]:
    """Every row once, in the order of the table."""
    hat = list(THROUGH_TIME)
    for rule in ONLINE:
        hat += [rule, rule + LOCAL] if rule in WITH_LOCAL else [rule]
    rows = [NeighbourTrial("hat", rule) for rule in hat]
    return [*rows, *(NeighbourTrial("poisson", rule) for rule in (*THROUGH_TIME, *ONLINE))]


def make(name: str) -> Make:
    """What makes the rule of that name, with the settings of `golden.experiments.opzo.trials`.

    OTTT is spatial back-propagation, online in time; so it is told from BP through time.
    """

    def build_rule(network: OnlineNetwork, noise: Noise, rng: np.random.Generator) -> Rule:
        return named_rule(name.replace("OTTT", "BP"), network, rng, noise)

    return build_rule


def settings(problem: Experiment, updates: int, rate: float | None = None) -> PaperSettings:
    """The experiment's settings with another number of updates, and with one rate for all rules."""
    found = load_settings(problem).with_training(updates, quick=False)
    if rate is None:
        return found
    rates = dict.fromkeys(found.training.rates, rate)
    training = found.training.model_copy(update={"rates": rates})
    return found.model_copy(update={"training": training})


def execute(trial: NeighbourTrial, updates: int, rate: float, seed: int) -> NeighbourRun:
    """One run."""
    described = settings(trial.problem, updates, rate)
    estimator = None
    if trial.rule not in THROUGH_TIME:
        estimator = OnlineGradient(described.operator, make(trial.rule), updates, seed)
    training = Training(Run(described, _method(trial), seed), _problem(trial.problem), estimator)
    state = training.start()
    with np.errstate(over="ignore", invalid="ignore"):
        while state.update < updates and math.isfinite(training.update(state)):
            pass
        error = training.errors(state, _problem(trial.problem).test)[0]
    if state.update < updates or not math.isfinite(error) or training.far_off(state):
        error = math.inf
    return NeighbourRun(seed, error, [(int(row[0]), float(row[1])) for row in state.validation])


def count(trial: NeighbourTrial, plan: NeighboursPlan) -> Count:
    """What one update of it costs, see `golden.experiments.cost.gradient` and `online_cost`."""
    described = settings(trial.problem, plan.updates)
    operator, batch = described.operator, described.batch_rows
    weighted = described.training.floor is not None
    scope = _method(trial).scope
    if trial.rule == "BP":
        return backpropagation(operator, batch, weighted=weighted)
    if trial.rule in THROUGH_TIME and scope is not None:
        return forward_gradient(operator, batch, scope, directions(trial), weighted=weighted)
    rule = trial.rule.removesuffix(LOCAL)
    return online(operator, batch, rule, local=trial.rule.endswith(LOCAL), weighted=weighted)


def directions(trial: NeighbourTrial) -> int:
    """K of RFG."""
    return load_settings(trial.problem).training.directions


def planned(plan: NeighboursPlan, seeds: int) -> Planned[NeighbourTrial]:
    """What a study trains."""
    rows = trials()
    tuned = [trial for trial in rows if trial == _tuned_by(trial)]
    return Planned([(trial, rate) for trial in tuned for rate in plan.rates], rows, seeds)


def job(seeds: int | None = None, quick: bool = False, jobs: int | None = None) -> Job[Neighbours]:
    """The study, shared by processes whose number changes nothing."""
    plan = QUICK if quick else NeighboursPlan()
    todo = planned(plan, seeds or plan.seeds)

    def run(_: Path, progress: Progress) -> Neighbours:
        found = Neighbours({}, {}, plan)
        with progress(len(todo)) as show, workers(jobs) as pool:
            found.carry_out(todo, pool, partial(_work, plan.updates), show)
        return found

    return Job(run)


def _work(updates: int, task: tuple[NeighbourTrial, float, int]) -> NeighbourRun:
    trial, rate, seed = task
    return execute(trial, updates, rate, seed)


def _tuned_by(trial: NeighbourTrial) -> NeighbourTrial:
    return NeighbourTrial(trial.problem, trial.rule.removesuffix(LOCAL))


def _method(trial: NeighbourTrial) -> Method:
    """The paper's, with the gaussian surrogate; for an online rule that of BP."""
    rule = trial.rule if trial.rule in THROUGH_TIME else "BP"
    found = (m for m in METHODS[trial.problem] if m.rule == rule and m.surrogate == "gaussian")
    return next(found)


@lru_cache
def _problem(name: Experiment) -> Problem:
    """Made once in every process."""
    return build(load_settings(name).problem)
