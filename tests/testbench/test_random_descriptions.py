"""Hardware equals the integer model, bit for bit, for presets and random descriptions."""

import pytest

from dualspike.model.load import load_preset, presets
from dualspike.testbench.bulk import Simulation

from .descriptions import cosimulate, random_description
from .features import CORE, unreached

# Of 0 to 599: those that have every feature between them, and a few more.
SEEDS = [22, 43, 60, 141, 169, 259, 272, 341, 342, 393, 488, 528, 582]


@pytest.mark.parametrize("seed", SEEDS)
def test_random_description(seed: int) -> None:
    d = random_description(seed)
    with Simulation.of(d, quick=True) as simulation:
        assert cosimulate(d, simulation, 4, seed) is None
        assert cosimulate(d, simulation, 2, seed + 1, stall=90) is None


@pytest.mark.parametrize("name", [name for name in presets() if name != "wide"])
def test_preset(name: str) -> None:
    d = load_preset(name)
    with Simulation.of(d, quick=True) as simulation:
        assert cosimulate(d, simulation, 3, 0) is None


def test_random_descriptions_have_every_feature() -> None:
    assert unreached(CORE, map(random_description, SEEDS)) == []
