"""The study of what an online chip learns from as a table and as plain data."""

from dataclasses import asdict
from typing import Any

from dualspike.golden.experiments.on_chip.figures import draw
from dualspike.golden.experiments.on_chip.sources import SOURCES
from dualspike.golden.experiments.on_chip.study import OnChip, job
from dualspike.golden.experiments.runner.study import Study
from dualspike.golden.experiments.runner.table import markdown_table, marked, terminal_table
from dualspike.model.version import VERSION

HEADER = [
    *("errors come from", "weights", "accuracy, %", "min..max", "rate"),
    *("memory bits", "multipliers", "LUT4", "FF", "block RAMs", "clocks"),
]


def results(found: OnChip) -> dict[str, Any]:
    """What results.json holds; all wall times are under ``timing``."""
    planned = found.planned
    return {
        "study": "on-chip",
        "version": VERSION,
        "data": planned.case.name,
        "digest": planned.case.digest,
        "layers": list(planned.case.layers),
        "samples": planned.samples,
        "seeds": planned.plan.seeds,
        "tuning": {
            source: {str(rate): accuracy for rate, accuracy in rates.items()}
            for source, rates in found.tuning.items()
        },
        "rows": _rows(found),
        "timing": {"seconds": sum(one.seconds for row in found.rows for one in row.found.values())},
    }


def _rows(found: OnChip) -> list[dict[str, Any]]:
    return [
        {
            "source": row.source,
            "float_only": SOURCES[row.source].rule is not None,
            "bits": row.bits,
            "rate": row.rate,
            "median": row.median,
            "accuracies": {str(seed): one.accuracy for seed, one in row.found.items()},
            "diverged": row.diverged,
            "price": asdict(row.price) if row.price else None,
        }
        for row in found.rows
    ]


def markdown(found: OnChip) -> str:
    """The table, and what its columns are."""
    planned = found.planned
    layers = "-".join(map(str, planned.case.layers))
    lines = [
        f"# What a chip learns from: {planned.case.name}, {layers},"
        f" {planned.case.network.steps} steps",
        "",
        f"Accuracy on the test samples after {planned.samples:,} presentations, median over"
        f" {planned.plan.seeds} seeds. Rates, right shifts,",
        "are chosen on validation samples, with another seed. What is float only is trained by"
        " `golden.online`. A chip pays",
        "bits of memory, multipliers, cells of an ECP5 as forecast, and at most so many clocks a"
        " sample while it learns.",
        "",
        *markdown_table(HEADER, list(map(cells, _rows(found))), 2),
    ]
    return "\n".join(lines) + "\n"


def text(found: OnChip) -> str:
    """For a terminal."""
    return "\n".join(terminal_table(HEADER, list(map(cells, _rows(found))), 2))


def cells(row: dict[str, Any]) -> list[str]:
    """What the table says of a row of results.json, in the order of `HEADER`."""
    made, accuracies = SOURCES[row["source"]], row["accuracies"].values()
    width = str(row["bits"]) if row["bits"] else "float only" if made.rule else "float"
    median = marked(f"{100 * row['median']:.2f}", len(row["diverged"]), len(accuracies))
    span = f"{100 * min(accuracies):.2f}..{100 * max(accuracies):.2f}"
    p, found = row["price"], [made.title, width, median, span, f"2^-{row['rate']}"]
    if p is None:
        return [*found, *["-"] * 6]
    whole = ("memory", "multipliers", "cells", "flip_flops", "block_rams")
    return [*found, *(f"{p[name]:,.0f}" for name in whole), f"{p['clocks']:,.1f}"]


STUDY = Study(job, results, markdown, text, draw)
