"""The study of what an online chip learns from drawn: errors over bits, and over memory."""

# Matplotlib's own annotations leave **kwargs untyped in nearly every drawing call.
# pyright: reportUnknownMemberType=false

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator, StrMethodFormatter

from dualspike.golden.experiments.on_chip.sources import SOURCES
from dualspike.golden.experiments.on_chip.study import OnChip, Row
from dualspike.golden.training.figure import INK, blank, dress, write_figure

STYLES = {
    "forward-1": ("#0f766e", "o"),
    "forward-2": ("#0ea5e9", "p"),
    "forward-4": ("#2563eb", "s"),
    "signs": ("#c2410c", "^"),
    "weights-4": ("#d97706", "v"),
    "fdfa": ("#9333ea", "D"),
    "dkp": ("#be185d", "P"),
    "bp": (INK, "*"),
    "opzo": ("#4d7c0f", "X"),
}
BEYOND = 2.0
"""Bits from the widest weights to the place of those in float."""
APART = 0.35
"""Bits between the places of rules that are float only."""


def draw(found: OnChip, folder: Path) -> list[str]:
    """Write ``on_chip`` as PNG and PDF; returns the file names.

    Each file appears whole or not at all; raises BadInput where it cannot be written.
    """
    planned = found.planned
    title = f"{planned.case.name}, {planned.samples:,} samples, {planned.plan.seeds} seeds"
    figure = blank(11.5, 4.8, title, w_pad=0.08, h_pad=0.08)
    by_bits, by_memory = figure.subplots(1, 2, sharey=True)
    _by_bits(by_bits, found)
    _by_memory(by_memory, found)
    by_bits.set_ylabel("test samples answered wrongly, %")
    by_bits.set_yscale("log", nonpositive="clip")
    by_bits.yaxis.set_major_locator(FixedLocator([0.5, 1, 2, 3, 5, 10, 20, 50, 100]))
    by_bits.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    by_bits.yaxis.set_minor_locator(NullLocator())
    figure.legend(
        *by_bits.get_legend_handles_labels(),
        loc="outside lower center",
        ncols=4,
        frameon=False,
        fontsize=8,
        labelcolor=INK,
    )
    return write_figure(figure, folder, "on_chip")


def _by_bits(ax: Axes, found: OnChip) -> None:
    """Medians with the range of the seeds; rules that are float only next to float."""
    bits, alone = found.planned.plan.bits, 0
    real = bits[-1] + BEYOND
    for source in found.planned.sources:
        rows = [row for row in found.rows if row.source == source]
        places = [real if row.bits is None else row.bits for row in rows]
        if SOURCES[source].rule is not None:
            alone += 1
            places = [real + alone * APART]
        _bars(ax, source, places, rows)
    ax.xaxis.set_major_locator(FixedLocator([*bits, real]))
    ax.xaxis.set_major_formatter(FixedFormatter([*map(str, bits), "float"]))
    ax.set_xlabel("bits of a weight")
    ax.grid(alpha=0.2)
    dress(ax, "by the width of weights")


def _by_memory(ax: Axes, found: OnChip) -> None:
    for source in found.planned.sources:
        rows = [row for row in found.rows if row.source == source and row.price is not None]
        if rows:
            _bars(ax, source, [row.price.memory for row in rows if row.price], rows)
    ax.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    ax.set_xlabel("bits of all memories of a chip")
    ax.grid(alpha=0.2)
    dress(ax, "by the memory of a chip, narrowest weights first")


def _bars(ax: Axes, source: str, places: list[float], rows: list[Row]) -> None:
    colour, marker = STYLES[source]
    medians = [100 * (1 - row.median) for row in rows]
    below = [100 * (row.accuracies[-1] - row.median) for row in rows]
    above = [100 * (row.median - row.accuracies[0]) for row in rows]
    ax.errorbar(
        places,
        medians,
        (below, above),
        color=colour,
        marker=marker,
        markersize=5,
        linewidth=1.2,
        elinewidth=0.8,
        capsize=2,
        label=SOURCES[source].title,
    )
