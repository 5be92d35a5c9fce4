"""The study of widths as a table and as plain data."""

import statistics
from typing import Any

from dualspike.golden.experiments.runner.study import Study
from dualspike.golden.experiments.runner.table import marked
from dualspike.golden.experiments.widths.figures import draw
from dualspike.golden.experiments.widths.study import FormatRow, Widths, job
from dualspike.model.description.load import load_preset
from dualspike.model.version import VERSION


def results(widths: Widths) -> dict[str, Any]:
    """What results.json holds; all wall times are under ``timing``."""
    return {
        "study": "widths",
        "version": VERSION,
        "updates": widths.updates,
        "seeds": widths.seeds,
        "presets": {name: load_preset(name).model_dump(mode="json") for name in widths.networks},
        "rows": [
            {
                "network": row.network,
                "factor": row.factor,
                "format": row.form,
                "bits": row.bits,
                "own": row.own,
                "median": row.median,
                "global_median": row.global_median,
                "errors": {str(seed): one.error for seed, one in row.found.items()},
                "diverged": [seed for seed, one in row.found.items() if one.diverged],
                "flags": row.flags,
            }
            for row in widths.rows
        ],
        "timing": {
            "seconds": {
                name: statistics.median(
                    one.seconds
                    for row in widths.rows
                    if row.network == name
                    for one in row.found.values()
                )
                for name in widths.networks
            }
        },
    }


def markdown(widths: Widths) -> str:
    """One table for each network; a star marks the preset's own format."""
    lines = ["# widths: relative l2 error on the validation samples, one format narrowed", ""]
    for network in widths.networks:
        lines += [
            f"## {network}, {widths.updates[network]:,} updates, {widths.seeds} seeds",
            "",
            "| factor | format | bits | median | min..max | global norm | against own | clipped |",
            "| --- | --- | ---: | ---: | ---: | ---: | ---: | --- |",
        ]
        for rows in widths.of(network).values():
            lines += [f"| {' | '.join(_cells(row, rows[0].median))} |" for row in rows]
        lines.append("")
    return "\n".join(lines)


def text(widths: Widths) -> str:
    """For a terminal: for every factor the fewest bits that cost less than a tenth of the error."""
    lines = ["fewest bits with an error of at most 1.1 times that of the preset's own formats"]
    for network in widths.networks:
        for factor, rows in widths.of(network).items():
            good = [row for row in rows if row.median <= 1.1 * rows[0].median]
            best = min(good, key=lambda row: row.bits)
            lines.append(
                f"{network:<20}{factor:<11}{best.form:>7}{best.bits:>4} bits  {best.median:.4f}"
                f"  own {rows[0].form:>6}  {rows[0].median:.4f}"
            )
    return "\n".join(lines)


def _cells(row: FormatRow, own: float) -> list[str]:
    spread = f"{row.errors[0]:.4f}..{row.errors[-1]:.4f}"
    name = f"{row.form} \\*" if row.own else row.form
    median = marked(f"{row.median:.4f}", row.diverged, len(row.found))
    cells = [row.factor, name, str(row.bits), median, spread]
    ratio = f"{row.median / own:.2f}" if own else "-"
    return [*cells, f"{row.global_median:.4f}", ratio, ", ".join(row.flags) or "-"]


STUDY = Study(job, results, markdown, text, draw)
