"""The online rules beside RFG as a found, plain data and curves."""

# Matplotlib's own annotations leave **kwargs untyped in nearly every drawing call.
# pyright: reportUnknownMemberType=false

import math
import statistics
from dataclasses import asdict
from pathlib import Path
from typing import Any

from dualspike.golden.experiments.cost.count import Count
from dualspike.golden.experiments.neighbours.study import (
    NeighbourRun,
    Neighbours,
    NeighbourTrial,
    count,
    directions,
    job,
    trials,
)
from dualspike.golden.experiments.opzo.trials import LOCAL
from dualspike.golden.experiments.runner.study import Study
from dualspike.golden.experiments.runner.table import finite, markdown_table, marked
from dualspike.golden.training.figure import INK, blank, write_figure
from dualspike.model.version import VERSION

COSTS = ["multiplications", "additions", "gated", "surrogates", "memory"]
COLOURS = {
    "BP": INK,
    "RFG-L": "#d97706",
    "RFG-G": "#facc15",
    "OTTT": "#0f766e",
    "OPZO": "#2563eb",
    "SPSA": "#be185d",
    "DFA": "#c2410c",
    "DKP": "#9333ea",
    "ZO": "#6b7280",
}


def results(found: Neighbours) -> dict[str, Any]:
    """What results.json holds; an error that is no finite number is null."""
    rows: list[dict[str, Any]] = []
    for trial, runs in found.trials.items():
        cost = count(trial, found.plan)
        rows.append(
            asdict(trial)
            | {
                "rate": found.rate(trial),
                "runs": [asdict(one) | {"error": finite(one.error)} for one in runs],
                "diverged": sum(math.isinf(one.error) for one in runs),
                "count": asdict(cost),
                "kept_words": _words(cost),
            }
        )
    tuning = [
        asdict(trial) | {"validation": {str(rate): finite(e) for rate, e in errors.items()}}
        for trial, errors in found.tuning.items()
    ]
    return {
        "experiment": "neighbours",
        "version": VERSION,
        "plan": asdict(found.plan),
        "tuning": tuning,
        "rows": rows,
    }


def markdown(found: Neighbours) -> str:
    """The table."""
    lines = [
        "# Online rules beside RFG",
        "",
        f"Relative l2 error on the test samples after {found.plan.updates} updates, median and "
        "range over the seeds; of poisson",
        "the mean over functions. Rates chosen on validation samples, seed 0. Operations of one "
        "update, in thousands: of gated",
        "additions at most so many are made. Memory: words of 32 bits kept, see "
        "`golden/experiments/cost/gradient.py` and `online_cost.py`.",
    ]
    for problem in dict.fromkeys(trial.problem for trial in found.trials):
        lines += [
            "",
            f"## {problem}",
            "",
            *markdown_table(
                ["rule", "error", "range", "rate", "updates", *COSTS],
                [
                    _cells(trial, runs, found)
                    for trial, runs in found.trials.items()
                    if trial.problem == problem
                ],
                tight=True,
            ),
        ]
    return "\n".join([*lines, ""])


def text(found: Neighbours) -> str:
    """The same for a terminal, without the operations."""
    return "\n".join(
        f"{trial.problem:8} {_name(trial):13} {cells[1]:7} {cells[2]}"
        for trial, runs in found.trials.items()
        for cells in [_cells(trial, runs, found)]
    )


def draw(found: Neighbours, folder: Path) -> list[str]:
    """Write ``curves``, validation errors over the updates, as PNG and PDF; returns their names."""
    problems = list(dict.fromkeys(trial.problem for trial in found.trials))
    figure = blank(5.4 * len(problems), 4.8)
    panels = figure.subplots(1, len(problems), squeeze=False)[0]
    for ax, problem in zip(panels, problems, strict=True):
        for trial in trials():
            if trial.problem != problem:
                continue
            base = trial.rule.removesuffix(LOCAL)
            columns = zip(*(one.validation for one in found.trials[trial]), strict=False)
            points = [(row[0][0], statistics.median(e for _, e in row)) for row in columns]
            style = ":" if trial.rule.endswith(LOCAL) else "-"
            ax.semilogy(*zip(*points, strict=True), style, color=COLOURS[base], label=_name(trial))
        ax.set_title(problem, color=INK)
        ax.set_xlabel("updates")
        ax.grid(axis="y", which="both", alpha=0.2)
        ax.spines[["top", "right"]].set_visible(False)
        below = (0.5, -0.13)
        ax.legend(frameon=False, fontsize=8, ncols=4, loc="upper center", bbox_to_anchor=below)
    panels[0].set_ylabel("relative l2 error on validation samples")
    return write_figure(figure, folder, "curves")


def _cells(trial: NeighbourTrial, runs: list[NeighbourRun], found: Neighbours) -> list[str]:
    errors = sorted(one.error for one in runs)
    cost = count(trial, found.plan)
    numbers = cost.multiplications, cost.additions, cost.gated, cost.surrogates
    return [
        _name(trial),
        marked(f"{statistics.median(errors):.4f}", errors.count(math.inf), len(errors)),
        f"{errors[0]:.4f}..{errors[-1]:.4f}",
        f"{found.rate(trial):g}",
        str(found.plan.updates),
        *(f"{n / 1000:,.0f}" for n in numbers),
        f"{_words(cost):,.0f}",
    ]


def _name(trial: NeighbourTrial) -> str:
    if trial.rule.startswith("RFG"):
        return f"{trial.rule}, K = {directions(trial)}"
    return trial.rule


def _words(cost: Count) -> int:
    """Of 32 bits."""
    return cost.kept_values + math.ceil(cost.kept_bits / 32)


STUDY = Study(job, results, markdown, text, draw)
