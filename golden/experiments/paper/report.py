"""What the runs of a folder came to: results for programs, and a table next to the paper's."""

import math
import statistics
from dataclasses import dataclass
from typing import Any

from dualspike.golden.data.problem import Problem
from dualspike.golden.data.store import checksum
from dualspike.golden.experiments.paper.methods import METHODS, Method
from dualspike.golden.experiments.paper.run import Run
from dualspike.golden.experiments.paper.settings import PaperSettings
from dualspike.golden.experiments.runner.folder import RunsFolder
from dualspike.golden.experiments.runner.records import RunOutcome
from dualspike.golden.experiments.runner.table import finite, markdown_table, marked, terminal_table
from dualspike.model.interface.identity import VERSION


@dataclass(frozen=True, eq=False)
class MethodRow:
    """One method and the outcomes of its runs, one for each seed, in order of the seeds."""

    method: Method
    outcomes: dict[int, RunOutcome]

    @property
    def errors(self) -> list[float]:
        """Errors of the runs that did not diverge, ascending."""
        return sorted(o.error for o in self.outcomes.values() if o.diverged is None)

    @property
    def median(self) -> float:
        """Median error over the seeds, a run that diverged counting as infinitely wrong."""
        return statistics.median(
            [math.inf if o.diverged is not None else o.error for o in self._all]
        )

    @property
    def global_median(self) -> float:
        """The same for the norm over all entries at once."""
        return statistics.median(
            [math.inf if o.diverged is not None else o.global_error for o in self._all]
        )

    @property
    def reached(self) -> bool | None:
        """Whether the median is at or below the published error; None where there is none."""
        published = self.method.published
        return None if published is None else self.median <= published

    @property
    def seconds(self) -> float:
        """Median wall time of a run's updates."""
        return statistics.median(o.state.seconds for o in self._all)

    @property
    def typical(self) -> RunOutcome:
        """The run in the middle, the lower of two, which figures show."""
        order = sorted(self._all, key=lambda o: math.inf if o.diverged is not None else o.error)
        return order[(len(order) - 1) // 2]

    @property
    def _all(self) -> list[RunOutcome]:
        return list(self.outcomes.values())


@dataclass(frozen=True, eq=False)
class Report:
    """All runs of a folder that have ended, by method in the paper's order, and their problem."""

    settings: PaperSettings
    problem: Problem
    rows: list[MethodRow]

    def results(self) -> dict[str, Any]:
        """What results.json holds; all wall times are under ``timing``."""
        return {
            "experiment": self.settings.experiment,
            "version": VERSION,
            "data": checksum(self.problem),
            "settings": self.settings.tables(),
            "methods": [_summary(row) for row in self.rows],
            "runs": [
                _run(row.method, seed, outcome)
                for row in self.rows
                for seed, outcome in row.outcomes.items()
            ],
            "timing": {
                f"{row.method.name}-{seed}": _timing(outcome)
                for row in self.rows
                for seed, outcome in row.outcomes.items()
            },
        }

    def table(self) -> tuple[list[str], list[list[str]]]:
        """(header, cells) of the table."""
        operator = self.settings.operator.kind != "mlp"
        header = ["method", "published", "median", "min..max"]
        header += ["global norm"] if operator else []
        header += ["reached", "seeds", "updates", "seconds"]
        return header, [self._cells(row, operator) for row in self.rows]

    def text(self) -> str:
        """The table and the runs that diverged, for a terminal."""
        header, rows = self.table()
        return "\n".join([self.title, *terminal_table(header, rows), *self.diverged()])

    def markdown(self) -> str:
        """The table and the runs that diverged."""
        header, rows = self.table()
        remarks = [f"- {line}" for line in self.diverged()]
        lines = markdown_table(header, rows)
        return "\n".join([f"# {self.title}", "", *lines, *([""] if remarks else []), *remarks, ""])

    @property
    def title(self) -> str:
        """What the errors are."""
        mean = "" if self.settings.operator.kind == "mlp" else ", mean over test functions"
        return f"{self.settings.experiment}: relative l2 error on the test samples{mean}"

    def diverged(self) -> list[str]:
        """One line for each run that diverged: where, and what may help."""
        rates, updates = self.settings.training.rates, self.settings.training.updates
        return [
            f"{row.method.name} with seed {seed} diverged{where}:"
            f" lower training.rates.{row.method.rule} ({rates[row.method.rule]:g})"
            for row in self.rows
            for seed, outcome in row.outcomes.items()
            if outcome.diverged is not None
            for where in [
                f" at update {outcome.diverged}"
                if outcome.diverged < updates
                else ", its error ended far above its start"
            ]
        ]

    def _cells(self, row: MethodRow, operator: bool) -> list[str]:
        errors = row.errors
        spread = f"{errors[0]:.4f}..{errors[-1]:.4f}" if errors else "none"
        published = row.method.published
        cells = [row.method.name, "" if published is None else f"{published:.4f}"]
        runs, diverged = len(row.outcomes), len(row.outcomes) - len(errors)
        cells += [marked(_shown(row.median), diverged, runs), spread]
        cells += [marked(_shown(row.global_median), diverged, runs)] if operator else []
        cells += [{True: "yes", False: "no", None: ""}[row.reached], str(len(row.outcomes))]
        return [*cells, str(self.settings.training.updates), f"{row.seconds:.1f}"]


def collect(folder: RunsFolder, settings: PaperSettings, problem: Problem) -> Report:
    """Everything in the folder that has ended, of runs that learned the problem.

    Raises BadInput for an outcome that is damaged, or of other settings, data or another version.
    """
    rows: list[MethodRow] = []
    data = checksum(problem)
    for method in METHODS[settings.experiment]:
        outcomes: dict[int, RunOutcome] = {}
        for seed in _seeds(folder, method):
            outcome = Run(settings, method, seed).record(folder.runs, data).read_outcome()
            if outcome is not None:
                outcomes[seed] = outcome
        if outcomes:
            rows.append(MethodRow(method, outcomes))
    return Report(settings, problem, rows)


def _seeds(folder: RunsFolder, method: Method) -> list[int]:
    names = [file.stem.rpartition("-") for file in folder.runs.glob("*.npz")]
    return sorted(int(seed) for name, _, seed in names if name == method.name and seed.isdigit())


def _summary(row: MethodRow) -> dict[str, Any]:
    errors = row.errors
    return {
        "method": row.method.name,
        "published": row.method.published,
        "median": finite(row.median),
        "min": errors[0] if errors else None,
        "max": errors[-1] if errors else None,
        "diverged": len(row.outcomes) - len(errors),
        "global_median": finite(row.global_median),
        "reached": row.reached,
        "seeds": list(row.outcomes),
    }


def _run(method: Method, seed: int, outcome: RunOutcome) -> dict[str, Any]:
    return {
        "method": method.name,
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
