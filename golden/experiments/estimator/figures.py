"""The estimator study drawn: variance and cosine over K, with what was predicted as lines."""

# Matplotlib's own annotations leave **kwargs untyped in nearly every drawing call.
# pyright: reportUnknownMemberType=false

from collections.abc import Callable
from itertools import groupby
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from dualspike.golden.experiments.estimator.comparison import LANES, Compared
from dualspike.golden.experiments.estimator.study import DIRECTIONS, Estimators, Measured, Value
from dualspike.golden.training.figure import ACCENT, MUTED, blank, dress, write_figure

COLOURS = {"layer": ACCENT, "global": "#c2410c"}
NAMES = {"layer": "RFG-L", "global": "RFG-G"}
MARKERS = {"rademacher": "o", "gaussian": "^", "lfsr": "s"}
ORDER = list(MARKERS)
APART = 0.05
"""Between the markers of one K, in powers of two."""

Pick = Callable[[Measured], list[Value]]
Rule = Callable[[int, NDArray[np.float64]], NDArray[np.float64]]


def draw(found: Estimators, folder: Path) -> list[str]:
    """Write ``variance``, ``cosine`` and ``compared`` as PNG and PDF, of seed 1; the file names.

    Each file appears whole or not at all; raises BadInput where it cannot be written.
    """
    first = [m for m in found.measured if m.seed == 1]
    figures = {
        "variance": _figure(
            first, lambda m: m.variances, "E|g - grad|² / |grad|²", (1, lambda n, k: n / k), "N / K"
        ),
        "cosine": _figure(
            first,
            lambda m: m.cosines,
            "cosine with the gradient (rms)",
            (0, lambda n, k: np.sqrt(k / (n + k - 1))),
            "√(K / (N + K - 1))",
        ),
    }
    if found.compared:
        figures["compared"] = _comparison([one for one in found.compared if one.seed == 1])
    return [file for name, one in figures.items() for file in write_figure(one, folder, name)]


def _comparison(found: list[Compared]) -> Figure:
    """Variance times arithmetic over K, predicted as lines and measured as markers."""
    figure = blank(13, 8.4, w_pad=0.08, h_pad=0.08, wspace=0.02)
    weights = list(dict.fromkeys(one.weights for one in found))
    networks = list(dict.fromkeys(one.experiment for one in found))
    axes = figure.subplots(len(weights), len(networks), squeeze=False, sharex=True)
    for row, weight in enumerate(weights):
        for column, network in enumerate(networks):
            ax = axes[row, column]
            here = [one for one in found if (one.weights, one.experiment) == (weight, network)]
            for number, (name, ones) in enumerate(groupby(here, lambda one: one.estimator)):
                _way(ax, name, list(ones), number)
            ax.set(xscale="log", yscale="log")
            ax.set_xticks(LANES, [str(k) for k in LANES])
            ax.grid(alpha=0.2)
            dress(ax, f"{network}, {weight} weights")
            ax.set_xlabel("directions K" if weight == weights[-1] else "")
        axes[row, 0].set_ylabel("E|g - grad|² / |grad|² × arithmetic over RFG-L")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False, fontsize=9)
    return figure


def _way(ax: Axes, name: str, ones: list[Compared], number: int) -> None:
    k = [one.directions for one in ones]
    colour = f"C{number}"
    line = [one.variance.predicted * one.arithmetic for one in ones]
    ax.plot(k, line, color=colour, linewidth=1.2)
    ax.errorbar(
        k,
        [one.variance.measured * one.arithmetic for one in ones],
        yerr=[2 * one.variance.error * one.arithmetic for one in ones],
        color=colour,
        linestyle="none",
        marker="o",
        markersize=4,
        elinewidth=0.8,
        label=name,
    )


def _figure(
    found: list[Measured], pick: Pick, what: str, rule: tuple[int, Rule], thumb: str
) -> Figure:
    """A row for start and trained weights each, a column for each network."""
    figure = blank(13, 8.4, w_pad=0.08, h_pad=0.08, wspace=0.02)
    cells = [(key, list(rows)) for key, rows in groupby(found, lambda m: (m.weights, m.experiment))]
    weights = list(dict.fromkeys(key[0] for key, _ in cells))
    networks = list(dict.fromkeys(key[1] for key, _ in cells))
    axes = figure.subplots(
        len(weights), len(networks), squeeze=False, sharex=True, sharey="row" if rule[0] else True
    )
    for (weight, network), rows in cells:
        ax = axes[weights.index(weight), networks.index(network)]
        _panel(ax, rows, pick, rule[1], thumb)
        n = rows[0].parameters
        dress(ax, f"{network}, {weight} weights, N = {n}")
        if network == networks[0]:
            ax.set_ylabel(what)
        if weight == weights[-1]:
            ax.set_xlabel("directions K")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False, fontsize=9)
    return figure


def _panel(ax: Axes, rows: list[Measured], pick: Pick, rule: Rule, thumb: str) -> None:
    """Lines for predictions, one for every different one; markers for what was measured."""
    k = np.array(DIRECTIONS, dtype=float)
    ax.plot(k, rule(rows[0].parameters, k), color=MUTED, linewidth=5, alpha=0.5, label=thumb)
    for scope, colour in COLOURS.items():
        signs = next(m for m in rows if m.scope == scope and m.distribution == "rademacher")
        ours = [m for m in rows if m.scope == scope and m.distribution == "gaussian"]
        normal = next(m for m in ours if m.structure == "factored")
        for m, style, name in ((signs, "-", "signs"), (normal, "--", "gaussian factored")):
            line = [value.predicted for value in pick(m)]
            label = f"{NAMES[scope]} predicted, {name}"
            ax.plot(k, line, color=colour, linestyle=style, linewidth=1.2, label=label)
        for m in rows:
            if m.scope != scope:
                continue
            factored = m.structure == "factored"
            place = 2 * ORDER.index(m.distribution) + factored - 2.5
            ax.errorbar(
                k * 2 ** (APART * place),
                [value.measured for value in pick(m)],
                yerr=[2 * value.error for value in pick(m)],
                color=colour,
                linestyle="none",
                marker=MARKERS[m.distribution],
                markersize=4,
                markerfacecolor="white" if factored else colour,
                elinewidth=0.8,
                label=f"{NAMES[scope]} {m.distribution} {m.structure}",
            )
    ax.set_xscale("log", base=2)
    ax.set_yscale("log")
    ax.set_xticks(DIRECTIONS, [str(n) for n in DIRECTIONS])
    ax.grid(alpha=0.2)
