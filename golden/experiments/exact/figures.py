"""Training by exact derivatives drawn: validation accuracy over epochs, and what was learnt."""

# Matplotlib's own annotations leave **kwargs untyped in nearly every drawing call.
# pyright: reportUnknownMemberType=false

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from dualspike.golden.experiments.exact.tasks import (
    EARLIEST,
    LATEST,
    load_task,
    mirrored,
    spike_times,
    yin_yang_class,
)
from dualspike.golden.experiments.exact.training import Trained
from dualspike.golden.training.figure import ACCENT, INK, blank, dress, write_figure

COLOURS = {"BP": INK, "RFG-L": ACCENT}
REGIONS = ("#dce3ec", "#8fa8c8", "#f2b872")

GRID = 200
"""Points along each side of the picture of the regions."""


def draw(found: list[Trained], folder: Path) -> list[str]:
    """Write ``accuracy`` and ``yin_yang`` as PNG and PDF; returns the file names.

    Each file appears whole or not at all; raises BadInput where it cannot be written.
    """
    return [
        *write_figure(_accuracy(found), folder, "accuracy"),
        *write_figure(_regions(found), folder, "yin_yang"),
    ]


def _accuracy(found: list[Trained]) -> Figure:
    """A panel for each task, a line for each seed and rule: the mean over folds."""
    tasks = list(dict.fromkeys(one.task for one in found))
    figure, panels = _panels(len(tasks))
    for ax, task in zip(panels, tasks, strict=True):
        runs = [one for one in found if one.task == task]
        for rule, seed in dict.fromkeys((one.rule, one.seed) for one in runs):
            folds = [one.accuracies for one in runs if (one.rule, one.seed) == (rule, seed)]
            mean = np.mean(folds, axis=0)
            label = rule if seed == 1 else None
            epochs = range(1, len(mean) + 1)
            ax.plot(epochs, mean, color=COLOURS[rule], linewidth=1.2, label=label)
        dress(ax, task)
        ax.set_xlabel("epochs")
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.yaxis.set_major_formatter(PercentFormatter(1))
        ax.grid(alpha=0.2)
        ax.legend(frameon=False, fontsize=8, labelcolor=INK)
    panels[0].set_ylabel("validation accuracy")
    return figure


def _regions(found: list[Trained]) -> Figure:
    """Who wins where on the Yin-Yang disc, seed 1; test points that are wrong, in ink."""
    runs = [one for one in found if one.task == "yin-yang" and one.seed == 1]
    figure, panels = _panels(len(runs))
    middle = (np.arange(GRID) + 0.5) / GRID
    points = np.stack(np.meshgrid(middle, middle), axis=-1).reshape(-1, 2)
    for ax, one in zip(panels, runs, strict=True):
        winners = one.network.respond(spike_times(mirrored(points))).winners().astype(np.float64)
        winners[np.hypot(*(points - 0.5).T) > 0.5] = np.nan
        regions = ListedColormap(REGIONS)
        image = np.where(winners < 0, np.nan, winners).reshape(GRID, GRID)
        ax.imshow(image, extent=(0, 1, 0, 1), origin="lower", cmap=regions, vmin=0, vmax=2)
        test = load_task("yin-yang", one.seed).test
        wrong = one.network.respond(test.times).winners() != test.labels
        x, y = ((test.times[wrong, :2] - EARLIEST) / (LATEST - EARLIEST)).T
        ax.scatter(x, y, s=6, color=INK)
        ax.contour(
            middle,
            middle,
            yin_yang_class(*points.T).reshape(GRID, GRID),
            levels=[0.5, 1.5],
            colors=INK,
            linewidths=0.6,
        )
        ax.set_title(f"{one.rule}: {one.test:.1%} of the test points", fontsize=11, color=INK)
        ax.set_axis_off()
    return figure


def _panels(n: int) -> tuple[Figure, list[Axes]]:
    figure = blank(4.4 * n, 3.8, w_pad=0.08, h_pad=0.08)
    panels: list[Axes] = figure.subplots(1, n, squeeze=False, sharey=True)[0].tolist()
    return figure, panels
