"""A picture of answers alone: what a network says where nobody knows what is right."""

# Matplotlib's own annotations leave **kwargs untyped in nearly every drawing call.
# pyright: reportUnknownMemberType=false

from matplotlib.figure import Figure

from dualspike.golden.numeric import Doubles
from dualspike.golden.training.figure import INK, blank, dress

LINES = 12
"""Outputs, or functions, that are drawn."""


def drawn_answers(y: Doubles, functions: bool, title: str) -> Figure:
    """Outputs [N, n] by row, a line each; of ``functions`` [F, ...] all points in their order."""
    figure = blank(7, 4, title)
    ax = figure.subplots()
    lines, one = (y.reshape(len(y), -1), "function") if functions else (y.T, "output")
    for n, line in enumerate(lines[:LINES]):
        ax.plot(line, linewidth=1, marker="o", markersize=2.5, label=f"{one} {n}")
    ax.set_xlabel("point" if functions else "row")
    ax.legend(frameon=False, labelcolor=INK, fontsize=8)
    ax.grid(alpha=0.2)
    dress(ax, f"{min(len(lines), LINES)} of {len(lines)} {one}s")
    return figure
