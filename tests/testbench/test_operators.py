"""Operator hardware equals the integer model, bit for bit, for presets and random chips."""

import pytest

from dualspike.model.load import presets
from dualspike.model.operator_load import load_operator_preset
from dualspike.testbench.operator_bulk import OperatorSimulation

from .operator_descriptions import cosimulate_operator, random_operator

SEEDS = range(6)


@pytest.mark.parametrize("seed", SEEDS)
def test_random_operator_chip(seed: int) -> None:
    d = random_operator(seed)
    simulation = OperatorSimulation.of(d)
    with simulation:
        assert cosimulate_operator(d, simulation, 3, seed) is None
        assert cosimulate_operator(d, simulation, 2, seed + 1, stall=90) is None


@pytest.mark.parametrize("name", presets("operators"))
def test_operator_preset(name: str) -> None:
    d = load_operator_preset(name)
    with OperatorSimulation.of(d) as simulation:
        assert cosimulate_operator(d, simulation, 1, 0) is None


def test_random_operator_chips_are_of_every_kind() -> None:
    seen = [random_operator(seed) for seed in SEEDS]
    assert {len(d.parts) for d in seen} == {2, 3, 4}
    assert {d.learning.structure for d in seen} == {"independent", "factored"}
    assert {d.learning.scope for d in seen} == {"layer", "global"}
    assert {d.learning.floor is None for d in seen} == {True, False}
    assert {len(part.layers) for d in seen for part in d.parts} == {3, 4}
    assert {d.basis == 1 for d in seen} == {True, False}
