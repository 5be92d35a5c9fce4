"""Errors over lengths and sensors as a table, plain data and curves."""

# Matplotlib's own annotations leave **kwargs untyped in nearly every drawing call.
# pyright: reportUnknownMemberType=false

import math
import statistics
from dataclasses import asdict
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes

from dualspike.golden.experiments.paper.settings import load_settings
from dualspike.golden.experiments.runner.study import Study
from dualspike.golden.experiments.runner.table import (
    finite,
    markdown_table,
    marked,
    terminal_table,
)
from dualspike.golden.experiments.sweep.study import RULES, Sweep, SweepPlan, SweepTrial, job
from dualspike.golden.training.figure import ACCENT, INK, MUTED, blank, dress, write_figure
from dualspike.model.version import VERSION

SHOWN = ("least squares", "3 principal components")
"""Of what needs no network."""
COLOURS = {"BP": INK, "RFG-L": ACCENT, "RFG-N": "#be185d"}
LEAST = 1e-4
"""What curves end at."""
HEADER = ["length", "sensors", *RULES, *SHOWN]


def now(plan: SweepPlan | None = None) -> dict[str, Any]:
    """What figures depend on."""
    made = plan or SweepPlan()
    lists = {"lengths": list(made.lengths), "sensors": list(made.sensors)}
    return {
        "plan": asdict(made) | lists,
        "settings": load_settings("poisson_one_direction").tables(),
    }


def results(found: Sweep) -> dict[str, Any]:
    """What results.json holds; an error that is no finite number is null."""
    return {
        "study": "sweep",
        "version": VERSION,
        **now(found.plan),
        "rows": [
            {
                "length": length,
                "sensors": sensors,
                "errors": {
                    trial.rule: [finite(error) for error in errors]
                    for trial, errors in found.errors.items()
                    if (trial.length, trial.sensors) == (length, sensors)
                },
                "baselines": {one.name: one.error for one in fitted},
            }
            for (length, sensors), fitted in found.simple.items()
        ],
    }


def table(results: dict[str, Any]) -> list[list[str]]:
    """Cells of the table from results.json: medians over the seeds."""
    return [
        [
            f"{row['length']:g}",
            str(row["sensors"]),
            *(_median(row["errors"][rule]) for rule in RULES),
            *(f"{row['baselines'][name]:.4f}" for name in SHOWN),
        ]
        for row in results["rows"]
    ]


def markdown(found: Sweep) -> str:
    """The table, and what it is of."""
    plan = found.plan
    lines = [
        "# Poisson over lengths and sensors",
        "",
        f"Mean over test functions of the relative l2 error after {plan.updates} updates with one"
        f" direction, median of {plan.seeds} seeds.",
        "",
        *markdown_table(HEADER, table(results(found)), 2),
        "",
    ]
    return "\n".join(lines)


def text(found: Sweep) -> str:
    """For a terminal."""
    return "\n".join(terminal_table(HEADER, table(results(found)), 2))


def draw(found: Sweep, folder: Path) -> list[str]:
    """Write ``sweep``, errors over sensors by length, as PNG and PDF; returns their names."""
    lengths = found.plan.lengths
    figure = blank(3.6 * len(lengths), 3.9)
    panels = figure.subplots(1, len(lengths), squeeze=False, sharey=True)[0]
    for ax, length in zip(panels, lengths, strict=True):
        _curves(ax, found, length)
        dress(ax, f"length {length:g}")
        ax.set_xticks(found.plan.sensors, list(map(str, found.plan.sensors)))
        ax.minorticks_off()
        ax.set_xlabel("sensors")
        ax.grid(axis="y", alpha=0.2)
    panels[0].set_ylabel(f"relative l2 error, at least {LEAST:g}")
    lines = panels[0].get_legend_handles_labels()
    figure.legend(*lines, loc="outside lower center", ncols=5, frameon=False, fontsize=8)
    return write_figure(figure, folder, "sweep")


def _curves(ax: Axes, found: Sweep, length: float) -> None:
    """Median and range of every rule, and what needs no network."""
    sensors = list(found.plan.sensors)
    for rule in RULES:
        each = [found.errors[SweepTrial(length, count, rule)] for count in sensors]
        middle = list(map(statistics.median, each))
        ax.loglog(sensors, middle, "o-", color=COLOURS[rule], markersize=4, label=rule)
        for count, errors in zip(sensors, each, strict=True):
            ax.loglog([count] * 2, [min(errors), max(errors)], color=COLOURS[rule], alpha=0.5)
    for name, style in zip(SHOWN, (":", "--"), strict=True):
        fits = [one for c in sensors for one in found.simple[length, c] if one.name == name]
        ax.loglog(sensors, [max(one.error, LEAST) for one in fits], style, color=MUTED, label=name)


def _median(errors: list[float | None]) -> str:
    values = [math.inf if one is None else one for one in errors]
    middle = statistics.median(values)
    shown = f"{middle:.4f}" if math.isfinite(middle) else "diverged"
    return marked(shown, errors.count(None), len(errors))


STUDY = Study(job, results, markdown, text, draw)
