"""What leaving out silent inputs saves on chips that learn online.

``python benchmarks/online_skipping.py [FOLDER]`` trains the integer models of the presets
``events`` and, with the recordings in FOLDER, ``spoken_digits`` with `hardware.skip` and seed 1,
and counts over the batch after 100 updates, and after 400: the clocks that a pass walks, which are
all without what the registers SKIPPED count, in learning and then in inference.
"""

import argparse
import sys

from dualspike.golden.data.load import load_problem
from dualspike.golden.training.fixed_engine import FixedEngine, stored_batch
from dualspike.model.description.description import Description
from dualspike.model.description.load import describe, load_preset
from dualspike.model.sizes.geometry import geometry
from dualspike.testbench.arguments import folder

UPDATES = (100, 400)


def main() -> int:
    """Train, count, print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=folder, nargs="?", metavar="FOLDER")
    asked = parser.parse_args()
    print("| preset | layer | clocks of a pass | updates | learning | inference |")
    print("|---|---|---|---|---|---|")
    report(skipping("events", {}))
    if asked.folder:
        report(skipping("spoken_digits", {"folder": str(asked.folder)}))
    return 0


def skipping(preset: str, data: dict[str, str]) -> Description:
    """A preset that skips."""
    tables = load_preset(preset).model_dump()
    tables["hardware"]["skip"] = True
    tables["data"] |= data
    return describe(tables, preset)


def report(d: Description) -> None:
    """One row for each layer that skips and each number of updates."""
    problem, engine = load_problem(d), FixedEngine(d)
    layers = [layer for layer in geometry(d.parts[0]).layers if layer.skips]
    steps = d.batch[0] * d.network.time_steps
    for update in range(max(UPDATES) + 1):
        inputs, target = problem.training_batch(d.learning.seed, update)
        engine.update(inputs, target, update)
        if update not in UPDATES:
            continue
        learned = engine.chip.skipped
        twin = engine.chip.copy()
        twin.infer(stored_batch(d, inputs, target).inputs)
        for layer, less, least in zip(layers, learned, twin.skipped, strict=True):
            learning = layer.cycles - less / (steps + layer.lag)
            inference = layer.cycles - least / steps
            place = f"{d.name} | {layer.index} ({layer.kind}, {layer.n_in}-{layer.n_out})"
            print(f"| {place} | {layer.cycles} | {update} | {learning:.0f} | {inference:.0f} |")


if __name__ == "__main__":
    sys.exit(main())
