"""What `hardware.skip` saves on the three experiments: silent inputs, and clocks of a folded layer.

``python benchmarks/skipping.py`` trains the integer models of the presets ``hat``, ``poisson`` and
``reaction_diffusion`` with seed 1 for 500 updates. Then it looks at the inputs of every layer
behind the first over one more batch, in learning and in inference. Clocks are those of a frame with
``simd`` 1 and four groups of neurons (as many as there are, where there are fewer).
"""

import sys
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from dualspike.golden.activity import kept_chunks, silent_inputs
from dualspike.golden.data import batch_indices, load_data
from dualspike.golden.fixed import FixedEngine
from dualspike.golden.integer import Forward
from dualspike.golden.integer_operator import OperatorChip
from dualspike.golden.operator_data import load_operator_data
from dualspike.golden.operator_engine import FixedOperatorEngine
from dualspike.golden.rounding import quantise
from dualspike.model.geometry import Layer, geometry
from dualspike.model.load import load_preset
from dualspike.model.operator_load import load_operator_preset

UPDATES, GROUPS = 500, 4
Passes = tuple[Layer, Forward, Forward]


def main() -> int:
    """Train, count, print a table."""
    print("| experiment | layer | once per | silent: learning | inference | clocks of a frame |")
    print("|---|---|---|---|---|---|")
    operators = [("Poisson", "poisson"), ("reaction-diffusion", "reaction_diffusion")]
    report("hat", "", hat())
    for name, preset in operators:
        for part, passes in enumerate(operator(preset)):
            report(name, f"part {part}, ", passes)
    return 0


def hat() -> Iterator[Passes]:
    """The layers of the hat behind the first, learning and in inference."""
    d = load_preset("hat")
    data, engine = load_data(d), FixedEngine(d)
    for update in range(UPDATES + 1):
        rows = batch_indices(len(data.x), d.learning.batch, d.learning.seed, update)
        if update < UPDATES:
            engine.update(data.x[rows], data.y[rows], update)
    x = quantise(data.x[rows], d.formats.input, "x")
    chip = engine.chip
    learning, inference = chip.forward(x, chip.perturb()), chip.forward(x, None)
    for layer in geometry(d).layers[1:]:
        yield layer, learning, inference


def operator(preset: str) -> Iterator[list[Passes]]:
    """The same of every part of an operator chip."""
    d = load_operator_preset(preset)
    problem, engine = load_operator_data(d), FixedOperatorEngine(d)
    for update in range(UPDATES):
        engine.update(*problem.batch([d.learning.seed, update]), update)
    inputs, _ = problem.batch([d.learning.seed, UPDATES])
    stored = [quantise(rows, d.formats.input, "inputs") for rows in inputs]
    chip = engine.chip
    traced = OperatorChip(d, chip.weights, chip.biases, chip.signs.state, compiled=False)
    learning, inference = traced.forward(stored, traced.signs.draw()), traced.forward(stored, None)
    for part in range(len(d.parts)):
        layers = geometry(d.part(part)).layers[1:]
        yield [(layer, learning[part], inference[part]) for layer in layers]


def report(name: str, part: str, passes: Iterator[Passes] | list[Passes]) -> None:
    """One row for each layer."""
    for layer, *runs in passes:
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
