"""Clocks, counted, against the formulas of `model.sizes.cycles` and `Geometry.interval`."""

from typing import Any

import numpy as np
import pytest

from dualspike.model.description.description import Description
from dualspike.model.description.load import describe, load_preset
from dualspike.model.sizes.cycles import draw_cycles, fill_bound, learn_cycles
from dualspike.model.sizes.geometry import geometry
from dualspike.testbench.cosim.simulation import Simulation
from tests.few import few
from tests.testbench.cosimulation import cosimulate
from tests.testbench.random.descriptions import random_batch, random_chip

# From CONTROL's acknowledgement to the first sample offered the sequencer runs 6 clocks ahead.
BUS_LEAD = 6

SHAPES: dict[str, dict[str, Any]] = {
    "deep": {"network": {"layers": [3, 5, 4, 6, 2], "time_steps": 5}},
    "folded": {
        "network": {"layers": [4, 8, 6, 3], "time_steps": 4},
        "hardware": {"pe": [2, 4, 1], "simd": [2, 2, 2]},
    },
    "factored": {
        "network": {"layers": [2, 7, 7, 1], "time_steps": 8},
        "learning": {"structure": "factored", "scope": "global", "directions": 2},
    },
    "attached": {
        "network": {"layers": [2, 6, 3, 4, 1], "time_steps": 4, "reset": "attached"},
        "hardware": {"simd": [1, 3, 3, 1], "pe": [6, 3, 4, 1]},
    },
    "coded": {
        "network": {"layers": [5, 6, 4, 2], "time_steps": 3, "coding": "bernoulli"},
        "hardware": {"simd": [2, 1, 1], "pe": [3, 4, 2]},
    },
    "local": {
        "network": {"layers": [3, 6, 4, 5, 2], "time_steps": 3},
        "learning": {"local": True, "masks": [[0, 4], [1, 5], [2, 6], [3]]},
        "hardware": {"simd": [1, 1, 2, 1]},
    },
    "clocked": {
        "network": {"layers": [3, 6, 5, 2], "time_steps": 6, "reset": "attached"},
        "hardware": {"pe": [3, 3, 1], "clock": 100},
    },
    # Block RAMs wherever there can be some, with their registers.
    "wide": {
        "network": {"layers": [1, 114, 2, 64, 1], "time_steps": 2},
        "hardware": {"pe": [1, 1, 1, 1], "clock": 100},
    },
    "unrolled": {
        "network": {"layers": [3, 4, 4, 2], "time_steps": 6},
        "hardware": {"pe": [4, 4, 2], "simd": [3, 4, 4]},
    },
    "one step": {"network": {"layers": [6, 4, 1], "time_steps": 1}},
    "first layer slowest": {
        "network": {"layers": [20, 6, 2], "time_steps": 2},
        "hardware": {"pe": [1, 2]},
    },
}


def description(name: str) -> Description:
    if name == "hat":
        return load_preset("hat")
    tables = dict(SHAPES[name], name="cycles_" + name.replace(" ", "_"))
    tables["learning"] = {"batch": 24, **tables.get("learning", {})}
    return describe(tables, "test")


CASES = {name: description(name) for name in ("hat", *SHAPES)}
QUICK = ("hat", "folded", "factored", "coded", "clocked", "one step", "first layer slowest")


@pytest.fixture(scope="module", params=few(CASES, QUICK))
def measured(request: pytest.FixtureRequest) -> tuple[Description, Simulation]:
    d = request.param
    simulation = Simulation.of(d, quick=True)
    chip = random_chip(d, 0)
    simulation.load_chip(chip)
    return d, simulation


def test_samples_enter_at_the_interval(measured: tuple[Description, Simulation]) -> None:
    d, simulation = measured
    interval = geometry(d.parts[0]).interval
    assert geometry(d.parts[0]).inference_interval == interval
    x, target, *_ = random_batch(d, np.random.default_rng(1))
    simulation.learn(x, target)
    learning = np.diff(simulation.entered.astype(np.int64))
    simulation.infer(x)
    inference = np.diff(simulation.entered.astype(np.int64))
    settled = d.batch[0] // 2
    assert learning[settled:].mean() == interval
    np.testing.assert_array_equal(learning, inference)


def test_interval_is_within_a_tenth_of_the_slowest_layer(
    measured: tuple[Description, Simulation],
) -> None:
    d, _ = measured
    g = geometry(d.parts[0])
    slowest = max(max(layer.cycles, layer.feedback) for layer in g.layers)
    assert g.interval <= 1.1 * d.network.time_steps * slowest


def test_a_batch_takes_what_the_formula_says(measured: tuple[Description, Simulation]) -> None:
    d, simulation = measured
    x, target, *_ = random_batch(d, np.random.default_rng(2))
    before = simulation.cycles
    simulation.learn(x, target)
    took = simulation.cycles - before
    samples = d.batch[0] * geometry(d.parts[0]).interval
    rest = took + BUS_LEAD - draw_cycles(d) - learn_cycles(d) - samples
    assert 0 <= rest <= fill_bound(d.parts[0])


def test_drawing_and_learning_take_what_the_formulas_say(
    measured: tuple[Description, Simulation],
) -> None:
    d, simulation = measured
    x, target, *_ = random_batch(d, np.random.default_rng(3))
    chunks = geometry(d.parts[0]).layers[0].chunks

    def batch() -> tuple[int, int]:
        before = simulation.cycles
        simulation.learn(x, target)
        took = simulation.cycles - before
        return took, int(simulation.entered[0]) - simulation.began - (chunks - 1)

    with_masks, drawn = batch()
    for lane in range(d.lanes):
        simulation.write(f"MASK_{lane}", 0)
    without_masks, _ = batch()
    for lane, mask in enumerate(d.masks):
        simulation.write(f"MASK_{lane}", mask)
    assert with_masks - without_masks == learn_cycles(d) - 1 - d.lanes * d.n_layers
    assert drawn == draw_cycles(d) - BUS_LEAD


def test_unrolled_a_step_takes_a_clock() -> None:
    """As is measured above, where ``unrolled`` is one of the shapes."""
    assert geometry(description("unrolled").parts[0]).interval == 6


def test_the_hat_takes_one_sample_in_512_clocks() -> None:
    assert geometry(load_preset("hat").parts[0]).interval == 512


@pytest.mark.parametrize("structure", ["independent", "factored"])
def test_silent_chunks_take_no_clocks(structure: str) -> None:
    """A batch takes the clocks of the slowest layer's chunks that are kept, and the fill."""
    tables = {
        "name": "cycles_skip",
        "network": {"layers": [2, 6, 12, 1], "time_steps": 8},
        "learning": {"batch": 12, "scope": "global", "structure": structure},
        "hardware": {"pe": [6, 1, 1], "skip": True},
    }
    d = describe(tables, "test")
    slowest = geometry(d.parts[0]).layers[1]
    assert slowest.skips and slowest.groups >= max(slowest.chunks, slowest.rows)
    chip, rng = random_chip(d, 6), np.random.default_rng(6)
    x, target, *_ = random_batch(d, rng)
    most = d.batch[0] * geometry(d.parts[0]).interval
    with Simulation.of(d, quick=True) as simulation:
        simulation.load_chip(chip)
        for lane in range(d.lanes):
            simulation.write(f"MASK_{lane}", 0)  # without tangents there is more to skip
        for run in (simulation.infer, lambda x: simulation.learn(x, target)):
            before = simulation.cycles
            run(x)
            chip.infer(x)
            assert simulation.skipped == chip.skipped and 4 * chip.skipped[0] > most
            rest = simulation.cycles - before - (most - chip.skipped[0])
            assert 0 <= rest <= fill_bound(d.parts[0]) + draw_cycles(d) + learn_cycles(d)


def test_these_shapes_are_bit_exact_too(measured: tuple[Description, Simulation]) -> None:
    assert cosimulate(*measured, 2, 5) is None
