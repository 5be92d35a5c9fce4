"""Runs of many updates without a host between them."""

import numpy as np
import pytest

from dualspike.golden.numeric import Ints
from dualspike.model.description.load import describe
from dualspike.model.interface.record import Record
from dualspike.testbench.cosim.compare import compare_update
from dualspike.testbench.cosim.simulation import Simulation
from tests.few import few
from tests.testbench.random.descriptions import Batch, random_batch, random_chip

TABLES = {
    "name": "run",
    "network": {"layers": [2, 4, 3, 1], "time_steps": 4},
    "learning": {"batch": 2, "rate": 4, "stages": 3, "updates": 7, "schedule": "chip"},
}


def joined(batches: list[Batch]) -> tuple[list[Ints], Ints]:
    """Inputs and targets of perceptrons' batches, one after the other."""
    inputs = np.concatenate([inputs[0] for inputs, *_ in batches])
    return [inputs], np.concatenate([target for _, target, *_ in batches])


@pytest.mark.parametrize("stages", [3, 0])
def test_the_chip_counts_its_stages(stages: int) -> None:
    """One command for a run and two updates more; or a stage that the host has set."""
    d = describe(TABLES, "test")
    chip, rng = random_chip(d, 1), np.random.default_rng(1)
    batches = [random_batch(d, rng) for _ in range(d.learning.updates + 2)]
    with Simulation.of(d, quick=True) as simulation:
        simulation.load_chip(chip, stage=0 if stages else 2)
        simulation.write("STAGES", stages)
        found = simulation.learn(*joined(batches))
        expected = Record(0, (), 0, 0)
        for update, (inputs, target, *_) in enumerate(batches):
            expected = chip.update(inputs, target, d.stage(update) if stages else 2)
        assert compare_update(0, chip, expected, found, simulation) is None
        assert simulation.read("STAGE") == 2


ROUNDINGS = ("nearest", "stochastic")


@pytest.mark.parametrize("rounding", few({one: one for one in ROUNDINGS}, ["stochastic"]))
def test_passes_end_where_all_lanes_at_once_do(rounding: str) -> None:
    learning = {**TABLES["learning"], "scope": "layer", "rounding": rounding, "schedule": "host"}
    base = {**TABLES, "learning": learning}
    chip, rng = random_chip(describe(base, "test"), 2), np.random.default_rng(2)
    batches = [random_batch(chip.d, rng) for _ in range(3)]
    ends: list[object] = []
    for lanes in (3, 2, 1):
        d = describe({**base, "hardware": {"lanes": lanes}}, "test")
        with Simulation.of(d, quick=True) as simulation:
            simulation.load_chip(chip)
            record = simulation.learn(*joined(batches))
            weights, biases = simulation.weights()
            ends.append((record, *(w.tolist() for w in [*weights, *biases])))
    assert ends[1:] == ends[:1] * 2
