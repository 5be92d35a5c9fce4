"""The drawing of a learning curve, on a logarithmic scale.

Coordinates are those of the drawing's own box, y downwards; a template turns them into SVG.
"""

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from dualspike.golden.numeric import Doubles
from dualspike.golden.training.figure import running_mean
from dualspike.model.description.description import Description
from dualspike.report.records import Validation

POINTS = 200  # bins of a run's updates


@dataclass(frozen=True)
class Curve:
    """Losses on a logarithmic scale: range of every bin as an area, running mean as a line."""

    width: float
    height: float
    left: float
    bottom: float
    area: str
    line: str
    ticks: list[tuple[float, str]]
    updates: list[tuple[float, str]]
    stages: list[float]
    first: float
    last: float
    validation: str


def learning_curve(losses: Doubles, d: Description, validation: Validation | None = None) -> Curve:
    """The batch losses of a run; the line is their mean over a fiftieth of the run.

    Next to it the losses on ``validation`` samples, if the run has some.
    """
    width, height, left, bottom, top, right = 460.0, 250.0, 46.0, 34.0, 10.0, 12.0
    n = len(losses)
    smooth = running_mean(losses, max(1, n // 50))
    tuned = np.array([] if validation is None else validation.loss)
    every = np.concatenate([losses, tuned])
    positive = every[every > 0]
    low = float(positive.min()) if len(positive) else 1e-6
    high = max(float(every.max()), low)
    decades = (math.floor(math.log10(low)), math.ceil(math.log10(high)))
    least, most = decades if decades[0] < decades[1] else (decades[0], decades[0] + 1)

    def x(update: float) -> float:
        return left + (width - left - right) * (update / max(1, n - 1))

    def y(loss: float) -> float:
        level = (math.log10(max(loss, 10.0**least)) - least) / (most - least)
        return round(height - bottom - (height - bottom - top) * level, 1)

    edges = np.unique(np.linspace(0, n, min(n, POINTS) + 1).astype(int))
    upper: list[str] = []
    lower: list[str] = []
    line: list[str] = []
    for begin, end in pairwise(edges.tolist()):
        at = f"{x((begin + end - 1) / 2):.1f}"
        upper.append(f"{at},{y(losses[begin:end].max())}")
        lower.append(f"{at},{y(losses[begin:end].min())}")
        line.append(f"{at},{y(float(smooth[end - 1]))}")
    stages = d.learning.stages if n == d.learning.updates else 1
    return Curve(
        width,
        height,
        left,
        bottom,
        " ".join(upper + lower[::-1]),
        " ".join(line),
        [(y(10.0**e), f"1e{e}") for e in range(least, most + 1)],
        [(round(x(u), 1), f"{u:,}") for u in (0, (n - 1) // 2, n - 1)] if n > 2 else [],
        [round(x(stage * n / stages), 1) for stage in range(1, stages)],
        float(smooth[min(n - 1, max(0, n // 50 - 1))]),
        float(smooth[-1]),
        " ".join(
            f"{x(max(0, update - 1)):.1f},{y(loss)}"
            for update, loss in zip(validation.updates, validation.loss, strict=True)
        )
        if validation
        else "",
    )
