"""The drawing of a network: where its neurons and weights are.

Coordinates are those of the drawing's own box, y downwards; a template turns them into SVG.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from dualspike.golden.float.layout import Parameters
from dualspike.model.description.network import Network

WIDTH = 440.0
NEURONS = 16  # circles of one layer; what is more becomes an ellipsis


@dataclass(frozen=True)
class Column:
    """One layer of neurons: x, the circles' y, whether some are left out, and its texts."""

    x: float
    ys: list[float]
    shortened: bool
    size: int
    label: str


@dataclass(frozen=True)
class Wire:
    """A weight: from (x, y) to (x, y), its share of the layer's largest, and its sign."""

    x1: float
    y1: float
    x2: float
    y2: float
    share: float
    negative: bool


@dataclass(frozen=True)
class NetworkDrawing:
    """Columns of neurons and the weights between them, in a box of ``width`` by ``height``.

    Not ``weighted``: the weights are not known and look all alike.
    """

    width: float
    height: float
    columns: list[Column]
    wires: list[Wire]
    weighted: bool


def network_drawing(network: Network, parameters: Parameters | None) -> NetworkDrawing:
    """All layers side by side; without parameters all weights look alike."""
    sizes = network.layers
    shown = [_shown(n) for n in sizes]
    pitch, top = 19.0, 34.0
    tallest = max(len(rows) + (len(rows) < n) for rows, n in zip(shown, sizes, strict=True))
    height = top + tallest * pitch + 24
    columns: list[Column] = []
    for index, (rows, n) in enumerate(zip(shown, sizes, strict=True)):
        x = 40 + index * (WIDTH - 80) / (len(sizes) - 1)
        gap = len(rows) < n
        places = len(rows) + gap
        first = top + (tallest - places) * pitch / 2 + pitch / 2
        ys = [first + (row + (gap and row >= len(rows) // 2)) * pitch for row in range(len(rows))]
        label = "in" if index == 0 else "out" if index == len(sizes) - 1 else f"layer {index}"
        columns.append(Column(x, ys, gap, n, label))
    wires: list[Wire] = []
    for layer, (left, right) in enumerate(pairwise(columns)):
        w = parameters.weights[layer] if parameters else np.full((right.size, left.size), 0.5)
        largest = float(np.abs(w).max()) or 1.0
        if parameters is None:
            largest = 2.0
        for y2, neuron in zip(right.ys, shown[layer + 1], strict=True):
            for y1, source in zip(left.ys, shown[layer], strict=True):
                value = float(w[neuron, source])
                share = round(abs(value) / largest, 2)
                wires.append(Wire(left.x, y1, right.x, y2, share, value < 0))
    return NetworkDrawing(WIDTH, height, columns, wires, parameters is not None)


def _shown(n: int) -> list[int]:
    """The neurons of a layer that are drawn: all, or its first and last ones."""
    if n <= NEURONS:
        return list(range(n))
    half = NEURONS // 2
    return [*range(half), *range(n - half, n)]
