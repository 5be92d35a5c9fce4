"""Spike rasters: what the hidden layers of the chip do with a sample.

Coordinates are those of the drawing's own box, y downwards; a template turns them into SVG.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.fixed import first_chip
from dualspike.golden.network import Parameters
from dualspike.golden.rounding import quantise, real
from dualspike.model.description import Description

Floats = NDArray[np.float64]

WIDTH, LEFT = 320.0, 6.0
ROWS = 96  # neurons of one raster


@dataclass(frozen=True)
class Strip:
    """One hidden layer of a raster: spikes as an SVG path, from ``y`` on, ``height`` high."""

    label: str
    y: float
    height: float
    path: str
    rate: float


@dataclass(frozen=True)
class Raster:
    """What the hidden layers did with one sample, and what came out."""

    sample: int
    width: float
    height: float
    left: float
    steps: int
    strips: list[Strip]
    inputs: list[float]
    outputs: list[float]
    targets: list[float]


def rasters(
    d: Description, parameters: Parameters, x: Floats, y: Floats, samples: list[int]
) -> list[Raster]:
    """Spikes of the integer model, hence of the chip, for some rows of x with targets y."""
    stored = quantise(x[samples], d.formats.input, "x")
    found = first_chip(d, parameters).forward(stored, None)
    outputs = real(found.y, d.formats.membrane)
    result: list[Raster] = []
    for row, sample in enumerate(samples):
        strips: list[Strip] = []
        top = 6.0
        for index, trace in enumerate(found.layers[:-1]):
            spikes = trace.spikes[:, row]
            n = min(spikes.shape[1], ROWS)
            pitch = max(2.0, min(8.0, 160 / n))
            step = (WIDTH - 2 * LEFT) / len(spikes)
            path = "".join(
                f"M{LEFT + t * step:.1f} {top + 18 + neuron * pitch:.1f}v{pitch - 0.6:.1f}"
                for t, neuron in np.argwhere(spikes[:, :n]).tolist()
            )
            more = f", {n} of {spikes.shape[1]} neurons" if n < spikes.shape[1] else ""
            label = f"layer {index + 1}{more}"
            strips.append(Strip(label, top + 18, n * pitch, path, float(spikes.mean())))
            top += 18 + n * pitch + 10
        result.append(
            Raster(
                sample,
                WIDTH,
                top + 18,
                LEFT,
                d.network.time_steps,
                strips,
                x[sample].tolist(),
                outputs[row].tolist(),
                y[sample].tolist(),
            )
        )
    return result
