"""Poisson over lengths of the random field and numbers of sensors: rules with one direction.

Network, batches, loss, optimiser, schedule and rates are those of `poisson_one_direction`, whatever
the length: only the sensors of the branch, and the updates, differ.
"""

import math
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from dualspike.golden.data.problem import Problem, build
from dualspike.golden.experiments.paper.baselines import Baseline, baselines
from dualspike.golden.experiments.paper.methods import METHODS
from dualspike.golden.experiments.paper.run import Run, Training
from dualspike.golden.experiments.paper.settings import PaperSettings, describe, load_settings
from dualspike.golden.experiments.runner.processes import workers
from dualspike.golden.experiments.runner.study import Job, Progress
from dualspike.model.errors import BadInput

RULES = ("BP", "RFG-L", "RFG-N")
MOST_UPDATES = 10**8


@dataclass(frozen=True)
class SweepPlan:
    """Lengths of the field, numbers of sensors, updates and seeds, from 1 on."""

    lengths: tuple[float, ...] = (1.0, 0.5, 0.2)
    sensors: tuple[int, ...] = (11, 26, 51)
    updates: int = 1500
    seeds: int = 3

    @property
    def trials(self) -> list["SweepTrial"]:
        """Every rule at every length and number of sensors."""
        return [
            SweepTrial(length, count, rule)
            for length in self.lengths
            for count in self.sensors
            for rule in RULES
        ]


QUICK = SweepPlan((1.0,), (11, 26), 20, 1)


@dataclass(frozen=True)
class SweepTrial:
    """A point of a curve."""

    length: float
    sensors: int
    rule: str


@dataclass(frozen=True)
class Sweep:
    """Errors of every trial by seed, infinite where a run diverged, and what needs no network."""

    plan: SweepPlan
    errors: dict[SweepTrial, list[float]] = field(default_factory=dict[SweepTrial, list[float]])
    simple: dict[tuple[float, int], list[Baseline]] = field(
        default_factory=dict[tuple[float, int], list[Baseline]]
    )


def settings(length: float, sensors: int, updates: int) -> PaperSettings:
    """Of `poisson_one_direction` with that problem and as many updates."""
    tables = load_settings("poisson_one_direction").model_dump()
    tables["problem"] |= {"field": {"kernel": "gaussian", "length": length}, "sensors": sensors}
    tables["operator"]["parts"][0]["layers"][0] = sensors
    tables["training"]["updates"] = updates
    return describe(tables, "sweep")


def execute(trial: SweepTrial, updates: int, seed: int) -> float:
    """The error on the test functions of a run, infinite if it diverged."""
    described = settings(trial.length, trial.sensors, updates)
    problem = _problem(trial.length, trial.sensors)
    method = next(m for m in METHODS["poisson"] if m.name == f"SG-{trial.rule}")
    training = Training(Run(described, method, seed), problem)
    state = training.start()
    with np.errstate(over="ignore", invalid="ignore"):
        while state.update < updates and math.isfinite(training.update(state)):
            pass
        error = training.errors(state, problem.test)[0]
    ended = state.update == updates and math.isfinite(error) and not training.far_off(state)
    return error if ended else math.inf


def job(
    seeds: int | None = None,
    quick: bool = False,
    jobs: int | None = None,
    updates: int | None = None,
) -> Job[Sweep]:
    """The study, shared by processes whose number changes nothing."""
    if updates is not None and not 1 <= updates <= MOST_UPDATES:
        raise BadInput(f"--updates must be in [1, {MOST_UPDATES}], not {updates}")
    usual = QUICK if quick else SweepPlan()
    plan = SweepPlan(usual.lengths, usual.sensors, updates or usual.updates, seeds or usual.seeds)

    def run(_: Path, progress: Progress) -> Sweep:
        found = Sweep(plan)
        tasks = [(trial, seed) for trial in plan.trials for seed in range(1, plan.seeds + 1)]
        with progress(len(tasks)) as show, workers(jobs) as pool:
            ended = zip(tasks, pool.map(partial(_work, plan.updates), tasks), strict=True)
            for done, (task, error) in enumerate(ended, 1):
                found.errors.setdefault(task[0], []).append(error)
                show(done, error)
        for trial in plan.trials:
            case = trial.length, trial.sensors
            if case not in found.simple:
                found.simple[case] = baselines(_problem(*case))
        return found

    return Job(run)


def _work(updates: int, task: tuple[SweepTrial, int]) -> float:
    return execute(task[0], updates, task[1])


@lru_cache(maxsize=1)
def _problem(length: float, sensors: int) -> Problem:
    """Trials of one case follow one another in a process."""
    return build(settings(length, sensors, 1).problem)
