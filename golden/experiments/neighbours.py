"""The online rules on the problems of the RFG paper, beside BP through time and RFG.

Network, start, batches, loss, optimiser and schedule are those of `golden.experiments.run`; the
estimator of the gradient is what differs.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from dualspike.golden.experiments import opzo
from dualspike.golden.experiments.cost import Count, backpropagation, forward_gradient
from dualspike.golden.experiments.methods import METHODS, Experiment, Method
from dualspike.golden.experiments.online_cost import online
from dualspike.golden.experiments.opzo import LOCAL
from dualspike.golden.experiments.pool import workers
from dualspike.golden.experiments.run import Run, Training
from dualspike.golden.experiments.settings import Settings, load_settings
from dualspike.golden.online.network import OnlineNetwork
from dualspike.golden.online.noise import Noise
from dualspike.golden.online.operator import Make, OnlineGradient
from dualspike.golden.online.rule import Rule
from dualspike.golden.problems.problem import Problem, build

THROUGH_TIME = ("BP", "RFG-L", "RFG-G")
ONLINE = ("OTTT", "OPZO", "SPSA", "DFA", "DKP", "ZO")
WITH_LOCAL = ("OTTT", "OPZO", "DFA")
"""Also with local readouts on the hat; one hidden layer, as in poisson, has a readout already."""


@dataclass(frozen=True)
class Plan:
    """Every rule takes the one of ``rates`` that is best for it in ``updates`` updates."""

    updates: int = 600
    rates: tuple[float, ...] = (1e-3, 3e-3, 1e-2)
    seeds: int = 3


QUICK = Plan(updates=40, rates=(1e-2,), seeds=1)


@dataclass(frozen=True)
class Trial:
    """One row of the table."""

    problem: Experiment
    rule: str


@dataclass(frozen=True)
class Found:
    """One run: its relative l2 error on the test samples, read once, infinite if it diverged.

    ``validation``: updates and that error on the validation samples, in the course of the run.
    """

    seed: int
    error: float
    validation: list[tuple[int, float]]


@dataclass(frozen=True)
class Table:
    """All that was found; ``tuning``: validation error by rate, of rules without local readouts."""

    plan: Plan
    tuning: dict[Trial, dict[float, float]]
    trials: dict[Trial, list[Found]]

    def rate(self, trial: Trial) -> float:
        """The best one in the validation; of equals the lowest."""
        errors = self.tuning[_tuned_by(trial)]
        return min(sorted(errors), key=lambda rate: errors[rate])


Task = tuple[Trial, int, float, int]
"""A trial, its updates, rate and seed."""


def trials() -> list[Trial]:
    """Every row once, in the order of the table."""
    hat = list(THROUGH_TIME)
    for rule in ONLINE:
        hat += [rule, rule + LOCAL] if rule in WITH_LOCAL else [rule]
    rows = [Trial("hat", rule) for rule in hat]
    return [*rows, *(Trial("poisson", rule) for rule in (*THROUGH_TIME, *ONLINE))]


def make(name: str) -> Make:
    """What makes the rule of that name, with the settings of `golden.experiments.opzo`.

    OTTT is spatial back-propagation, online in time; so it is told from BP through time.
    """

    def build_rule(network: OnlineNetwork, noise: Noise, rng: np.random.Generator) -> Rule:
        return opzo.build(name.replace("OTTT", "BP"), network, rng, noise)

    return build_rule


def settings(problem: Experiment, updates: int, rate: float | None = None) -> Settings:
    """The experiment's settings with another number of updates, and with one rate for all rules."""
    found = load_settings(problem).with_training(updates, quick=False)
    if rate is None:
        return found
    rates = dict.fromkeys(found.training.rates, rate)
    training = found.training.model_copy(update={"rates": rates})
    return found.model_copy(update={"training": training})


def execute(trial: Trial, updates: int, rate: float, seed: int) -> Found:
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
    if state.update < updates or not math.isfinite(error):
        error = math.inf
    return Found(seed, error, [(int(row[0]), float(row[1])) for row in state.validation])


def count(trial: Trial, plan: Plan) -> Count:
    """What one update of it costs, see `golden.experiments.cost` and `online_cost`."""
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


def directions(trial: Trial) -> int:
    """K of RFG."""
    return load_settings(trial.problem).training.directions


def study(plan: Plan, seeds: int, jobs: int, show: Callable[[int, float], object]) -> Table:
    """Tune every rule from seed 0 on validation samples, then run all from seeds 1 to ``seeds``.

    ``jobs`` processes share the runs, which are the same whatever their number. ``show`` hears the
    number of runs done and an error.
    """
    table = Table(plan, {}, {})
    done = 0
    with workers(jobs) as pool:

        def results(tasks: list[Task]) -> Iterator[tuple[Task, Found]]:
            nonlocal done
            for task, found in zip(tasks, pool.map(_work, tasks), strict=True):
                done += 1
                show(done, found.error)
                yield task, found

        tries = [(trial, plan.updates, rate, 0) for trial in _tuned() for rate in plan.rates]
        for (trial, _, rate, _), found in results(tries):
            last = found.validation[-1][1] if math.isfinite(found.error) else math.inf
            table.tuning.setdefault(trial, {})[rate] = last
        full = [
            (trial, plan.updates, table.rate(trial), seed)
            for trial in trials()
            for seed in range(1, seeds + 1)
        ]
        for (trial, _, _, _), found in results(full):
            table.trials.setdefault(trial, []).append(found)
    return table


def runs(plan: Plan, seeds: int) -> int:
    """How many a study makes."""
    return len(_tuned()) * len(plan.rates) + len(trials()) * seeds


def _work(task: Task) -> Found:
    return execute(*task)


def _tuned() -> list[Trial]:
    return [trial for trial in trials() if trial == _tuned_by(trial)]


def _tuned_by(trial: Trial) -> Trial:
    return Trial(trial.problem, trial.rule.removesuffix(LOCAL))


def _method(trial: Trial) -> Method:
    """The paper's, with the gaussian surrogate; for an online rule that of BP."""
    rule = trial.rule if trial.rule in THROUGH_TIME else "BP"
    found = (m for m in METHODS[trial.problem] if m.rule == rule and m.surrogate == "gaussian")
    return next(found)


@lru_cache
def _problem(name: Experiment) -> Problem:
    """Made once in every process."""
    return build(load_settings(name).problem)
