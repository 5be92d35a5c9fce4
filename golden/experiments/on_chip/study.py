"""The study of what an online chip learns from: its trials, which are left, and what came."""

import statistics
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from dualspike.golden.experiments.on_chip.cases import Case, case_of
from dualspike.golden.experiments.on_chip.price import Price, price
from dualspike.golden.experiments.on_chip.sources import SOURCES
from dualspike.golden.experiments.on_chip.trial import (
    BATCH,
    TUNING_SEED,
    OnChipOutcome,
    OnChipTrial,
    execute,
    read,
)
from dualspike.golden.experiments.runner.folder import alone
from dualspike.golden.experiments.runner.processes import run_processes
from dualspike.golden.experiments.runner.study import Job, Progress
from dualspike.model.errors import BadInput

TUNED_BITS = 12
"""Width at which the rates of a chip's source are tried."""

MOST_UPDATES = 10**8


@dataclass(frozen=True)
class OnChipPlan:
    """Widths next to float, seeds from 1 on, presentations (None: the case's), rates tried."""

    bits: tuple[int, ...] = (8, 10, 12, 16)
    seeds: int = 3
    samples: int | None = None
    rates: int = 4


QUICK = OnChipPlan((8, 12), 1, 960, 1)


@dataclass(frozen=True)
class Planned:
    """The trials of a plan on a case."""

    plan: OnChipPlan
    case: Case

    @property
    def sources(self) -> list[str]:
        """What there is for the case; inputs over time are for chips that learn online."""
        made = SOURCES.items()
        return [name for name, one in made if not (one.by_weights and self.case.events)]

    @property
    def samples(self) -> int:
        """Presentations of a run."""
        return self.plan.samples or self.case.network.samples

    def widths(self, source: str) -> list[int | None]:
        """Bits of weights, float last."""
        return [*(self.plan.bits if SOURCES[source].rule is None else ()), None]

    def tries(self, source: str) -> list[OnChipTrial]:
        """One for each rate, the slowest first."""
        bits = TUNED_BITS if SOURCES[source].rule is None else None
        offsets = sorted(SOURCES[source].rates, reverse=True)
        offsets = offsets if self.plan.rates > 1 else offsets[1:2]
        rates = [self.case.network.rate + one for one in offsets]
        return [
            OnChipTrial(self.case, source, bits, rate, self.samples, TUNING_SEED) for rate in rates
        ]

    def trials(self, folder: Path) -> list[OnChipTrial]:
        """Every source at its best rate, every width, every seed; all tries have ended."""
        return [
            replace(best, bits=bits, seed=seed)
            for source in self.sources
            for best in [max(self.tries(source), key=partial(_accuracy, folder))]
            for bits in self.widths(source)
            for seed in range(1, self.plan.seeds + 1)
        ]


@dataclass(frozen=True)
class Row:
    """A source at one width: its rate, what came of every seed, and what a chip of it pays."""

    source: str
    bits: int | None
    rate: int
    found: dict[int, OnChipOutcome]
    price: Price | None

    @property
    def accuracies(self) -> list[float]:
        """Ascending."""
        return sorted(one.accuracy for one in self.found.values())

    @property
    def diverged(self) -> list[int]:
        """The seeds of runs that did."""
        return [seed for seed, one in self.found.items() if one.diverged]

    @property
    def median(self) -> float:
        """Over the seeds."""
        return statistics.median(self.accuracies)


@dataclass(frozen=True)
class OnChip:
    """Everything asked for; ``tuning``: validation accuracy by source and rate."""

    planned: Planned
    tuning: dict[str, dict[int, float]]
    rows: list[Row]


def job(
    data: str = "digits",
    seeds: int | None = None,
    quick: bool = False,
    jobs: int | None = None,
    updates: int | None = None,
) -> Job[OnChip]:
    """Try rates on validation samples, then train what has not ended; outcomes are in ``runs``.

    ``updates``: of the online learner, `BATCH` samples each; all sources take as many samples.
    Raises BadInput for unknown or damaged data and a number out of range.
    """
    if updates is not None and not 1 <= updates <= MOST_UPDATES:
        raise BadInput(f"--updates must be in [1, {MOST_UPDATES}], not {updates}")
    plan = QUICK if quick else OnChipPlan()
    samples = plan.samples if updates is None else updates * BATCH[False]
    plan = replace(plan, seeds=seeds or plan.seeds, samples=samples)
    planned = Planned(plan, case_of(data))

    def run(folder: Path, progress: Progress) -> OnChip:
        tries = [one for source in planned.sources for one in planned.tries(source)]
        _carry_out(folder, tries, jobs, progress)
        _carry_out(folder, planned.trials(folder), jobs, progress)
        return collect(folder, planned)

    return Job(run, lambda folder: alone(folder, "runs"))


def collect(folder: Path, planned: Planned) -> OnChip:
    """The study from its files; all of its trials have ended."""
    tuning = {
        source: {one.rate: _accuracy(folder, one) for one in planned.tries(source)}
        for source in planned.sources
    }
    rows: dict[tuple[str, int | None], Row] = {}
    for trial in planned.trials(folder):
        place = trial.source, trial.bits
        if place not in rows:
            paid = None if trial.bits is None else price(trial.description())
            rows[place] = Row(*place, trial.rate, {}, paid)
        rows[place].found[trial.seed] = _outcome(folder, trial)
    return OnChip(planned, tuning, list(rows.values()))


def _carry_out(
    folder: Path, trials: Iterable[OnChipTrial], jobs: int | None, progress: Progress
) -> None:
    """Those that have not ended."""
    todo = [one for one in trials if read(folder, one) is None]
    if todo:
        with progress(sum(one.updates for one in todo)) as show:
            run_processes(todo, partial(execute, folder), jobs, show)


def _outcome(folder: Path, trial: OnChipTrial) -> OnChipOutcome:
    found = read(folder, trial)
    assert found is not None
    return found


def _accuracy(folder: Path, trial: OnChipTrial) -> float:
    return _outcome(folder, trial).accuracy
