"""Which rate is best for every rule of an experiment, on validation samples.

Every rule begins with the same grid, and every try has the same seeds and the settings' updates.
The best rate is that of the least mean error, of equals the lowest. While it is the lowest or the
highest one tried, the next one beyond it is tried, until it lies inside, or `MOST` are tried. The
test samples have no say; the seeds are none that a run which counts begins with.
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from dualspike.golden.data.store import checksum
from dualspike.golden.experiments.paper.methods import Method, every
from dualspike.golden.experiments.paper.run import Run, execute
from dualspike.golden.experiments.paper.settings import (
    OURS,
    PROBLEMS,
    PaperSettings,
    load_settings,
)
from dualspike.golden.experiments.paper.study import columns_of
from dualspike.golden.experiments.runner.folder import RunsFolder, alone
from dualspike.golden.experiments.runner.processes import Notice, run_processes
from dualspike.golden.experiments.runner.study import Job, Progress
from dualspike.model.errors import BadInput, not_one_of

LADDER = tuple(
    float(f"{step}e{power}") for power in range(-8, 1) for step in (1, 3) if (step, power) != (3, 0)
)
"""All rates that may be tried; a setting has at most 10."""
GRID = (1e-3, 3e-3, 1e-2, 3e-2)
"""What every rule begins with."""
MOST = 10
FIRST_SEED = 101
SEEDS = 2

Rule = tuple[str, str]
"""A column, and a rule of it."""


@dataclass(frozen=True)
class Tuning:
    """Mean validation error by rate of every rule, infinite where a seed diverged."""

    settings: PaperSettings
    seeds: tuple[int, ...]
    tried: dict[Rule, dict[float, float]] = field(default_factory=dict[Rule, dict[float, float]])

    def best(self, rule: Rule) -> float:
        """The rate of the least error, of equals the lowest."""
        errors = self.tried[rule]
        return min(sorted(errors), key=lambda rate: errors[rate])

    def inside(self, rule: Rule) -> bool:
        """Whether a lower and a higher rate than the best one were tried."""
        rates = sorted(self.tried[rule])
        return rates[0] < self.best(rule) < rates[-1]


def beyond(tried: dict[float, float]) -> list[float]:
    """What is to be tried next: the grid, then one rate beyond the edge that is best."""
    if not tried:
        return list(GRID)
    rates = sorted(tried)
    best = min(rates, key=lambda rate: tried[rate])
    place = LADDER.index(best)
    if len(tried) >= MOST:
        return []
    if best == rates[0] and place > 0:
        return [LADDER[place - 1]]
    if best == rates[-1] and place + 1 < len(LADDER):
        return [LADDER[place + 1]]
    return []


def job(
    network: str = "hat",
    columns: str = "all",
    seeds: int | None = None,
    quick: bool = False,
    jobs: int | None = None,
    updates: int | None = None,
) -> Job[Tuning]:
    """Tune the rules of an experiment's columns, from seeds 101 on; runs are kept in ``runs``."""
    if network not in PROBLEMS:
        raise BadInput(not_one_of("--network", PROBLEMS, network))
    settings = load_settings(network).with_training(updates, quick)
    wanted = columns_of(settings, columns)
    count = seeds or (1 if quick else SEEDS)
    numbers = tuple(range(FIRST_SEED, FIRST_SEED + count))

    def run(path: Path, progress: Progress) -> Tuning:
        found, folder = Tuning(settings, numbers), RunsFolder(path)
        rules = rules_of(settings, wanted)
        found.tried.update({rule: {} for rule in rules})
        while todo := {rule: rates for rule in rules if (rates := beyond(found.tried[rule]))}:
            _carry_out(found, folder, todo, jobs, progress)
        return found

    return Job(run, lambda path: alone(path, "runs"))


def rules_of(settings: PaperSettings, columns: Sequence[str]) -> list[Rule]:
    """Those that the columns have rates for; a surrogate shares the rate of its rule."""
    return [
        (column, rule)
        for column in columns
        for rule in dict.fromkeys(method.rule for method in every(settings.experiment))
        if rule in (settings.training if column == OURS else settings.columns[column]).rates
    ]


def run_of(settings: PaperSettings, rule: Rule, rate: float, seed: int) -> Run:
    """A try: the rule's first method in the table, with that rate."""
    column, name = rule
    method: Method = next(m for m in every(settings.experiment) if m.rule == name)
    made = settings.column(column, method)
    training = made.training.model_copy(update={"rates": {name: rate}})
    tried = made.model_copy(update={"training": training})
    return Run(tried, method, seed, f"{column}_{rate:g}")


def _carry_out(
    found: Tuning,
    folder: RunsFolder,
    todo: dict[Rule, list[float]],
    jobs: int | None,
    progress: Progress,
) -> None:
    """Try these rates; what has ended in the folder is not run again."""
    problem = folder.problem(found.settings)
    data = checksum(problem)
    tries = {
        (rule, rate): [run_of(found.settings, rule, rate, seed) for seed in found.seeds]
        for rule, rates in todo.items()
        for rate in rates
    }
    left = [
        run
        for runs in tries.values()
        for run in runs
        if not run.record(folder.runs).outcome.exists()
    ]
    if left:
        with progress(sum(run.updates for run in left)) as show:
            run_processes(left, partial(_work, folder), jobs, show)
    for (rule, rate), runs in tries.items():
        found.tried[rule][rate] = statistics.fmean(_error(run, folder, data) for run in runs)


def _error(run: Run, folder: RunsFolder, data: str) -> float:
    """The last validation error; infinite for a run that diverged."""
    outcome = run.record(folder.runs, data).read_outcome()
    assert outcome is not None
    return math.inf if outcome.diverged is not None else float(outcome.state.validation[-1, 1])


def _work(folder: RunsFolder, run: Run, notice: Notice) -> None:
    execute(run, folder.problem(run.settings), folder.runs, notice)
