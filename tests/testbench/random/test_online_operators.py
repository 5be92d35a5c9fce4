"""Operator chips that learn online equal their integer model to the bit, in the clocks forecast."""

import numpy as np
import pytest

from dualspike.hw.head.product import row_slopes
from dualspike.model.description.load import describe
from dualspike.model.sizes.cycles import batch_cycles
from dualspike.model.sizes.geometry import geometry
from dualspike.model.sizes.head import product_sizes
from dualspike.testbench.cosim.simulation import Simulation
from tests.testbench.cosimulation import cosimulate, cosimulate_after_resets
from tests.testbench.planted.mutants import plant
from tests.testbench.random.descriptions import random_batch
from tests.testbench.random.features import Features
from tests.testbench.random.online_descriptions import random_operators

SEEDS = [28, 51, 71]

# From CONTROL's acknowledgement to the first row offered the sequencer runs 4 clocks ahead.
BUS_LEAD = 4

FEATURES: Features = {
    "a branch and a trunk": lambda d: d.kind == "deeponet",
    "several trunks": lambda d: len(d.parts) > 2,
    "functions that weigh": lambda d: d.floor is not None,
    "functions that weigh 1": lambda d: d.floor is None,
    "several hidden layers": lambda d: any(len(part.shapes) > 2 for part in d.parts),
    "several lanes": lambda d: d.learning.directions > 1,
    "several groups": lambda d: any(
        layer.groups > 1 for part in d.parts for layer in geometry(part).layers
    ),
    "several chunks": lambda d: any(
        layer.chunks > 1 < layer.simd for part in d.parts for layer in geometry(part).layers
    ),
    "a deep pipeline": lambda d: any(
        layer.multiply > 1 for part in d.parts for layer in geometry(part).layers
    ),
    "a single step": lambda d: any(one.time_steps == 1 for one in d.networks),
    "T no power of two": lambda d: any(one.time_steps & (one.time_steps - 1) for one in d.networks),
    "a leak": lambda d: any(part.leak_shift for part in d.parts),
    "stages of the chip": lambda d: d.learning.schedule == "chip" and d.learning.stages > 1,
    "stages of the host": lambda d: d.learning.schedule == "host",
    "ecc": lambda d: d.hardware.protection == "ecc",
    "several terms": lambda d: product_sizes(d).terms > 1,
    "three rows and more of each part": lambda d: min(d.batch) > 2,
    "shifts of layers": lambda d: d.learning.layer_shift is not None,
}


@pytest.mark.parametrize("seed", SEEDS)
def test_random_description(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """With and without stalls, in the clocks of a batch, and after resets."""
    d = random_operators(seed)
    with Simulation.of(d, quick=True) as simulation:
        assert cosimulate(d, simulation, 4, seed) is None
        assert cosimulate(d, simulation, 2, seed + 1, stall=90) is None
        before = simulation.cycles
        simulation.learn(*random_batch(d, np.random.default_rng(0)))
        least, most = batch_cycles(d)
        assert least <= simulation.cycles - before + BUS_LEAD <= most
        assert cosimulate_after_resets(d, simulation, seed, monkeypatch) is None


def test_random_descriptions_have_every_feature() -> None:
    chips = [random_operators(seed) for seed in SEEDS]
    assert [name for name, has in FEATURES.items() if not any(map(has, chips))] == []


def test_slopes_that_go_on_from_row_to_row_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch, row_slopes, "slopes.clear.eq(there)", "slopes.clear.eq(0)")
    parts = [{"layers": [2, 3, 2], "time_steps": 3}, {"layers": [1, 2, 2], "time_steps": 2}]
    learning = {"rule": "online", "every": "sample", "batch": [2, 3], "rate": 2}
    tables = {"operator": {"kind": "deeponet", "parts": parts}, "learning": learning}
    formats = {"formats": {"cotangent": "s5.15", "surrogate": "u2.8"}}
    d = describe(tables | formats, "test")
    with Simulation.of(d, quick=True) as simulation:
        assert cosimulate(d, simulation, 4, 0) is not None
