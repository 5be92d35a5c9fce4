"""What the runs of a folder came to: results for programs, and a table beside the paper's."""

import json
import math
import statistics
from dataclasses import dataclass
from typing import Any

from dualspike.golden.experiments.folder import Folder
from dualspike.golden.experiments.methods import METHODS, Method
from dualspike.golden.experiments.records import Outcome
from dualspike.golden.experiments.run import Run
from dualspike.golden.experiments.settings import Settings
from dualspike.model.identity import VERSION


@dataclass(frozen=True, eq=False)
class Row:
    """One method and the outcomes of its runs, one for each seed, in order of the seeds."""

    method: Method
    outcomes: dict[int, Outcome]

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
    def reached(self) -> bool:
        """Whether the median is at or below the published error."""
        return self.median <= self.method.published

    @property
    def seconds(self) -> float:
        """Median wall time of a run's updates."""
        return statistics.median(o.state.seconds for o in self._all)

    @property
    def typical(self) -> Outcome:
        """The run in the middle, the lower of two, which figures show."""
        order = sorted(self._all, key=lambda o: math.inf if o.diverged is not None else o.error)
        return order[(len(order) - 1) // 2]

    @property
    def _all(self) -> list[Outcome]:
        return list(self.outcomes.values())


@dataclass(frozen=True, eq=False)
class Report:
    """All runs of a folder that have ended, by method in the paper's order."""

    settings: Settings
    data: str
    rows: list[Row]

    def results(self) -> dict[str, Any]:
        """What results.json holds; all wall times are under ``timing``."""
        return {
            "experiment": self.settings.experiment,
            "version": VERSION,
            "data": self.data,
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
        widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
        lines = [
            "  ".join([cells[0].ljust(widths[0]), *map(str.rjust, cells[1:], widths[1:])])
            for cells in (header, *rows)
        ]
        return "\n".join([self.title, *lines, *self.diverged()])

    def markdown(self) -> str:
        """The table and the runs that diverged."""
        header, rows = self.table()
        rule = ["---", *["---:"] * (len(header) - 1)]
        remarks = [f"- {line}" for line in self.diverged()]
        lines = [f"| {' | '.join(cells)} |" for cells in (header, rule, *rows)]
        return "\n".join([f"# {self.title}", "", *lines, *([""] if remarks else []), *remarks, ""])

    @property
    def title(self) -> str:
        """What the errors are."""
        mean = "" if self.settings.operator.kind == "mlp" else ", mean over test functions"
        return f"{self.settings.experiment}: relative l2 error on the test samples{mean}"

    def diverged(self) -> list[str]:
        """One line for each run that diverged: where, and what may help."""
        rates = self.settings.training.rates
        return [
            f"{row.method.name} with seed {seed} diverged at update {outcome.diverged}:"
            f" lower training.rates.{row.method.rule} ({rates[row.method.rule]:g})"
            for row in self.rows
            for seed, outcome in row.outcomes.items()
            if outcome.diverged is not None
        ]

    def _cells(self, row: Row, operator: bool) -> list[str]:
        errors = row.errors
        spread = f"{errors[0]:.4f}..{errors[-1]:.4f}" if errors else "none"
        cells = [row.method.name, f"{row.method.published:.4f}", _shown(row.median), spread]
        cells += [_shown(row.global_median)] if operator else []
        cells += ["yes" if row.reached else "no", str(len(row.outcomes))]
        return [*cells, str(self.settings.training.updates), f"{row.seconds:.1f}"]


def collect(folder: Folder, settings: Settings, data: str) -> Report:
    """Everything in the folder that has ended; ``data`` is the checksum of the samples.

    Raises BadInput for an outcome that is damaged, or of other settings, data or another version.
    """
    rows: list[Row] = []
    for method in METHODS[settings.experiment]:
        outcomes: dict[int, Outcome] = {}
        for seed in _seeds(folder, method):
            outcome = Run(settings, method, seed).record(folder.runs, data).read_outcome()
            if outcome is not None:
                outcomes[seed] = outcome
        if outcomes:
            rows.append(Row(method, outcomes))
    return Report(settings, data, rows)


def to_json(results: dict[str, Any]) -> bytes:
    """The bytes of results.json."""
    return (json.dumps(results, indent=2, allow_nan=False) + "\n").encode()


def _seeds(folder: Folder, method: Method) -> list[int]:
    names = [file.stem.rpartition("-") for file in folder.runs.glob("*.npz")]
    return sorted(int(seed) for name, _, seed in names if name == method.name and seed.isdigit())


def _summary(row: Row) -> dict[str, Any]:
    errors = row.errors
    return {
        "method": row.method.name,
        "published": row.method.published,
        "median": _finite(row.median),
        "min": errors[0] if errors else None,
        "max": errors[-1] if errors else None,
        "global_median": _finite(row.global_median),
        "reached": row.reached,
        "seeds": list(row.outcomes),
    }


def _run(method: Method, seed: int, outcome: Outcome) -> dict[str, Any]:
    return {
        "method": method.name,
        "seed": seed,
        "updates": outcome.state.update,
        "diverged": outcome.diverged,
        "error": _finite(outcome.error),
        "global_error": _finite(outcome.global_error),
        "validation": [
            {"update": int(update), "error": _finite(error), "global_error": _finite(over_all)}
            for update, error, over_all in outcome.state.validation.tolist()
        ],
    }


def _timing(outcome: Outcome) -> dict[str, float]:
    seconds = outcome.state.seconds
    return {
        "seconds": seconds,
        "updates_per_second": outcome.state.update / seconds if seconds else 0.0,
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _shown(value: float) -> str:
    return f"{value:.4f}" if math.isfinite(value) else "diverged"
