"""What `hardware.skip` saves on the three experiments: silent inputs, and clocks of a folded layer.

``python benchmarks/skipping.py`` trains the integer models of the presets ``hat``, ``poisson`` and
``reaction_diffusion`` with seed 1 for 500 updates. Then it looks at the inputs of every layer
after the first over one more batch, in learning and in inference. Clocks are those of a frame with
``simd`` 1 and four groups of neurons (as many as there are, where there are fewer).
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from dualspike.golden.data.load import load_problem
from dualspike.golden.integer.part import Forward
from dualspike.golden.integer.rfg.activity import kept_chunks, silent_inputs
from dualspike.golden.training.fixed_engine import FixedEngine, stored_inputs
from dualspike.model.description.load import load_preset
from dualspike.model.sizes.geometry import geometry
from dualspike.model.sizes.layers import Layer

UPDATES, GROUPS = 500, 4
NAMES = {"hat": "hat", "poisson": "Poisson", "reaction_diffusion": "reaction-diffusion"}
Passes = tuple[Layer, Forward, Forward]


def main() -> int:
    """Train, count, print a table."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    print("| experiment | layer | once per | silent: learning | inference | clocks of a frame |")
    print("|---|---|---|---|---|---|")
    for preset, name in NAMES.items():
        parts = list(passes(preset))
        for part, layers in enumerate(parts):
            report(name, f"part {part}, " if len(parts) > 1 else "", layers)
    return 0


def passes(preset: str) -> Iterator[list[Passes]]:
    """The layers of every part after the first, learning and in inference."""
    d = load_preset(preset)
    problem, engine = load_problem(d), FixedEngine(d)
    for update in range(UPDATES):
        engine.update(*problem.training_batch(d.learning.seed, update), update)
    inputs, _ = problem.training_batch(d.learning.seed, UPDATES)
    stored, chip = stored_inputs(d, inputs), engine.chip.traced()
    learning, inference = chip.forward(stored, chip.perturb()), chip.forward(stored, None)
    for part, learnt, inferred in zip(d.parts, learning, inference, strict=True):
        yield [(layer, learnt, inferred) for layer in geometry(part).layers[1:]]


def report(name: str, part: str, layers: list[Passes]) -> None:
    """One row for each layer."""
    for layer, *runs in layers:
        groups = min(GROUPS, layer.n_out)
        folded = replace(layer, simd=1, pe=-(-layer.n_out // groups))
        silent = [silent_inputs(run, layer).mean() for run in runs]
        clocks = [
            np.maximum(folded.chunks, folded.groups * kept_chunks(run, folded)).mean()
            for run in runs
        ]
        once = "step" if layer.kind == "spiking" else "sample"
        print(
            f"| {name} | {part}{layer.index} ({layer.kind}, {layer.n_in}-{layer.n_out}) | {once}"
            f" | {silent[0]:.1%} | {silent[1]:.1%}"
            f" | {folded.cycles} to {clocks[0]:.1f}, {clocks[1]:.1f} |"
        )


if __name__ == "__main__":
    sys.exit(main())
