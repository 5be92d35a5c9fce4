"""The study: every rule at the rate that is best for it on windows held back, three seeds."""

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import get_args

from dualspike.golden.experiments.runner.processes import workers
from dualspike.golden.experiments.runner.study import Job, Progress
from dualspike.golden.experiments.runner.tuned import Planned, Tuned
from dualspike.golden.experiments.series.trial import (
    Errors,
    SeriesRule,
    SeriesRun,
    execute,
    simple,
)
from dualspike.model.errors import BadInput

RULES: tuple[SeriesRule, ...] = get_args(SeriesRule)
MOST_UPDATES = 10**8


@dataclass(frozen=True)
class SeriesPlan:
    """Every rule takes the one of ``rates`` that is best for it in ``updates`` updates."""

    updates: int = 1000
    rates: tuple[float, ...] = (3e-3, 1e-2, 3e-2, 1e-1, 3e-1)
    seeds: int = 3


QUICK = SeriesPlan(updates=20, rates=(1e-2,), seeds=1)


@dataclass(frozen=True)
class Series(Tuned[SeriesRule, SeriesRun]):
    """All that was found, and what needs no network by name."""

    plan: SeriesPlan
    simple: dict[str, Errors] = field(default_factory=dict[str, Errors])

    def rate(self, trial: SeriesRule) -> float:
        """See Tuned.rate."""
        found = self.tuning[trial]
        return min(sorted(found), key=lambda rate: found[rate])

    def judged(self, run: SeriesRun) -> tuple[float, float]:
        """See Tuned.judged."""
        return run.validation, run.errors.next


def job(
    seeds: int | None = None,
    quick: bool = False,
    jobs: int | None = None,
    updates: int | None = None,
) -> Job[Series]:
    """The study, shared by processes whose number changes nothing."""
    if updates is not None and not 1 <= updates <= MOST_UPDATES:
        raise BadInput(f"--updates must be in [1, {MOST_UPDATES}], not {updates}")
    usual = QUICK if quick else SeriesPlan()
    plan = SeriesPlan(updates or usual.updates, usual.rates, seeds or usual.seeds)
    tries: list[tuple[SeriesRule, float]] = [(rule, rate) for rule in RULES for rate in plan.rates]
    todo = Planned[SeriesRule](tries, list(RULES), plan.seeds)

    def run(_: Path, progress: Progress) -> Series:
        found = Series({}, {}, plan, simple())
        with progress(len(todo)) as show, workers(jobs) as pool:
            found.carry_out(todo, pool, partial(_work, plan.updates), show)
        return found

    return Job(run)


def _work(updates: int, task: tuple[SeriesRule, float, int]) -> SeriesRun:
    return execute(task[0], updates, *task[1:])
