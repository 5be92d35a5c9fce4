"""One picture of a training run: what was to be learned, what was, the error, and the losses."""

# Matplotlib's own annotations leave **kwargs untyped in nearly every drawing call.
# pyright: reportUnknownMemberType=false

import io
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.layout_engine import ConstrainedLayoutEngine

from dualspike.golden.data.accuracy import relative_l2
from dualspike.golden.data.measures import classes_of, measure
from dualspike.golden.data.problem import Problem
from dualspike.golden.files.writing import write_atomic
from dualspike.golden.numeric import Doubles, Indices
from dualspike.golden.training.validation import Validation

DOTS = 4000
"""Points of operator networks that are shown."""

MOST_COUNTED = 20
"""Classes between which samples are counted in figures."""

INK = "#1f2937"
MUTED = "#9ca3af"
ACCENT = "#0f766e"
HELD_OUT = "#b45309"
VALUES = "viridis"
ERRORS = "magma"


def blank(width: float, height: float, title: str = "", **pads: Any) -> Figure:
    """A figure of that many inches, with the ``pads`` of Matplotlib's constrained layout."""
    layout = ConstrainedLayoutEngine(**pads)
    figure = Figure(figsize=(width, height), dpi=120, layout=layout)
    if title:
        figure.suptitle(title, color=INK, fontsize=13)
    return figure


def dress(ax: Axes, title: str) -> None:
    """Give a panel its title, and take away what frames it above and at the right."""
    ax.set_title(title, fontsize=11, color=INK)
    ax.spines[["top", "right"]].set_visible(False)


def write_figure(figure: Figure, folder: Path, name: str) -> list[str]:
    """Write a figure as ``name`` PNG and PDF, the same bytes on every run; returns the file names.

    Each file appears whole or not at all; raises BadInput where it cannot be written.
    """
    FigureCanvasAgg(figure)
    files: list[str] = []
    for kind in ("png", "pdf"):
        _write(figure, folder / f"{name}.{kind}", kind)
        files.append(f"{name}.{kind}")
    return files


def run_figure(
    problem: Problem,
    prediction: Doubles,
    losses: Doubles,
    path: Path,
    title: str,
    validation: Validation | None = None,
) -> None:
    """Write the PNG of `drawn_run`; it appears whole or not at all.

    Raises BadInput where it cannot be written.
    """
    _write(drawn_run(problem, prediction, losses, title, validation), path, "png")


def drawn_run(
    problem: Problem,
    prediction: Doubles,
    losses: Doubles,
    title: str,
    validation: Validation | None = None,
) -> Figure:
    """A ``prediction`` for the test samples and the ``losses`` [updates] before it.

    Test points that form a grid: truth and prediction as maps with one colour scale for both, the
    absolute error as a third map (of output 0). Labels: what classes were taken for, and what was
    said of the first images. Others:
    prediction against truth, every output. All: the losses on a logarithmic scale with their
    running mean, and those of the validation samples if the run has some.
    """
    found = measure(problem, prediction)
    if found.confusion is None:
        told = f"relative l2 error {relative_l2(prediction, problem.truth):.4f}"
    else:
        told = f"accuracy {found.accuracy:.2%}"
    told = f"{title}\n{told}{problem.where}"
    size = (10.5, 8.5) if problem.grid else (15, 4.8) if problem.image else (11, 4.8)
    figure = blank(*size, told, w_pad=0.1, h_pad=0.08, wspace=0.04)
    FigureCanvasAgg(figure)
    if problem.grid:
        panels = figure.subplots(2, 2).ravel().tolist()
        _maps(figure, panels[:3], problem, prediction, problem.grid)
    elif found.confusion is not None:
        panels = figure.subplots(1, 2 + (problem.image is not None)).ravel().tolist()
        _confusion(panels[0], np.array(found.confusion))
        if problem.image is not None:
            _answers(panels[1], problem, prediction, problem.image)
    else:
        panels = figure.subplots(1, 2).ravel().tolist()
        _scatter(panels[0], *_columns(problem, prediction))
    _loss_curve(panels[-1], losses, validation)
    return figure


def _columns(problem: Problem, prediction: Doubles) -> tuple[Doubles, Doubles]:
    """Truth and prediction, an output a column; of an operator network some of its points."""
    truth = problem.truth
    if problem.kind == "mlp":
        return truth, prediction
    some = np.linspace(0, truth.size - 1, min(DOTS, truth.size)).astype(int)
    return truth.reshape(-1, 1)[some], prediction.reshape(-1, 1)[some]


def running_mean(values: Doubles, window: int) -> Doubles:
    """Mean of each value and up to ``window`` - 1 before it."""
    total = np.concatenate(([0.0], np.cumsum(values)))
    end = np.arange(1, len(values) + 1)
    begin = np.maximum(end - window, 0)
    return (total[end] - total[begin]) / (end - begin)


def _maps(
    figure: Figure, axes: list[Axes], problem: Problem, prediction: Doubles, grid: tuple[int, int]
) -> None:
    points = problem.test.inputs[0]
    truth, learned = problem.truth[:, 0].reshape(grid), prediction[:, 0].reshape(grid)
    (left, bottom), (right, top) = points.min(axis=0), points.max(axis=0)
    extent = (float(left), float(right), float(bottom), float(top))
    low, high = float(truth.min()), float(truth.max())
    levels = np.linspace(low, high, 8).tolist()[1:-1]
    difference = np.abs(learned - truth)
    panels = (
        ("Truth", truth, VALUES, low, high),
        ("Learned", learned, VALUES, low, high),
        ("Absolute error", difference, ERRORS, 0.0, float(difference.max())),
    )
    images: list[AxesImage] = []
    for ax, (name, surface, colours, least, most) in zip(axes, panels, strict=True):
        image = ax.imshow(
            surface,
            cmap=colours,
            vmin=least,
            vmax=most,
            origin="lower",
            extent=extent,
            interpolation="nearest",
        )
        images.append(image)
        if colours == VALUES:
            ax.contour(
                surface, levels=levels, colors="white", linewidths=0.7, alpha=0.7, extent=extent
            )
        ax.set_xlabel("x")
        ax.set_ylabel("y")
        ax.locator_params(nbins=5)
        dress(ax, name)
    for image, beside in ((images[1], axes[:2]), (images[2], axes[2:])):
        bar = figure.colorbar(image, ax=beside, extend="both" if len(beside) > 1 else "neither")
        bar.outline.set_visible(False)


def _confusion(ax: Axes, counts: Indices) -> None:
    """Shares of every class, with their counts where there is room for them."""
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    ax.imshow(shares, cmap="Greens", vmin=0, vmax=1)
    if len(counts) <= MOST_COUNTED:
        for row, column in np.argwhere(counts).tolist():
            colour = "white" if shares[row, column] > 0.5 else INK
            ax.text(
                column,
                row,
                str(counts[row, column]),
                ha="center",
                va="center",
                color=colour,
                fontsize=8,
            )
        ax.set_xticks(range(len(counts)))
        ax.set_yticks(range(len(counts)))
    ax.set_xlabel("taken for")
    ax.set_ylabel("class")
    dress(ax, "Classes")


def _answers(ax: Axes, problem: Problem, prediction: Doubles, image: tuple[int, int]) -> None:
    """The first test images in a mosaic, each with the class it was taken for; wrong ones red."""
    across, (rows, columns) = 6, image
    pixels = problem.test.inputs[0][: across * 4]
    found, right = classes_of(prediction), classes_of(problem.test.target)
    high, wide = rows + 1, columns + 1
    page = np.full((-(-len(pixels) // across) * high, across * wide), np.nan)
    for n, one in enumerate(pixels):
        top, left = n // across * high, n % across * wide
        page[top : top + rows, left : left + columns] = one.reshape(image)
        colour = ACCENT if found[n] == right[n] else "#b91c1c"
        ax.text(
            left + columns - 0.6,
            top + rows - 0.6,
            str(found[n]),
            color=colour,
            fontsize=11,
            fontweight="bold",
            ha="right",
            va="bottom",
        )
    ax.imshow(page, cmap="Greys", interpolation="nearest")
    ax.set_xticks([])
    ax.set_yticks([])
    ax.spines[:].set_visible(False)
    dress(ax, "Test images and answers")


def _scatter(ax: Axes, truth: Doubles, prediction: Doubles) -> None:
    low, high = float(truth.min()), float(truth.max())
    ax.plot([low, high], [low, high], color=MUTED, linewidth=1, zorder=1)
    for column in range(truth.shape[1]):
        ax.plot(
            truth[:, column],
            prediction[:, column],
            linestyle="none",
            marker="o",
            markersize=3,
            alpha=0.5,
            markeredgewidth=0,
            label=f"output {column}",
        )
    if truth.shape[1] > 1:
        ax.legend(frameon=False)
    ax.set_xlabel("truth")
    ax.set_ylabel("learned")
    ax.grid(alpha=0.2)
    dress(ax, "Learned against truth")


def _loss_curve(ax: Axes, losses: Doubles, validation: Validation | None) -> None:
    window = max(1, len(losses) // 50)
    updates = np.arange(1, len(losses) + 1)
    ax.plot(updates, losses, color=MUTED, linewidth=0.8, alpha=0.7, label="every batch")
    ax.plot(
        updates,
        running_mean(losses, window),
        color=ACCENT,
        linewidth=1.8,
        label=f"mean of the last {window}",
    )
    if validation is not None:
        _validation_curve(ax, validation)
    if losses.any():
        ax.set_yscale("log", nonpositive="mask")
    ax.set_xlabel("update")
    ax.set_ylabel("loss, half the mean squared error")
    ax.grid(which="major", alpha=0.2)
    ax.legend(frameon=False, labelcolor=INK)
    dress(ax, "Training loss")


def _validation_curve(ax: Axes, found: Validation) -> None:
    ax.plot(
        found.updates,
        found.losses,
        color=HELD_OUT,
        linewidth=1.4,
        marker="o",
        markersize=2.5,
        label="validation samples",
    )
    best = found.best_update
    ax.axvline(best, color=HELD_OUT, linewidth=1, linestyle=":", label=f"best there, {best}")


def _write(figure: Figure, path: Path, kind: str) -> None:
    content, stamp = io.BytesIO(), {"png": "Software", "pdf": "CreationDate"}[kind]
    figure.savefig(content, format=kind, metadata={stamp: None})
    write_atomic(path, content.getvalue())
