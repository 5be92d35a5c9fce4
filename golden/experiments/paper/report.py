"""What the runs of a folder came to: results for programs, and a table next to the paper's."""

import math
from dataclasses import asdict, dataclass, field
from itertools import combinations
from typing import Any

from dualspike.golden.data.problem import Problem
from dualspike.golden.data.store import checksum
from dualspike.golden.experiments.paper.baselines import Baseline, baselines
from dualspike.golden.experiments.paper.methods import TANH, every
from dualspike.golden.experiments.paper.pairs import Pair, paired
from dualspike.golden.experiments.paper.rows import MethodRow
from dualspike.golden.experiments.paper.run import Run, stem
from dualspike.golden.experiments.paper.settings import OURS, PaperSettings
from dualspike.golden.experiments.runner.folder import RunsFolder
from dualspike.golden.experiments.runner.records import RunOutcome
from dualspike.golden.experiments.runner.table import finite, markdown_table, marked, terminal_table
from dualspike.model.version import VERSION


@dataclass(frozen=True, eq=False)
class Report:
    """All runs of a folder that have ended, by column, then method in the paper's order.

    ``baselines``: what was fitted to the problem without a network.
    """

    settings: PaperSettings
    problem: Problem
    rows: list[MethodRow]
    baselines: list[Baseline] = field(default_factory=list[Baseline])

    @property
    def ours(self) -> list[MethodRow]:
        """The spiking ones of our column, which figures show."""
        return [row for row in self.rows if row.column == OURS and row.method != TANH]

    @property
    def pairs(self) -> list[Pair]:
        """Rules of one column and surrogate, and one rule in several columns, seed by seed."""
        found: list[Pair] = []
        for one, other in combinations(self.rows, 2):
            same = one.column == other.column
            alike = one.method.surrogate == other.method.surrogate
            base = one.method.rule == "BP" or (one.method.rule, other.method.rule) in RULES
            if (same and alike and base) or (not same and one.method == other.method):
                pair = paired(label(one), one.by_seed, label(other), other.by_seed)
                found += [pair] if pair.seeds > 1 else []
        return found

    def results(self) -> dict[str, Any]:
        """What results.json holds; all wall times are under ``timing``."""
        each = [(row, seed, outcome) for row in self.rows for seed, outcome in row.outcomes.items()]
        return {
            "experiment": self.settings.experiment,
            "version": VERSION,
            "data": checksum(self.problem),
            "settings": self.settings.tables(),
            "columns": {
                name: column.model_dump(mode="json")
                for name, column in self.settings.columns.items()
            },
            "methods": [_summary(row) for row in self.rows],
            "baselines": [asdict(one) for one in self.baselines],
            "pairs": [asdict(one) for one in self.pairs],
            "runs": [_run(row, seed, outcome) for row, seed, outcome in each],
            "timing": {
                f"{stem(row.column, row.method)}-{seed}": _timing(outcome)
                for row, seed, outcome in each
            },
        }

    def table(self) -> tuple[list[str], list[list[str]]]:
        """(header, cells) of the table, the baselines first."""
        operator = self.settings.operator.kind != "mlp"
        header = ["setting", "method", "K", "published", "mean", "median", "min..max"]
        header += ["global norm"] if operator else []
        header += ["reached", "seeds", "updates", "seconds"]
        blank = [""] * (len(header) - (8 if operator else 7))
        cells = [
            ["baseline", one.name, "", "", "", f"{one.error:.4f}", ""]
            + ([f"{one.global_error:.4f}"] if operator else [])
            + blank
            for one in self.baselines
        ]
        return header, cells + [self._cells(row, operator) for row in self.rows]

    def text(self) -> str:
        """The table and the runs that diverged, for a terminal."""
        header, rows = self.table()
        return "\n".join([self.title, *terminal_table(header, rows, 2), *self.diverged()])

    def markdown(self) -> str:
        """The table, the runs that diverged, and the pairs."""
        header, rows = self.table()
        remarks = [f"- {line}" for line in self.diverged()]
        lines = markdown_table(header, rows, 2)
        if self.pairs:
            cells = [
                [one.first, one.second, f"{one.mean:+.4f}", f"{one.p:.4f}", str(one.seeds)]
                for one in self.pairs
            ]
            titles = ["of", "less", "mean difference", "p", "seeds"]
            lines += ["", "Seed by seed, exact paired test:", "", *markdown_table(titles, cells, 2)]
        return "\n".join([f"# {self.title}", "", *lines, *([""] if remarks else []), *remarks, ""])

    @property
    def title(self) -> str:
        """What the errors are."""
        mean = "" if self.settings.operator.kind == "mlp" else ", mean over test functions"
        return f"{self.settings.experiment}: relative l2 error on the test samples{mean}"

    def diverged(self) -> list[str]:
        """One line for each run that diverged: where, and what may help."""
        return [
            f"{stem(row.column, row.method)} with seed {seed} diverged{where}: lower"
            f" {place}.rates.{row.method.rule} ({training.rates[row.method.rule]:g})"
            for row in self.rows
            for training in [row.settings.training]
            for place in ["training" if row.column == OURS else f"columns.{row.column}"]
            for seed, outcome in row.outcomes.items()
            if outcome.diverged is not None
            for where in [
                f" at update {outcome.diverged}"
                if outcome.diverged < training.updates
                else ", its error ended far above its start"
            ]
        ]

    def _cells(self, row: MethodRow, operator: bool) -> list[str]:
        errors, runs = row.errors, len(row.outcomes)
        published = row.published
        cells = [row.column, row.method.name, str(row.directions or "")]
        cells += ["" if published is None else f"{published:.4f}"]
        cells += [marked(_shown(one), row.diverged, runs) for one in (row.mean, row.median)]
        cells += [f"{errors[0]:.4f}..{errors[-1]:.4f}" if errors else "none"]
        cells += [marked(_shown(row.global_median), row.diverged, runs)] if operator else []
        cells += [_reached(row), str(runs), str(row.settings.training.updates)]
        return [*cells, f"{row.seconds:.1f}"]


RULES = (("RFG-L", "RFG-G"), ("RFG-G", "RFG-L"), ("RFG-L", "RFG-LL"), ("RFG-L", "RFG-N"))
"""Compared with each other besides with BP."""


def label(row: MethodRow) -> str:
    """A row in words."""
    k = f", K = {row.directions}" if row.directions else ""
    return f"{row.column} {row.method.name}{k}"


def collect(folder: RunsFolder, settings: PaperSettings, problem: Problem) -> Report:
    """Everything in the folder that has ended, of runs that learned the problem.

    Raises BadInput for an outcome that is damaged, or of other settings, data or another version.
    """
    rows: list[MethodRow] = []
    data = checksum(problem)
    for column in (OURS, *settings.columns):
        for method in every(settings.experiment):
            made = settings.column(column, method)
            outcomes: dict[int, RunOutcome] = {}
            for seed in _seeds(folder, stem(column, method)):
                run = Run(made, method, seed, column)
                outcome = run.record(folder.runs, data).read_outcome()
                if outcome is not None:
                    outcomes[seed] = outcome
            if outcomes:
                rows.append(MethodRow(method, outcomes, made, column))
    return Report(settings, problem, rows, baselines(problem))


def _seeds(folder: RunsFolder, wanted: str) -> list[int]:
    names = [file.stem.rpartition("-") for file in folder.runs.glob("*.npz")]
    return sorted(int(seed) for name, _, seed in names if name == wanted and seed.isdigit())


def _reached(row: MethodRow) -> str:
    """Yes or no, and what differs from the paper: nobody reads the one without the other."""
    if row.reached is None:
        return ""
    word = "yes" if row.reached else "no"
    return f"{word}, by {', '.join(row.departures)}" if row.departures else word


def _summary(row: MethodRow) -> dict[str, Any]:
    errors, training = row.errors, row.settings.training
    return {
        "setting": row.column,
        "method": row.method.name,
        "directions": row.directions,
        "updates": training.updates,
        "optimiser": training.optimiser.kind,
        "rate": training.rates[row.method.rule],
        "published": row.published,
        "mean": finite(row.mean),
        "median": finite(row.median),
        "min": errors[0] if errors else None,
        "max": errors[-1] if errors else None,
        "diverged": row.diverged,
        "global_median": finite(row.global_median),
        "reached": row.reached,
        "departures": row.departures,
        "seeds": list(row.outcomes),
    }


def _run(row: MethodRow, seed: int, outcome: RunOutcome) -> dict[str, Any]:
    return {
        "setting": row.column,
        "method": row.method.name,
        "seed": seed,
        "updates": outcome.state.update,
        "diverged": outcome.diverged,
        "error": finite(outcome.error),
        "global_error": finite(outcome.global_error),
        "validation": [
            {"update": int(update), "error": finite(error), "global_error": finite(over_all)}
            for update, error, over_all in outcome.state.validation.tolist()
        ],
    }


def _timing(outcome: RunOutcome) -> dict[str, float]:
    seconds = outcome.state.seconds
    return {
        "seconds": seconds,
        "updates_per_second": outcome.state.update / seconds if seconds else 0.0,
    }


def _shown(value: float) -> str:
    return f"{value:.4f}" if math.isfinite(value) else "diverged"
