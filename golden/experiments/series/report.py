"""Forecasts of Mackey-Glass as a table, plain data and a picture."""

# Matplotlib's own annotations leave **kwargs untyped in nearly every drawing call.
# pyright: reportUnknownMemberType=false

import math
import statistics
from dataclasses import asdict
from pathlib import Path
from typing import Any

from dualspike.golden.experiments.runner.study import Study
from dualspike.golden.experiments.runner.table import finite, markdown_table, marked, terminal_table
from dualspike.golden.experiments.series.study import RULES, Series, SeriesPlan, job
from dualspike.golden.experiments.series.trial import LYAPUNOV, OPERATOR, START, TAU
from dualspike.golden.training.figure import ACCENT, MUTED, blank, write_figure
from dualspike.model.version import VERSION

HEADER = [
    "kind",
    "rule",
    "next value",
    "min..max",
    "1 Lyapunov time",
    "10 of them",
    "rate",
    "seeds",
]


def now(plan: SeriesPlan | None = None) -> dict[str, Any]:
    """What figures depend on."""
    made = plan or SeriesPlan()
    return {
        "plan": asdict(made) | {"rates": list(made.rates)},
        "series": {"tau": TAU, "lyapunov_time": LYAPUNOV, "start": START},
        "network": OPERATOR.model_dump(mode="json"),
    }


def results(found: Series) -> dict[str, Any]:
    """What results.json holds; an error that is no finite number is null."""
    return {
        "study": "series",
        "version": VERSION,
        **now(found.plan),
        "baselines": {name: asdict(errors) for name, errors in found.simple.items()},
        "tuning": {
            rule: {f"{rate:g}": finite(error) for rate, error in tried.items()}
            for rule, tried in found.tuning.items()
        },
        "rows": [
            {
                "rule": rule,
                "rate": found.rate(rule),
                "runs": [
                    {"seed": run.seed, "validation": finite(run.validation)}
                    | {key: finite(error) for key, error in asdict(run.errors).items()}
                    for run in runs
                ],
            }
            for rule, runs in found.trials.items()
        ],
    }


def table(results: dict[str, Any]) -> list[list[str]]:
    """Cells of the table from results.json, in percent."""
    fitted = [
        ["baseline", name, f"{one['next']:.2f}", "", f"{one['one']:.1f}", f"{one['all']:.1f}"]
        + [""] * 2
        for name, one in results["baselines"].items()
    ]
    return fitted + [_cells(row) for row in results["rows"]]


def markdown(found: Series) -> str:
    """The table, and what it is of."""
    lines = [
        "# Mackey-Glass, tau = 17",
        "",
        f"sMAPE in percent after {found.plan.updates} updates, median of {found.plan.seeds} seeds:"
        " of the next value, with its range, and of",
        "values that are made from forecasts alone, over one Lyapunov time and over ten.",
        "",
        *markdown_table(HEADER, table(results(found)), 2),
        "",
    ]
    return "\n".join(lines)


def text(found: Series) -> str:
    """For a terminal."""
    return "\n".join(terminal_table(HEADER, table(results(found)), 2))


def draw(found: Series, folder: Path) -> list[str]:
    """Write ``series``, errors of the next value by rule, as PNG and PDF; returns their names."""
    figure = blank(6.4, 4.2)
    ax = figure.subplots()
    for place, rule in enumerate(RULES):
        errors = [r.errors.next for r in found.trials[rule] if math.isfinite(r.errors.next)]
        ax.semilogy([place] * len(errors), errors, "o", color=ACCENT, markersize=5)
    for name, style in zip(found.simple, ("-", ":", "--"), strict=True):
        ax.axhline(found.simple[name].next, linestyle=style, color=MUTED, label=name)
    ax.set_xticks(range(len(RULES)), RULES)
    ax.set_ylabel("sMAPE of the next value, %")
    ax.grid(axis="y", which="both", alpha=0.2)
    ax.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside lower center", ncols=3, frameon=False)
    return write_figure(figure, folder, "series")


def _cells(row: dict[str, Any]) -> list[str]:
    runs = row["runs"]
    ended = sorted(one["next"] for one in runs if one["next"] is not None)
    off = len(runs) - len(ended)

    def median(key: str, places: int) -> str:
        middle = statistics.median(math.inf if one[key] is None else one[key] for one in runs)
        shown = f"{middle:.{places}f}" if math.isfinite(middle) else "diverged"
        return marked(shown, off, len(runs))

    kind = "yardstick" if row["rule"] in ("BP", "tanh") else "rule"
    span = f"{ended[0]:.2f}..{ended[-1]:.2f}" if ended else "none"
    figures = [median("next", 2), span, median("one", 1), median("all", 1)]
    return [kind, row["rule"], *figures, f"{row['rate']:g}", str(len(runs))]


STUDY = Study(job, results, markdown, text, draw)
