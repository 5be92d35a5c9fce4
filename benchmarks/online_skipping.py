"""What leaving out silent inputs would save on chips that learn online; none of them does.

``python benchmarks/online_skipping.py [FOLDER]`` trains the integer models of the presets
``events`` and, with the recordings in FOLDER, ``spoken_digits`` with seed 1 for 100 updates. Then
it looks at the inputs of every layer with inputs over time in one more batch. Inference could
leave out a chunk without a spike. A pass that learns also lands the change of ``lag`` passes
before: it could leave out only what was silent, too, since the sample of that one began, since a
trace that is no longer 0 stays so. Clocks are those of a pass with the preset's folding.
"""

import sys

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.data.load import load_problem
from dualspike.golden.training.fixed_engine import FixedEngine, stored_inputs
from dualspike.model.description.description import Description
from dualspike.model.description.load import describe, load_preset
from dualspike.model.sizes.geometry import geometry
from dualspike.model.sizes.layers import Layer

UPDATES = 100
Bits = NDArray[np.bool_]


def main(folders: list[str]) -> int:
    """Train, count, print a table."""
    print("| preset | layer | silent inputs | silent chunks: inference | learning | clocks |")
    print("|---|---|---|---|---|---|")
    report(load_preset("events"))
    for folder in folders:
        tables = load_preset("spoken_digits").model_dump()
        tables["data"]["folder"] = folder
        report(describe(tables, "spoken_digits"))
    return 0


def report(d: Description) -> None:
    """One row for each layer that has several groups and several chunks of inputs over time."""
    problem, engine = load_problem(d), FixedEngine(d)
    for update in range(UPDATES):
        engine.update(*problem.training_batch(d.learning.seed, update), update)
    inputs, _ = problem.training_batch(d.learning.seed, UPDATES)
    stored = stored_inputs(d, inputs)
    (seen,) = engine.chip.follow(stored)
    for layer in geometry(d.parts[0]).layers:
        if layer.every_step and layer.groups > 1 and layer.chunks > 1:
            frames = seen.layers[layer.source].spikes if layer.index else stored[0].swapaxes(0, 1)
            _row(d.name, layer, frames != 0)


def _row(name: str, layer: Layer, spikes: Bits) -> None:
    """Of ``spikes`` [T, B, n_in]."""
    padded = np.pad(spikes, ((0, 0), (0, 0), (0, -layer.n_in % layer.simd)))
    loud = padded.reshape(*spikes.shape[:2], layer.chunks, layer.simd).any(axis=3)
    heard, now = (
        one.swapaxes(0, 1).reshape(-1, layer.chunks)
        for one in (np.logical_or.accumulate(loud, axis=0), loud)
    )
    late = np.vstack([np.zeros_like(heard[: layer.lag]), heard[: -layer.lag]])
    silent = [1 - one.mean() for one in (now, now | late)]
    clocks = [
        np.maximum(layer.chunks, layer.groups * np.maximum(1, one.sum(axis=1))).mean()
        for one in (now, now | late)
    ]
    place = f"{name} | {layer.index} ({layer.kind}, {layer.n_in}-{layer.n_out})"
    left = f"{layer.cycles} to {clocks[0]:.0f}, {clocks[1]:.0f}"
    shares = f"{1 - spikes.mean():.1%} | {silent[0]:.1%} | {silent[1]:.1%}"
    print(f"| {place} | {shares} | {left} |")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
