"""Truth, prediction and error: maps where the points of a test form a grid, else dots."""

# Matplotlib's own annotations leave the type of a path open.
# pyright: reportUnknownVariableType=false

import base64
import io
from dataclasses import dataclass

import numpy as np
from matplotlib.image import imsave

from dualspike.golden.data.problem import Problem
from dualspike.golden.numeric import Doubles
from dualspike.golden.training.figure import ERRORS, VALUES

DOTS = 400


@dataclass(frozen=True)
class Map:
    """A picture of values on a grid, as a data URI, and the values of its two end colours."""

    title: str
    uri: str
    lowest: float
    highest: float


@dataclass(frozen=True)
class Dots:
    """Predictions against truth in a square box: dots (x, y), and both ends of both axes."""

    size: float
    dots: list[tuple[float, float]]
    lowest: float
    highest: float


def maps(problem: Problem, prediction: Doubles) -> list[Map]:
    """Truth and prediction in one colour scale, and the absolute error; output 0 of a grid."""
    if problem.grid is None:
        return []
    truth, found = (v[:, 0].reshape(problem.grid) for v in (problem.truth, prediction))
    lowest, highest = float(min(truth.min(), found.min())), float(max(truth.max(), found.max()))
    error = np.abs(found - truth)
    return [
        _map("truth", truth, VALUES, lowest, highest),
        _map("prediction", found, VALUES, lowest, highest),
        _map("absolute error", error, ERRORS, 0.0, float(error.max())),
    ]


def dots(problem: Problem, prediction: Doubles) -> Dots:
    """Every output of evenly chosen points, of a perceptron or of functions."""
    width = problem.n_out or 1
    truth, found = problem.truth.reshape(-1, width), prediction.reshape(-1, width)
    rows = np.unique(np.linspace(0, len(truth) - 1, DOTS).astype(int))
    truth, found = truth[rows].ravel(), found[rows].ravel()
    lowest, highest = float(min(truth.min(), found.min())), float(max(truth.max(), found.max()))
    size, scale = 300.0, 280 / ((highest - lowest) or 1.0)
    places = zip(10 + (truth - lowest) * scale, size - 10 - (found - lowest) * scale, strict=True)
    return Dots(size, [(round(x, 1), round(y, 1)) for x, y in places], lowest, highest)


def _map(title: str, values: Doubles, colours: str, lowest: float, highest: float) -> Map:
    buffer = io.BytesIO()
    imsave(buffer, values, vmin=lowest, vmax=highest, cmap=colours, origin="lower", format="png")
    data = base64.b64encode(buffer.getvalue()).decode()
    return Map(title, f"data:image/png;base64,{data}", lowest, highest)
