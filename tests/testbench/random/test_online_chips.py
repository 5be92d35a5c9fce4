"""Chips that learn online equal their integer model to the bit, and take the clocks they should."""

from types import ModuleType
from typing import Any

import numpy as np
import pytest

from dualspike.hw.head import step_error
from dualspike.hw.layer.online import neuron, skipper, traces, weights
from dualspike.hw.layer.online.rounding import carry
from dualspike.hw.learn.online import feedback_matrix, mirroring_feedback
from dualspike.model.description.description import Description
from dualspike.model.description.load import describe
from dualspike.model.sizes.geometry import geometry
from dualspike.model.sizes.online import learning_interval, online_batch_cycles
from dualspike.testbench.cosim.simulation import Simulation
from dualspike.testbench.cosim.verify import verify
from tests.few import few
from tests.testbench.cosimulation import cosimulate, cosimulate_after_resets, random_problem
from tests.testbench.planted.mutants import plant
from tests.testbench.random.descriptions import random_batch, random_chip
from tests.testbench.random.online_descriptions import random_online, random_samples
from tests.testbench.random.online_features import ONLINE, SAMPLES

SEEDS = [693, 823, 932, 1218, 1223, 1743]
SAMPLE_SEEDS = [257, 383, 568, 632, 881]

PACED = ["steps 0", "steps 72", "steps 23", "steps 157", "samples 13", "samples 91"]
"""Chips whose layers take long enough for a change to come round."""
QUICK = ("steps 0", "samples 91")

TABLES: dict[str, Any] = {
    "name": "taught",
    "network": {"layers": [3, 5, 4, 2], "time_steps": 4, "leak": 0.75, "coding": "frames"},
    "learning": {"rule": "online", "batch": 3, "rate": 2},
    "formats": {"weight": "s2.5", "membrane": "s3.6", "target": "s1.6"},
    "hardware": {"pe": [3, 2, 1]},
}
"""Membranes so coarse that some lie at the very edge of the gate."""


@pytest.mark.parametrize("seed", SEEDS)
def test_random_description(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    is_equal_and_in_time(random_online(seed), seed, monkeypatch)


@pytest.mark.parametrize("seed", SAMPLE_SEEDS)
def test_random_description_with_a_change_a_sample(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_equal_and_in_time(random_samples(seed), seed, monkeypatch)


def is_equal_and_in_time(d: Description, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """To its model, with and without stalls, in the clocks of a batch, and after resets."""
    with Simulation.of(d, quick=True) as simulation:
        assert cosimulate(d, simulation, 4, seed) is None
        assert cosimulate(d, simulation, 2, seed + 1, stall=90) is None
        takes_the_clocks_it_should(d, simulation)
        assert cosimulate_after_resets(d, simulation, seed, monkeypatch) is None


def takes_the_clocks_it_should(d: Description, simulation: Simulation) -> None:
    """Two batches with one command, so that the bus is not counted, less one."""
    clocks: list[int] = []
    for count in (1, 2):
        x, target, *_ = random_batch(d, np.random.default_rng(0))
        before = simulation.cycles
        simulation.learn([np.repeat(x[0], count, axis=0)], np.repeat(target, count, axis=0))
        clocks.append(simulation.cycles - before)
    least = d.batch[0] * geometry(d.parts[0]).least_interval
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
    ("module", "right", "wrong", "names"),
    [
        pytest.param(traces, "Mux(begun, 0, before)", "before", "weights", id="trace"),
        pytest.param(neuron, "distance > -sigma", "distance >= -sigma", "biases", id="gate"),
        pytest.param(
            weights, "- self.changes[bank]", "- 0 * self.changes[bank]", "LOSS", id="late change"
        ),
        pytest.param(carry, "self.row ^ self.column", "self.row", "LOSS", id="rounding"),
        pytest.param(step_error, "shift_left(align)", "shift_left(align) + 1", "LOSS", id="target"),
        pytest.param(
            feedback_matrix, "held - held.shift_right(self.finer)", "held", "weights", id="matrix"
        ),
        pytest.param(mirroring_feedback, "Mux(spikes[slot][0], x, 0)", "x", "LOSS", id="mirror"),
        pytest.param(skipper, "loud | known[0].any()", "loud", "SKIPPED", id="silent change"),
    ],
)
def test_planted(
    monkeypatch: pytest.MonkeyPatch, module: ModuleType, right: str, wrong: str, names: str
) -> None:
    """Found, and named by what first differs after a batch.

    Samples and clocks are found in `tests/testbench/planted/test_online_errors.py`.
    """
    plant(monkeypatch, module, right, wrong)
    others = {feedback_matrix: "forward-dfa", mirroring_feedback: "kolen-pollack"}
    learning = TABLES["learning"] | {"feedback": others.get(module, "forward")}
    hardware = {"pe": [1, 1, 1], "skip": True} if module is skipper else TABLES["hardware"]
    d = describe(TABLES | {"learning": learning, "hardware": hardware}, "test")
    with Simulation.of(d, quick=True) as simulation:
        found = cosimulate(d, simulation, 12, 0)
    assert found is not None and found.signal.partition("[")[0] == names, found


def test_a_counter_that_a_reset_forgets_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    counter = "step = Signal(counter_shape(self._steps - 1))"
    plant(monkeypatch, step_error, counter, counter.replace("1))", "1), reset_less=True)"))
    d = describe(TABLES, "test")
    with Simulation.of(d, quick=True) as simulation:
        assert cosimulate(d, simulation, 1, 0) is None
        with pytest.raises(AssertionError):
            assert cosimulate_after_resets(d, simulation, 0, monkeypatch) is None


@pytest.mark.parametrize("name", few({one: one for one in PACED}, QUICK))
def test_samples_are_learned_as_fast_as_they_are_inferred(name: str) -> None:
    """Once a batch has settled, where layers take long enough for a change to come round."""
    d = paced(name)
    interval = geometry(d.parts[0]).interval
    assert learning_interval(d.parts[0]) == interval
    x, target, *_ = random_batch(d, np.random.default_rng(1))
    with Simulation.of(d, quick=True) as simulation:
        simulation.load_chip(random_chip(d, 0))
        simulation.learn(x, target)
        learned = settled(simulation)
        simulation.infer(x)
        assert learned == settled(simulation) == interval


def settled(simulation: Simulation) -> float:
    """Clocks from sample to sample in the second half of a batch."""
    rows, samples = len(simulation.entered), simulation.d.batch[0]
    gaps = np.diff(simulation.entered.astype(np.int64))
    return float(gaps[rows // 2 :].mean()) * rows / samples


def paced(name: str) -> Description:
    """A random chip with batches so long that they settle."""
    kind, seed = name.split()
    tables = {"steps": random_online, "samples": random_samples}[kind](int(seed)).model_dump()
    tables["learning"]["batch"] = 48
    tables["hardware"]["skip"] = False
    return describe(tables, name)


def test_paced_chips_learn_in_every_way() -> None:
    chips = [paced(name) for name in PACED]
    known = {(d.learning.every, d.learning.feedback) for d in chips}
    ways = {("step", one) for one in ("forward", "signs", "forward-dfa", "kolen-pollack")}
    assert known == ways | {("sample", "forward")}


def test_short_passes_may_pause_between_their_groups() -> None:
    """A row comes again 4 clocks later at the soonest, however long its pass waited for signals."""
    network = {"layers": [1, 1, 3, 1], "time_steps": 5, "coding": "rate", "threshold": 2.0**-12}
    learning = {"rule": "online", "batch": 1, "rate": 7, "feedback": "signs"}
    tables = {"network": network, "learning": learning, "hardware": {"pe": [1, 2, 1]}}
    d = describe(tables, "test")
    with Simulation.of(d, quick=True) as simulation:
        assert [cosimulate(d, simulation, 4, seed) for seed in range(20)] == [None] * 20
