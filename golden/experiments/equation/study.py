"""The study: every row at the rate that is best for it on validation functions, three seeds."""

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from dualspike.golden.data.accuracy import mean_relative_l2, relative_l2
from dualspike.golden.data.problem import build
from dualspike.golden.data.problems.poisson import solve_poisson
from dualspike.golden.experiments.equation.trial import (
    EquationRun,
    EquationTrial,
    execute,
    functions,
    problem,
)
from dualspike.golden.experiments.paper.baselines import Baseline, baselines
from dualspike.golden.experiments.runner.processes import workers
from dualspike.golden.experiments.runner.study import Job, Progress
from dualspike.golden.experiments.runner.tuned import Planned, Tuned
from dualspike.model.errors import BadInput

ROWS = (
    *(EquationTrial("energy", rule) for rule in ("BP", "RFG-L", "RFG-N", "tanh")),
    EquationTrial("energy", "BP", "detached"),
    *(EquationTrial("solutions", rule) for rule in ("BP", "RFG-L", "RFG-N", "tanh")),
)

MOST_UPDATES = 10**8


@dataclass(frozen=True)
class EquationPlan:
    """Every row takes the one of ``rates`` that is best for it in ``updates`` updates."""

    updates: int = 3000
    rates: tuple[float, ...] = (1e-3, 3e-3, 1e-2)
    seeds: int = 3


QUICK = EquationPlan(updates=20, rates=(3e-3,), seeds=1)


@dataclass(frozen=True)
class Equation(Tuned[EquationTrial, EquationRun]):
    """All that was found."""

    plan: EquationPlan
    baselines: list[Baseline] = field(default_factory=list[Baseline])

    def rate(self, trial: EquationTrial) -> float:
        """See Tuned.rate."""
        found = self.tuning[trial]
        return min(sorted(found), key=lambda rate: found[rate])

    def judged(self, run: EquationRun) -> tuple[float, float]:
        """See Tuned.judged."""
        return run.validation, run.error


def simple() -> list[Baseline]:
    """What needs no network: three fits to solutions, and one that solves the equation.

    That is Numerov's scheme on the sensors, straight lines in between.
    """
    grid, _, _, test = functions()
    step = problem().cells // (problem().points - 1)
    sensors = np.linspace(-1, 1, problem().sensors)
    u = np.empty((len(test.right), problem().points))
    for place, row in zip(u, solve_poisson(test.sensed), strict=True):
        place[:] = np.interp(grid[::step], sensors, row)
    truth = test.solution[:, ::step]
    errors = mean_relative_l2(u, truth), relative_l2(u, truth)
    return [*baselines(build(problem())), Baseline("finite differences at the sensors", 0, *errors)]


def job(
    seeds: int | None = None,
    quick: bool = False,
    jobs: int | None = None,
    updates: int | None = None,
) -> Job[Equation]:
    """The study, shared by processes whose number changes nothing."""
    if updates is not None and not 1 <= updates <= MOST_UPDATES:
        raise BadInput(f"--updates must be in [1, {MOST_UPDATES}], not {updates}")
    plan = QUICK if quick else EquationPlan()
    plan = EquationPlan(updates or plan.updates, plan.rates, seeds or plan.seeds)
    todo = Planned([(row, rate) for row in ROWS for rate in plan.rates], list(ROWS), plan.seeds)

    def run(_: Path, progress: Progress) -> Equation:
        found = Equation({}, {}, plan, simple())
        with progress(len(todo)) as show, workers(jobs) as pool:
            found.carry_out(todo, pool, partial(_work, plan.updates), show)
        return found

    return Job(run)


def _work(updates: int, task: tuple[EquationTrial, float, int]) -> EquationRun:
    return execute(task[0], updates, *task[1:])
