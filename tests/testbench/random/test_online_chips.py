"""Chips that learn online equal their integer model to the bit, and take the clocks they should."""

from types import ModuleType
from typing import Any

import numpy as np
import pytest

from dualspike.hw.head import step_error
from dualspike.hw.layer.online import neuron, traces, weights
from dualspike.hw.layer.online.rounding import carry
from dualspike.hw.learn.online import feedback_matrix, mirroring_feedback
from dualspike.model.description.description import Description
from dualspike.model.description.load import describe
from dualspike.model.sizes.geometry import geometry
from dualspike.model.sizes.online import learning_interval, online_batch_cycles
from dualspike.testbench.cosim.simulation import Simulation
from dualspike.testbench.cosim.verify import verify
from tests.testbench.cosimulation import cosimulate, random_problem
from tests.testbench.planted.mutants import plant
from tests.testbench.random.descriptions import random_batch, random_chip
from tests.testbench.random.online_descriptions import random_online, random_samples
from tests.testbench.random.online_features import ONLINE, SAMPLES

SEEDS = [613, 609, 190, 491, 642]
SAMPLE_SEEDS = [149, 246, 507, 632]

TABLES: dict[str, Any] = {
    "name": "taught",
    "network": {"layers": [3, 5, 4, 2], "time_steps": 4, "leak": 0.75, "coding": "frames"},
    "learning": {"rule": "online", "batch": 3, "rate": 2},
    "formats": {"weight": "s2.5", "membrane": "s3.6", "target": "s1.6"},
    "hardware": {"pe": [3, 2, 1]},
}
"""Membranes so coarse that some lie at the very edge of the gate."""


@pytest.mark.parametrize("seed", SEEDS)
def test_random_description(seed: int) -> None:
    is_equal_and_in_time(random_online(seed), seed)


@pytest.mark.parametrize("seed", SAMPLE_SEEDS)
def test_random_description_with_a_change_a_sample(seed: int) -> None:
    is_equal_and_in_time(random_samples(seed), seed)


def is_equal_and_in_time(d: Description, seed: int) -> None:
    """To its model, with and without stalls, in the clocks of a batch."""
    with Simulation.of(d, quick=True) as simulation:
        assert cosimulate(d, simulation, 4, seed) is None
        assert cosimulate(d, simulation, 2, seed + 1, stall=90) is None
        takes_the_clocks_it_should(d, simulation)


def takes_the_clocks_it_should(d: Description, simulation: Simulation) -> None:
    """Two batches with one command, so that the bus is not counted, less one."""
    clocks: list[int] = []
    for count in (1, 2):
        x, target, *_ = random_batch(d, np.random.default_rng(0))
        before = simulation.cycles
        simulation.learn([np.repeat(x[0], count, axis=0)], np.repeat(target, count, axis=0))
        clocks.append(simulation.cycles - before)
    least = d.batch[0] * geometry(d.parts[0]).interval
    assert least <= clocks[1] - clocks[0] <= online_batch_cycles(d)


def test_random_descriptions_have_every_feature() -> None:
    chips = [random_online(seed) for seed in SEEDS]
    assert [name for name, has in ONLINE.items() if not any(map(has, chips))] == []
    chips = [random_samples(seed) for seed in SAMPLE_SEEDS]
    assert [name for name, has in SAMPLES.items() if not any(map(has, chips))] == []


def test_without_an_error_all_is_equal() -> None:
    d = describe(TABLES, "test")
    assert verify(d, random_problem(d, 0), 2).equal


@pytest.mark.parametrize(
    ("module", "right", "wrong"),
    [
        pytest.param(traces, "Mux(begun, 0, before)", "before", id="trace"),
        pytest.param(neuron, "distance > -sigma", "distance >= -sigma", id="gate"),
        pytest.param(weights, "- self.changes[bank]", "- 0 * self.changes[bank]", id="late change"),
        pytest.param(carry, "self.row ^ self.column", "self.row", id="rounding"),
        pytest.param(step_error, "shift_left(align)", "shift_left(align) + 1", id="target"),
        pytest.param(feedback_matrix, "held - held.shift_right(self.finer)", "held", id="matrix"),
        pytest.param(mirroring_feedback, "Mux(spikes[slot][0], x, 0)", "x", id="mirror"),
    ],
)
def test_planted(
    monkeypatch: pytest.MonkeyPatch, module: ModuleType, right: str, wrong: str
) -> None:
    plant(monkeypatch, module, right, wrong)
    others = {feedback_matrix: "forward-dfa", mirroring_feedback: "kolen-pollack"}
    learning = TABLES["learning"] | {"feedback": others.get(module, "forward")}
    d = describe(TABLES | {"learning": learning}, "test")
    with Simulation.of(d, quick=True) as simulation:
        assert cosimulate(d, simulation, 12, 0) is not None


@pytest.mark.parametrize("feedback", ["forward", "signs", "forward-dfa"])
def test_samples_are_learned_as_fast_as_they_are_inferred(feedback: str) -> None:
    """Where layers take long enough for a change to come round: one sample more costs the same."""
    clocks: dict[tuple[int, str], int] = {}
    for batch in (4, 8):
        network = {"layers": [4, 48, 10], "time_steps": 4}
        learning = {"rule": "online", "feedback": feedback, "batch": batch}
        hardware = {"pe": [8, 2]}
        tables = {"network": network, "learning": learning, "hardware": hardware}
        d = describe(tables, "test")
        interval = geometry(d.parts[0]).interval
        assert learning_interval(d.parts[0]) == interval
        with Simulation.of(d, quick=True) as simulation:
            simulation.load_chip(random_chip(d, 0))
            x, target, *_ = random_batch(d, np.random.default_rng(1))
            for name in ("learn", "infer"):
                before = simulation.cycles
                simulation.learn(x, target) if name == "learn" else simulation.infer(x)
                clocks[batch, name] = simulation.cycles - before
    for name in ("learn", "infer"):
        assert clocks[8, name] - clocks[4, name] == 4 * interval


def test_short_passes_may_pause_between_their_groups() -> None:
    """A row comes again 4 clocks later at the soonest, however long its pass waited for signals."""
    network = {"layers": [1, 1, 3, 1], "time_steps": 5, "coding": "rate", "threshold": 2.0**-12}
    learning = {"rule": "online", "batch": 1, "rate": 7, "feedback": "signs"}
    tables = {"network": network, "learning": learning, "hardware": {"pe": [1, 2, 1]}}
    d = describe(tables, "test")
    with Simulation.of(d, quick=True) as simulation:
        assert [cosimulate(d, simulation, 4, seed) for seed in range(20)] == [None] * 20
