"""Rates that were chosen, as a table, plain data and curves."""

# Matplotlib's own annotations leave **kwargs untyped in nearly every drawing call.
# pyright: reportUnknownMemberType=false

from pathlib import Path
from typing import Any

from dualspike.golden.experiments.paper.settings import load_settings
from dualspike.golden.experiments.runner.study import Study
from dualspike.golden.experiments.runner.table import finite, markdown_table, terminal_table
from dualspike.golden.experiments.tune.study import Tuning, job
from dualspike.golden.training.figure import blank, write_figure
from dualspike.model.version import VERSION

HEADER = ["setting", "rule", "best rate", "error", "inside", "tried"]


def results(found: Tuning) -> dict[str, Any]:
    """What results.json holds; the error of a rate that diverged is null."""
    return {
        "experiment": "tune",
        "version": VERSION,
        "network": found.settings.experiment,
        "settings": found.settings.tables(),
        "seeds": list(found.seeds),
        "rules": [
            {
                "setting": rule[0],
                "rule": rule[1],
                "best": found.best(rule),
                "inside": found.inside(rule),
                "errors": {f"{rate:g}": finite(errors[rate]) for rate in sorted(errors)},
            }
            for rule, errors in found.tried.items()
        ],
    }


def markdown(found: Tuning) -> str:
    """The table, and what it is of."""
    return "\n".join([_title(found), "", *markdown_table(HEADER, table(results(found)), 2), ""])


def text(found: Tuning) -> str:
    """For a terminal."""
    return "\n".join([_title(found), *terminal_table(HEADER, table(results(found)), 2)])


def draw(found: Tuning, folder: Path) -> list[str]:
    """Write ``tune``, validation errors over rates, as PNG and PDF; returns their names."""
    figure = blank(6.4, 4.8)
    ax = figure.subplots()
    for (column, rule), errors in found.tried.items():
        points = [(rate, errors[rate]) for rate in sorted(errors) if finite(errors[rate])]
        if points:
            ax.loglog(*zip(*points, strict=True), "o-", markersize=3, label=f"{column} {rule}")
            ax.legend(frameon=False, fontsize=7, ncols=2)
    ax.set_xlabel("rate")
    ax.set_ylabel("relative l2 error on validation samples")
    return write_figure(figure, folder, "tune")


def _title(found: Tuning) -> str:
    seeds = ", ".join(map(str, found.seeds))
    return (
        f"# tune: {found.settings.experiment}, mean relative l2 error on validation samples,"
        f" seeds {seeds}"
    )


def table(results: dict[str, Any]) -> list[list[str]]:
    """Cells of the table from results.json."""
    cells: list[list[str]] = []
    for one in results["rules"]:
        best, errors = f"{one['best']:g}", one["errors"]
        error = "diverged" if errors[best] is None else f"{errors[best]:.4f}"
        inside = "yes" if one["inside"] else "no"
        cells.append([one["setting"], one["rule"], best, error, inside, ", ".join(errors)])
    return cells


def now(network: str = "hat") -> dict[str, Any]:
    """What figures depend on, besides a column's own settings."""
    return {"network": network, "settings": load_settings(network).tables()}


STUDY = Study(job, results, markdown, text, draw)
