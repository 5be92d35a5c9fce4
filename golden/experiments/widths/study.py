"""The study of widths: which trials it has, which of them are left, and what all came to."""

import statistics
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from dualspike.golden.experiments.runner.folder import alone
from dualspike.golden.experiments.runner.processes import run_processes
from dualspike.golden.experiments.runner.study import Job, Progress
from dualspike.golden.experiments.widths.trial import (
    NAMES,
    FormatOutcome,
    FormatTrial,
    NetworkName,
    execute,
    narrowed,
    read,
)
from dualspike.model.description.format import Format
from dualspike.model.description.head import ProductFlag
from dualspike.model.errors import BadInput
from dualspike.model.interface.register import ALARMS, Flag

UPDATES: dict[NetworkName, int] = {"hat": 5000, "poisson": 8000, "reaction-diffusion": 8000}
QUICK_UPDATES = 25
MOST_UPDATES = 10**8
SEEDS = 3
QUICK_FORMATS = 1
FLAGS = [*(flag for flag in Flag if 1 << flag & ALARMS), *ProductFlag]


@dataclass(frozen=True)
class WidthsPlan:
    """Which networks, how many seeds from 1 on, updates other than `UPDATES`, few formats."""

    networks: list[NetworkName]
    seeds: int = SEEDS
    updates: int | None = None
    quick: bool = False

    def trials(self, network: NetworkName) -> list[FormatTrial]:
        """The preset's own formats first, then every factor, each from all seeds."""
        count = self.updates or (QUICK_UPDATES if self.quick else UPDATES[network])
        pairs, tried = [("", "")], 1 + QUICK_FORMATS if self.quick else None
        for factor, forms in narrowed(network).items():
            pairs += [(factor, form) for form in forms[1:tried]]
        return [
            FormatTrial(network, factor, form, count, seed)
            for factor, form in pairs
            for seed in range(1, self.seeds + 1)
        ]

    def left(self, folder: Path) -> list[FormatTrial]:
        """The trials that have not ended; BadInput for an outcome of other settings."""
        every = [trial for network in self.networks for trial in self.trials(network)]
        return [trial for trial in every if read(folder, trial) is None]


@dataclass(frozen=True)
class FormatRow:
    """One format of one network, with an outcome for every seed. ``own``: the preset's."""

    network: NetworkName
    factor: str
    form: str
    own: bool
    found: dict[int, FormatOutcome]

    @property
    def bits(self) -> int:
        """Width of the format."""
        return Format.parse(self.form).bits

    @property
    def errors(self) -> list[float]:
        """Ascending."""
        return sorted(one.error for one in self.found.values())

    @property
    def median(self) -> float:
        """Over the seeds."""
        return statistics.median(self.errors)

    @property
    def global_median(self) -> float:
        """Over the seeds, of the norm over everything."""
        return statistics.median(one.global_error for one in self.found.values())

    @property
    def diverged(self) -> int:
        """How many runs did."""
        return sum(one.diverged for one in self.found.values())

    @property
    def flags(self) -> list[str]:
        """What saturated in any of the runs."""
        raised = 0
        for one in self.found.values():
            raised |= one.flags
        return [flag.name.lower() for flag in FLAGS if raised >> flag & 1]


@dataclass(frozen=True)
class Widths:
    """Everything asked for: rows by network and factor, the preset's own format first."""

    rows: list[FormatRow]
    updates: dict[NetworkName, int]
    seeds: int

    @property
    def networks(self) -> list[NetworkName]:
        """In their order."""
        return list(self.updates)

    def of(self, network: NetworkName) -> dict[str, list[FormatRow]]:
        """A network's rows by factor."""
        factors: dict[str, list[FormatRow]] = {}
        for row in self.rows:
            if row.network == network:
                factors.setdefault(row.factor, []).append(row)
        return factors


def job(
    network: str = "all",
    seeds: int | None = None,
    quick: bool = False,
    jobs: int | None = None,
    updates: int | None = None,
) -> Job[Widths]:
    """Train what has not ended, and leave every outcome in ``runs``.

    Raises BadInput for an unknown network and a number out of range.
    """
    networks: list[NetworkName] = [name for name in NAMES if network in (name, "all")]
    if not networks:
        raise BadInput(f"--network must be all or one of {', '.join(NAMES)}, not {network!r}")
    if updates is not None and not 1 <= updates <= MOST_UPDATES:
        raise BadInput(f"--updates must be in [1, {MOST_UPDATES}], not {updates}")
    plan = WidthsPlan(networks, seeds or (1 if quick else SEEDS), updates, quick)

    def run(folder: Path, progress: Progress) -> Widths:
        todo = plan.left(folder)
        if todo:
            with progress(sum(trial.updates for trial in todo)) as show:
                run_processes(todo, partial(execute, folder), jobs, show)
        return collect(folder, plan)

    return Job(run, lambda folder: alone(folder, "runs"))


def collect(folder: Path, plan: WidthsPlan) -> Widths:
    """The study from its files; all of its trials have ended."""
    rows: list[FormatRow] = []
    counts: dict[NetworkName, int] = {}
    for network in plan.networks:
        found: dict[tuple[str, str], dict[int, FormatOutcome]] = {}
        for trial in plan.trials(network):
            counts[network] = trial.updates
            outcome = read(folder, trial)
            assert outcome is not None
            found.setdefault((trial.factor, trial.form), {})[trial.seed] = outcome
        for factor, forms in narrowed(network).items():
            rows.append(FormatRow(network, factor, forms[0], True, found["", ""]))
            rows += [
                FormatRow(network, factor, form, False, found[factor, form])
                for form in forms[1:]
                if (factor, form) in found
            ]
    return Widths(rows, counts, plan.seeds)
