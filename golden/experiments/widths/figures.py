"""The study of widths drawn: error over the bits of every format, a panel for each network."""

# Matplotlib's own annotations leave **kwargs untyped in nearly every drawing call.
# pyright: reportUnknownMemberType=false

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FormatStrFormatter, MaxNLocator, NullLocator

from dualspike.golden.experiments.widths.study import FormatRow, Widths
from dualspike.golden.training.figure import INK, MUTED, blank, dress, write_figure

STYLES = {
    "tangent": ("#0f766e", "o"),
    "weight": ("#2563eb", "s"),
    "surrogate": ("#c2410c", "^"),
    "membrane": ("#9333ea", "D"),
    "factor": (INK, "v"),
    "error": ("#be185d", "P"),
    "cotangent": ("#4d7c0f", "X"),
}
NARROWEST = 1.5
"""How far above and below the preset's error an axis reaches at least: noise is to look small."""

TICKS = [0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 3, 5, 10]


def draw(widths: Widths, folder: Path) -> list[str]:
    """Write ``widths`` as PNG and PDF; returns the file names.

    Each file appears whole or not at all; raises BadInput where it cannot be written.
    """
    columns = len(widths.networks)
    title = "Error after training with one format narrowed"
    figure = blank(5.2 * columns, 4.8, title, w_pad=0.08, h_pad=0.08)
    panels: list[Axes] = figure.subplots(1, columns, squeeze=False)[0].tolist()
    for ax, network in zip(panels, widths.networks, strict=True):
        factors = widths.of(network)
        _panel(ax, factors)
        dress(ax, f"{network}, {widths.updates[network]:,} updates")
        ax.legend(frameon=False, fontsize=8, labelcolor=INK)
    panels[0].set_ylabel("relative l2 error, validation samples")
    return write_figure(figure, folder, "widths")


def _panel(ax: Axes, factors: dict[str, list[FormatRow]]) -> None:
    """Medians over the seeds; the band is the spread of the preset's own formats."""
    own = next(iter(factors.values()))[0]
    ax.axhspan(own.errors[0], own.errors[-1], color=MUTED, alpha=0.25, linewidth=0)
    ax.axhline(own.median, color=MUTED, linewidth=1, label="the preset's formats")
    for factor, rows in factors.items():
        rows = sorted(rows, key=lambda row: row.bits)
        colour, marker = STYLES[factor]
        ax.plot(
            [row.bits for row in rows],
            [row.median for row in rows],
            color=colour,
            marker=marker,
            markersize=5,
            linewidth=1.2,
            label=factor,
        )
    ax.set_yscale("log")
    low, high = ax.get_ylim()
    ax.set_ylim(min(low, own.median / NARROWEST), max(high, own.median * NARROWEST))
    ax.yaxis.set_major_locator(FixedLocator(TICKS))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_major_formatter(FormatStrFormatter("%g"))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlabel("bits of the format")
    ax.grid(alpha=0.2)
