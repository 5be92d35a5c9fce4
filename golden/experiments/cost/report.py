"""The cost of one update for every experiment's preset, next to what the paper says of it."""

# Matplotlib's own annotations leave **kwargs untyped in nearly every drawing call.
# pyright: reportUnknownMemberType=false

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes

from dualspike.golden.experiments.cost.count import Count
from dualspike.golden.experiments.cost.gradient import (
    backpropagation,
    forward,
    forward_gradient,
    neuron_gradient,
)
from dualspike.golden.experiments.paper.methods import METHODS, Experiment
from dualspike.golden.experiments.paper.settings import PaperSettings, load_settings
from dualspike.golden.experiments.runner.study import Job, Progress, Study
from dualspike.golden.experiments.runner.table import markdown_table, terminal_table
from dualspike.golden.float.hidden import Scope
from dualspike.golden.training.figure import ACCENT, INK, MUTED, blank, dress, write_figure
from dualspike.model.version import VERSION

CLAIM = 1 / 3
"""RFG's cost over that of BP in the paper: one forward pass over that and 2 more backward."""

READINGS = {
    True: "a constant input is used once, as the golden models do",
    False: "as the equations stand: the first layer computes anew at every step",
}

PARTS = ("multiplications", "additions", "gated")
COLOURS = {"multiplications": INK, "additions": ACCENT, "gated": MUTED}


@dataclass(frozen=True)
class CostRow:
    """One rule in one experiment; ``constant``: which of the `READINGS`."""

    experiment: Experiment
    constant: bool
    rule: str
    directions: int | None
    count: Count


def counts(settings: PaperSettings) -> list[CostRow]:
    """Forward pass, BP, and RFG with one direction and with as many as the settings have."""
    operator, training = settings.operator, settings.training
    batch = settings.batch_rows
    weighted = training.floor is not None
    rows: list[CostRow] = []
    for constant in READINGS:
        where = (settings.experiment, constant)
        rows.append(CostRow(*where, "forward", None, forward(operator, batch, constant=constant)))
        reverse = backpropagation(operator, batch, constant=constant, weighted=weighted)
        rows.append(CostRow(*where, "BP", None, reverse))
        rules: tuple[tuple[str, Scope], ...] = (("RFG-L", "layer"), ("RFG-G", "global"))
        for k in sorted({1, training.directions}):
            for name, scope in rules:
                count = forward_gradient(
                    operator, batch, scope, k, constant=constant, weighted=weighted
                )
                rows.append(CostRow(*where, name, k, count))
            along = neuron_gradient(operator, batch, k, constant=constant, weighted=weighted)
            rows.append(CostRow(*where, "RFG-N", k, along))
    return rows


def job() -> Job[list[CostRow]]:
    """All three experiments' presets, which need no running."""

    def run(_: Path, __: Progress) -> list[CostRow]:
        return [row for name in METHODS for row in counts(load_settings(name))]

    return Job(run)


def results(rows: list[CostRow]) -> dict[str, Any]:
    """What results.json holds."""
    return {
        "experiment": "cost",
        "version": VERSION,
        "claim": CLAIM,
        "rows": [
            asdict(row) | {"kept_bytes": row.count.kept_bytes, "over_bp": over_bp(row, rows)}
            for row in rows
        ],
    }


def over_bp(row: CostRow, rows: list[CostRow]) -> dict[str, float]:
    """The row's cost over that of BP, by several readings of cost."""
    bp = next(
        other.count
        for other in rows
        if (other.experiment, other.constant, other.rule) == (row.experiment, row.constant, "BP")
    )
    names = ("multiplications", "sparse", "dense", "traffic", "kept_bytes")
    return {name: getattr(row.count, name) / getattr(bp, name) for name in names}


def markdown(rows: list[CostRow]) -> str:
    """A table for every experiment and reading."""
    lines = [
        "# Cost of one update",
        "",
        "In thousands. Gated: additions that a spike gates, counted as if there always were one;",
        "f: evaluations of the surrogate; moved: values read and written; kept: KiB that must",
        "outlive the pass that makes them, with 32 bits for a value and 1 for a spike. Over BP:",
        "multiplications; arithmetic with gated additions; arithmetic with matrix products that do",
        f"not look for spikes; values moved; KiB kept. The paper's claim is {CLAIM:.2f}.",
    ]
    header = ["rule", "K", "mult", "add", "gated", "f", "compare", "moved", "kept KiB"]
    header += ["mult/BP", "gated/BP", "dense/BP", "moved/BP", "kept/BP"]
    for experiment, constant in dict.fromkeys((row.experiment, row.constant) for row in rows):
        some = [row for row in rows if (row.experiment, row.constant) == (experiment, constant)]
        lines += ["", f"## {experiment}: {READINGS[constant]}", ""]
        lines += markdown_table(header, [_cells(row, rows) for row in some])
    return "\n".join([*lines, ""])


def text(rows: list[CostRow]) -> str:
    """RFG over BP, for a terminal."""
    header = ["experiment", "input", "rule", "K", "multiplications", "arithmetic", "dense"]
    header += ["moved", "kept"]
    body = [
        [
            row.experiment,
            "constant" if row.constant else "every step",
            row.rule,
            str(row.directions),
            *(f"{value:.2f}" for value in over_bp(row, rows).values()),
        ]
        for row in rows
        if row.directions is not None
    ]
    lines = terminal_table(header, body, 3)
    return "\n".join([f"RFG over BP, one update (the paper's claim: {CLAIM:.2f})", *lines])


def draw(rows: list[CostRow], folder: Path) -> list[str]:
    """Write ``cost`` as PNG and PDF; returns the file names.

    Each file appears whole or not at all; raises BadInput where it cannot be written.
    """
    title = "one update over one of back-propagation"
    figure = blank(13, 8.4, title, w_pad=0.1, h_pad=0.1, wspace=0.03)
    axes = figure.subplots(2, len(METHODS), squeeze=False)
    for (constant, reading), line in zip(READINGS.items(), axes, strict=True):
        for ax, experiment in zip(line, METHODS, strict=True):
            some = [r for r in rows if (r.experiment, r.constant) == (experiment, constant)]
            _bars(ax, some)
            dress(ax, experiment)
        line[0].set_ylabel(reading.partition(",")[0].partition(":")[0])
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=5, frameon=False, fontsize=9)
    return write_figure(figure, folder, "cost")


def _bars(ax: Axes, rows: list[CostRow]) -> None:
    """Arithmetic as a stack, and what is kept as a point, both over that of BP."""
    bp = next(row.count for row in rows if row.rule == "BP")
    names = [f"{row.rule}\nK={row.directions}" if row.directions else row.rule for row in rows]
    floor = [0.0] * len(rows)
    for part in PARTS:
        heights = [getattr(row.count, part) / bp.sparse for row in rows]
        ax.bar(names, heights, 0.6, bottom=floor, color=COLOURS[part], label=part)
        floor = [below + height for below, height in zip(floor, heights, strict=True)]
    kept = [row.count.kept_bytes / bp.kept_bytes for row in rows]
    ax.plot(
        names,
        kept,
        linestyle="none",
        marker="D",
        color="#c2410c",
        markersize=6,
        markeredgecolor="white",
        label="memory kept for the backward pass",
    )
    label = "the paper's RFG (1/3)"
    ax.axhline(CLAIM, color="#2563eb", linestyle="--", linewidth=1.2, label=label)
    ax.grid(axis="y", alpha=0.2)
    ax.tick_params(axis="x", labelsize=8)


def _cells(row: CostRow, rows: list[CostRow]) -> list[str]:
    c = row.count
    thousands = (c.multiplications, c.additions, c.gated, c.surrogates, c.comparisons, c.traffic)
    return [
        row.rule,
        "" if row.directions is None else str(row.directions),
        *(f"{n / 1000:,.1f}" for n in thousands),
        f"{c.kept_bytes / 1024:,.1f}",
        *(f"{value:.2f}" for value in over_bp(row, rows).values()),
    ]


STUDY = Study(job, results, markdown, text, draw)
