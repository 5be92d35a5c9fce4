"""Operator hardware equals the integer model, bit for bit, for presets and random chips."""

import numpy as np
import pytest

from dualspike.model.load import presets
from dualspike.model.operator_chip import OperatorDescription
from dualspike.model.operator_load import describe_operator, load_operator_preset
from dualspike.model.operator_sizes import batch_cycles
from dualspike.testbench.operator_bulk import OperatorSimulation

from .features import OPERATOR, unreached
from .operator_descriptions import cosimulate_operator, random_operator, random_rows

SEEDS = [8, 45, 127, 216, 260, 362]

# From CONTROL's acknowledgement to the first row offered the sequencer runs 3 clocks ahead.
BUS_LEAD = 3


@pytest.mark.parametrize("seed", SEEDS)
def test_random_operator_chip(seed: int) -> None:
    d = random_operator(seed)
    simulation = OperatorSimulation.of(d, quick=True)
    with simulation:
        assert cosimulate_operator(d, simulation, 3, seed) is None
        assert cosimulate_operator(d, simulation, 2, seed + 1, stall=90) is None
        takes_the_clocks_it_should(d, simulation)


def takes_the_clocks_it_should(d: OperatorDescription, simulation: OperatorSimulation) -> None:
    rng, sizes = np.random.default_rng(0), d.learning.batch
    scale = None if d.learning.floor is None else np.ones(sizes[0], np.int64)
    before = simulation.cycles
    simulation.learn(random_rows(d, rng, sizes[0]), np.zeros(sizes, np.int64), scale)
    least, most = batch_cycles(d)
    assert least <= simulation.cycles - before + BUS_LEAD <= most


@pytest.mark.parametrize("name", presets("operators"))
def test_operator_preset_with_one_direction(name: str) -> None:
    tables = load_operator_preset(name).model_dump()
    tables["learning"] |= {"directions": 1}
    d = describe_operator(tables, name)
    with OperatorSimulation.of(d, quick=True) as simulation:
        assert cosimulate_operator(d, simulation, 1, 0) is None
        takes_the_clocks_it_should(d, simulation)


def test_random_operator_chips_have_every_feature() -> None:
    assert unreached(OPERATOR, map(random_operator, SEEDS)) == []
