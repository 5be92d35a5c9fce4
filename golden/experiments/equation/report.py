"""Poisson from the equation and from solutions as a table, plain data and a picture."""

# Matplotlib's own annotations leave **kwargs untyped in nearly every drawing call.
# pyright: reportUnknownMemberType=false

import math
import statistics
from dataclasses import asdict
from pathlib import Path
from typing import Any

from dualspike.golden.experiments.equation.study import Equation, EquationPlan, job
from dualspike.golden.experiments.equation.trial import (
    EquationRule,
    EquationRun,
    EquationTrial,
    Learned,
    problem,
)
from dualspike.golden.experiments.runner.study import Study
from dualspike.golden.experiments.runner.table import (
    finite,
    markdown_table,
    marked,
    terminal_table,
)
from dualspike.golden.training.figure import ACCENT, INK, blank, write_figure
from dualspike.model.version import VERSION

HEADER = ["learned from", "rule", "error", "min..max", "global norm", "of u'", "rate", "seeds"]


def now(plan: EquationPlan | None = None) -> dict[str, Any]:
    """What figures depend on."""
    made = plan or EquationPlan()
    plain = asdict(made) | {"rates": list(made.rates)}
    return {"plan": plain, "problem": asdict(problem())}


def results(found: Equation) -> dict[str, Any]:
    """What results.json holds; an error that is no finite number is null."""
    return {
        "study": "equation",
        "version": VERSION,
        **now(found.plan),
        "baselines": [asdict(one) for one in found.baselines],
        "tuning": [
            asdict(trial) | {"validation": {f"{rate:g}": finite(e) for rate, e in tried.items()}}
            for trial, tried in found.tuning.items()
        ],
        "rows": [
            asdict(trial) | {"rate": found.rate(trial), "runs": list(map(_run, runs))}
            for trial, runs in found.trials.items()
        ],
    }


def table(results: dict[str, Any]) -> list[list[str]]:
    """Cells of the table from results.json, the baselines first."""
    fitted = [
        ["baseline", one["name"], f"{one['error']:.4f}", "", f"{one['global_error']:.4f}"]
        + [""] * 3
        for one in results["baselines"]
    ]
    return fitted + [_cells(row) for row in results["rows"]]


def markdown(found: Equation) -> str:
    """The table, and what it is of."""
    lines = [
        "# Poisson from the equation alone, and from solutions",
        "",
        f"Relative l2 error on the test functions after {found.plan.updates} updates with one"
        " direction, median and range. Rates chosen on",
        "validation functions, seed 0: by the energy where the equation is learned, whose"
        " solutions nobody looks at.",
        "",
        *markdown_table(HEADER, table(results(found)), 2),
        "",
    ]
    return "\n".join(lines)


def text(found: Equation) -> str:
    """For a terminal."""
    return "\n".join(terminal_table(HEADER, table(results(found)), 2))


def draw(found: Equation, folder: Path) -> list[str]:
    """Write ``equation``, errors of both ways by rule, as PNG and PDF; returns their names."""
    figure = blank(6.4, 4.2)
    ax = figure.subplots()
    ways: list[tuple[Learned, str, float]] = [("energy", ACCENT, -0.1), ("solutions", INK, 0.1)]
    rules: tuple[EquationRule, ...] = ("BP", "RFG-N", "RFG-L", "tanh")
    for learned, colour, shift in ways:
        for place, rule in enumerate(rules):
            runs = found.trials[EquationTrial(learned, rule)]
            errors = [one.error for one in runs if math.isfinite(one.error)]
            label = f"from {learned}" if not place else None
            places = [place + shift] * len(errors)
            ax.semilogy(places, errors, "o", color=colour, markersize=5, label=label)
    ax.set_xticks(range(len(rules)), rules)
    ax.set_ylabel("relative l2 error on the test functions")
    ax.grid(axis="y", which="both", alpha=0.2)
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(frameon=False)
    return write_figure(figure, folder, "equation")


def _run(run: EquationRun) -> dict[str, Any]:
    return {key: value if key == "seed" else finite(value) for key, value in asdict(run).items()}


def _cells(row: dict[str, Any]) -> list[str]:
    name = row["learned"] + (", detached reset" if row["reset"] == "detached" else "")
    runs = row["runs"]
    ended = sorted(one["error"] for one in runs if one["error"] is not None)
    off = len(runs) - len(ended)

    def median(key: str) -> str:
        values = [math.inf if one[key] is None else one[key] for one in runs]
        middle = statistics.median(values)
        return marked(f"{middle:.4f}" if math.isfinite(middle) else "diverged", off, len(runs))

    span = f"{ended[0]:.4f}..{ended[-1]:.4f}" if ended else "none"
    figures = [median("error"), span, median("global_error"), median("slope")]
    return [name, row["rule"], *figures, f"{row['rate']:g}", str(len(runs))]


STUDY = Study(job, results, markdown, text, draw)
