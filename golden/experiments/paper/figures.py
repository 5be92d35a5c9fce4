"""The paper's figures 5, 6 and 7 from our runs: truth, prediction, error and losses per method.

Of every method the run in the middle is shown, the one whose error is the median over the seeds
(the lower of two).
"""

# Matplotlib's own annotations leave **kwargs untyped in nearly every drawing call.
# pyright: reportUnknownMemberType=false

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from dualspike.golden.data.accuracy import relative_l2
from dualspike.golden.data.problem import Problem
from dualspike.golden.data.problems.hat import HAT_GRID
from dualspike.golden.experiments.paper.methods import Experiment, PaperRule
from dualspike.golden.experiments.paper.report import Report
from dualspike.golden.experiments.paper.rows import MethodRow
from dualspike.golden.experiments.runner.records import loss_curve
from dualspike.golden.numeric import Doubles
from dualspike.golden.training.figure import (
    ACCENT,
    ERRORS,
    INK,
    MUTED,
    VALUES,
    blank,
    dress,
    running_mean,
    write_figure,
)

NUMBERS: dict[Experiment, int] = {"hat": 5, "poisson": 6, "reaction-diffusion": 7}
"""The figure's number in the paper."""

COLOURS: dict[PaperRule, str] = {
    "BP": INK,
    "BP-LL": "#2563eb",
    "RFG-G": "#c2410c",
    "RFG-L": ACCENT,
    "RFG-LL": "#9333ea",
    "RFG-N": "#be185d",
    "tanh": "#6b7280",
}

SMOOTH = 10
"""Points of a loss curve in the running mean that is drawn."""


def draw(report: Report, folder: Path) -> list[str]:
    """Write the experiment's figure as PNG and PDF; returns the file names.

    It shows the spiking rows of our column; without any there is none.

    Each file appears whole or not at all; raises BadInput where it cannot be written.
    """
    experiment = report.settings.experiment
    if not report.ours:
        return []
    figure = (_functions if experiment == "poisson" else _surfaces)(report)
    return write_figure(figure, folder, f"figure{NUMBERS[experiment]}")


@dataclass(frozen=True)
class _Plane:
    """The test points of one function of two variables: ``shape`` is (rows, columns)."""

    shape: tuple[int, int]
    extent: tuple[float, float, float, float]
    labels: tuple[str, str]
    transposed: bool

    @classmethod
    def of(cls, problem: Problem) -> "_Plane":
        """The hat's grid over [-1, 1]^2, or x and t."""
        if problem.kind == "mlp":
            return cls((HAT_GRID, HAT_GRID), (-1, 1, -1, 1), ("x", "y"), False)
        _, x, t = problem.test.inputs
        ends = tuple(float(axis[n, 0]) for axis in (x, t) for n in (0, -1))
        return cls((len(x), len(t)), (ends[0], ends[1], ends[2], ends[3]), ("x", "t"), True)

    def map(self, ax: Axes, values: Doubles, colours: str, norm: Normalize) -> None:
        """Draw values at the test points, the first variable to the right."""
        surface = values.reshape(self.shape)
        ax.imshow(
            surface.T if self.transposed else surface,
            cmap=colours,
            norm=norm,
            origin="lower",
            extent=self.extent,
            aspect="auto",
            interpolation="nearest",
        )
        ax.set_xlabel(self.labels[0])
        ax.locator_params(nbins=5)


def _surfaces(report: Report) -> Figure:
    """Truth and losses in the first column, then a prediction and its error for every method."""
    figure = _figure(report, 3.1 * (1 + len(report.ours)) + 0.8, 6.6)
    axes = figure.subplots(2, 1 + len(report.ours), squeeze=False)
    problem = report.problem
    plane, truth = _Plane.of(problem), problem.test.target
    if problem.kind != "mlp":
        truth = truth[:1]
    off = [
        np.zeros_like(truth) if outcome.diverged is not None else abs(outcome.prediction - truth)
        for outcome in (row.typical for row in report.ours)
    ]
    values = Normalize(float(truth.min()), float(truth.max()))
    errors = Normalize(0.0, max(float(error.max()) for error in off) or 1.0)
    plane.map(axes[0, 0], truth, VALUES, values)
    dress(axes[0, 0], "truth")
    for (above, below), row, error in zip(axes.T[1:], report.ours, off, strict=True):
        outcome = row.typical
        if outcome.diverged is None:
            plane.map(above, outcome.prediction, VALUES, values)
            plane.map(below, error, ERRORS, errors)
        else:
            _nothing(above)
            _nothing(below)
        dress(above, _label(row, truth))
        dress(below, f"{row.method.name}, absolute error")
    for ax in (axes[0, 0], axes[1, 1]):
        ax.set_ylabel(plane.labels[1])
    _bar(figure, ScalarMappable(values, VALUES), axes[0].tolist(), "both")
    _bar(figure, ScalarMappable(errors, ERRORS), axes[1].tolist(), "neither")
    _losses(axes[1, 0], report, report.ours)
    axes[1, 0].legend(edgecolor="none", framealpha=0.8, fontsize=8, labelcolor=INK)
    dress(axes[1, 0], "training loss")
    return figure


def _functions(report: Report) -> Figure:
    """A column for each surrogate: solutions of the first test function, errors, losses."""
    groups = [
        (name, rows)
        for name, kind in (("SG", "gaussian"), ("WSG", "stein"))
        if (rows := [row for row in report.ours if row.method.surrogate == kind])
    ]
    figure = _figure(report, 5.4 * len(groups), 9.6)
    axes = figure.subplots(3, len(groups), squeeze=False, sharey="row")
    test = report.problem.test
    points, truth = test.inputs[1][:, 0], test.target[0]
    for (solution, error, loss), (name, rows) in zip(axes.T, groups, strict=True):
        solution.plot(points, truth, color=MUTED, linewidth=4, alpha=0.7, label="truth")
        for row in rows:
            outcome, colour = row.typical, COLOURS[row.method.rule]
            label = _label(row, truth[None])
            if outcome.diverged is None:
                y = outcome.prediction[0]
                solution.plot(points, y, color=colour, linewidth=1.2, label=label)
                error.plot(points, abs(y - truth), color=colour, linewidth=1.2)
            else:
                solution.plot([], [], color=colour, label=label)
        solution.legend(edgecolor="none", framealpha=0.8, fontsize=8, labelcolor=INK)
        dress(solution, f"{name}: solutions")
        dress(error, f"{name}: absolute error")
        for ax in (solution, error):
            ax.set_xlabel("x")
            ax.set_ylabel("u" if ax is axes[0, 0] else "")
            ax.grid(alpha=0.2)
        _losses(loss, report, rows)
        dress(loss, f"{name}: training loss")
    return figure


def _figure(report: Report, width: float, height: float) -> Figure:
    settings = report.settings
    what = "" if settings.operator.kind == "mlp" else " of the first test function"
    updates = f"{settings.training.updates:,} updates"
    title = f"{settings.experiment} after {updates}: relative l2 error{what}"
    return blank(width, height, title, w_pad=0.08, h_pad=0.08, wspace=0.02)


def _losses(ax: Axes, report: Report, rows: list[MethodRow]) -> None:
    """Smoothed losses of the run in the middle."""
    for row in rows:
        updates, losses = loss_curve(row.typical.state, report.settings.training.updates)
        smooth = running_mean(losses, SMOOTH)
        name, colour = row.method.name, COLOURS[row.method.rule]
        ax.plot(updates, smooth, color=colour, linewidth=1.2, label=name)
    ax.set_yscale("log", nonpositive="mask")
    ax.set_xlabel("update")
    ax.set_ylabel("loss")
    ax.grid(alpha=0.2)


def _label(row: MethodRow, truth: Doubles) -> str:
    """Name, and relative l2 error of what is shown."""
    outcome = row.typical
    if outcome.diverged is not None:
        return f"{row.method.name}, diverged"
    return f"{row.method.name}, {relative_l2(outcome.prediction, truth):.4f}"


def _bar(figure: Figure, scale: ScalarMappable, beside: list[Axes], extend: str) -> None:
    bar = figure.colorbar(scale, ax=beside, extend=extend, pad=0.01)
    bar.outline.set_visible(False)


def _nothing(ax: Axes) -> None:
    ax.set_xticks([])
    ax.set_yticks([])
    ax.text(0.5, 0.5, "diverged", ha="center", va="center", transform=ax.transAxes, color=MUTED)
