"""Spike rasters: what the hidden layers of the chip do with a sample.

Coordinates are those of the drawing's own box, y downwards; a template turns them into SVG.
"""

from dataclasses import dataclass

import numpy as np

from dualspike.golden.data.problem import Samples
from dualspike.golden.data.units import target_units
from dualspike.golden.float.layout import Parameters
from dualspike.golden.integer.rounding import real
from dualspike.golden.numeric import Ints
from dualspike.golden.training.fixed_engine import first_chip, stored_inputs
from dualspike.model.description.description import Description

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
    """What the hidden layers of a part did with one row of its inputs, and what came out.

    ``targets`` are the outputs that a perceptron should have; there are none for one of several
    parts. Of inputs ``over_time`` it is their mean over the steps.
    """

    part: int
    row: int
    width: float
    height: float
    left: float
    steps: int
    strips: list[Strip]
    over_time: bool
    inputs: list[float]
    outputs: list[float]
    targets: list[float]


def rasters(
    d: Description, parameters: Parameters, samples: Samples, rows: list[list[int]]
) -> list[Raster]:
    """Spikes of the integer model, hence of the chip, for some ``rows`` of every part's inputs."""
    chosen = [x[some] for x, some in zip(samples.inputs, rows, strict=True)]
    chip = first_chip(d, parameters)
    units = target_units(d.data, d.basis)
    found: list[Raster] = []
    for part, forward in enumerate(chip.follow(stored_inputs(d, chosen))):
        outputs = units.given(real(forward.y, d.formats.membrane))
        for n, row in enumerate(rows[part]):
            x = chosen[part][n]
            strips = _strips([trace.spikes[:, n] for trace in forward.layers[:-1]])
            found.append(
                Raster(
                    part,
                    row,
                    WIDTH,
                    strips[-1].y + strips[-1].height + 28,
                    LEFT,
                    d.networks[part].time_steps,
                    strips,
                    x.ndim > 1,
                    (x.mean(axis=0) if x.ndim > 1 else x).tolist(),
                    outputs[n].tolist(),
                    units.given(samples.target[row]).tolist() if d.kind == "mlp" else [],
                )
            )
    return found


def _strips(layers: list[Ints]) -> list[Strip]:
    """The spikes [T, n] of every hidden layer, one below the other."""
    strips: list[Strip] = []
    top = 6.0
    for index, spikes in enumerate(layers):
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
    return strips
