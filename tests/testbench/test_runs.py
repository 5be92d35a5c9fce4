"""Runs of many updates without a host between them."""

import numpy as np
import pytest

from dualspike.golden.chip import Record
from dualspike.model.load import describe
from dualspike.testbench.bulk import Simulation
from dualspike.testbench.compare import compare_update

from .descriptions import random_batch, random_chip

TABLES = {
    "name": "run",
    "network": {"layers": [2, 4, 3, 1], "time_steps": 4},
    "learning": {"batch": 2, "rate": 4, "stages": 3, "updates": 7, "schedule": "chip"},
}


@pytest.mark.parametrize("stages", [3, 0])
def test_the_chip_counts_its_stages(stages: int) -> None:
    """One command for a run and two updates more; or a stage that the host has set."""
    d = describe(TABLES, "test")
    chip, rng = random_chip(d, 1), np.random.default_rng(1)
    batches = [random_batch(d, rng) for _ in range(d.learning.updates + 2)]
    with Simulation.of(d, quick=True) as simulation:
        simulation.load_chip(chip, stage=0 if stages else 2)
        simulation.write("STAGES", stages)
        inputs, targets = zip(*batches, strict=True)
        found = simulation.learn(np.concatenate(inputs), np.concatenate(targets))
        expected = Record(0, (), 0, 0)
        for update, (x, target) in enumerate(batches):
            expected = chip.update(x, target, d.stage(update) if stages else 2)
        assert compare_update(0, chip, expected, found, simulation) is None
        assert simulation.read("STAGE") == 2


@pytest.mark.parametrize("rounding", ["nearest", "stochastic"])
def test_passes_end_where_all_lanes_at_once_do(rounding: str) -> None:
    learning = {**TABLES["learning"], "scope": "layer", "rounding": rounding, "schedule": "host"}
    base = {**TABLES, "learning": learning}
    chip, rng = random_chip(describe(base, "test"), 2), np.random.default_rng(2)
    batches = [random_batch(chip.d, rng) for _ in range(3)]
    x, y = (np.concatenate(part) for part in zip(*batches, strict=True))
    ends: list[object] = []
    for lanes in (3, 2, 1):
        d = describe({**base, "hardware": {"lanes": lanes}}, "test")
        with Simulation.of(d, quick=True) as simulation:
            simulation.load_chip(chip)
            record = simulation.learn(x, y)
            weights, biases = simulation.weights()
            ends.append((record, *(w.tolist() for w in [*weights, *biases])))
    assert ends[1:] == ends[:1] * 2
