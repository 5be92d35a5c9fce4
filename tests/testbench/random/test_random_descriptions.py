"""Hardware equals the integer model, bit for bit, for presets and random descriptions."""

import numpy as np
import pytest

from dualspike.model.description.description import Description
from dualspike.model.description.load import describe, load_preset, presets
from dualspike.model.sizes.cycles import batch_cycles
from dualspike.testbench.cosim.simulation import Simulation
from tests.few import few
from tests.testbench.cosimulation import cosimulate
from tests.testbench.random.descriptions import random_batch, random_description, random_rows
from tests.testbench.random.features import unreached

# Of 0 to 1199: small chips that have every feature of their kind between them.
SEEDS = [
    *(14, 16, 53, 55, 111, 167, 169, 304, 331, 393, 460, 463, 498, 593, 702, 799, 848, 879, 895),
    1195,
]

# From CONTROL's acknowledgement to the first row offered the sequencer runs 6 clocks ahead.
BUS_LEAD = 6


LARGE = {167, 331, 393, 498, 799}


@pytest.mark.parametrize("seed", few({str(one): one for one in SEEDS}, map(str, {*SEEDS} - LARGE)))
def test_random_description(seed: int) -> None:
    d = random_description(seed)
    with Simulation.of(d, quick=True) as simulation:
        assert cosimulate(d, simulation, 4, seed) is None
        assert cosimulate(d, simulation, 2, seed + 1, stall=90) is None
        if d.kind != "mlp":
            takes_the_clocks_it_should(d, simulation)


PRESETS = {name: load_preset(name) for name in presets() if name != "wide"}


def takes_the_clocks_it_should(d: Description, simulation: Simulation) -> None:
    """A batch of an operator network; those of perceptrons are in `test_cycles`."""
    rng, before = np.random.default_rng(0), simulation.cycles
    if d.learns:
        simulation.learn(*random_batch(d, rng))
    else:
        simulation.infer(random_rows(d, rng, d.batch[0]))
    least, most = batch_cycles(d)
    assert least <= simulation.cycles - before + BUS_LEAD <= most


@pytest.mark.parametrize("d", few(PRESETS, ["hat", "digits"]))
def test_preset(d: Description) -> None:
    """Those of operator networks with one direction, which is quick enough."""
    if d.kind != "mlp":
        tables = d.model_dump()
        tables["learning"] |= {"directions": 1}
        d = describe(tables, d.name)
    with Simulation.of(d, quick=True) as simulation:
        assert cosimulate(d, simulation, 3 if d.kind == "mlp" else 1, 0) is None
        if d.kind != "mlp":
            takes_the_clocks_it_should(d, simulation)


def test_random_descriptions_have_every_feature() -> None:
    assert unreached(map(random_description, SEEDS)) == []
