"""Chips that learn from labels: class numbers in, right answers counted, on the bus and a board."""

from collections.abc import Iterator

import numpy as np
import pytest

from dualspike.api.board_engine import BoardEngine
from dualspike.boards.gateware.link.protocol import Op
from dualspike.boards.host.board import BoardCore
from dualspike.boards.host.driver import Ints, streams
from dualspike.boards.host.host import Host
from dualspike.boards.host.samples import samples
from dualspike.golden.data.measures import classes_of
from dualspike.golden.integer.online.chip import OnlineChip
from dualspike.golden.training.fixed_engine import FixedEngine, class_numbers
from dualspike.golden.training.train import train
from dualspike.golden.training.validation import ValidationWatch
from dualspike.model.description.head import ClassFlag
from dualspike.model.interface.register import Command
from dualspike.testbench.board.board import BoardSimulation
from dualspike.testbench.board.simulated_line import SimulatedLine
from dualspike.testbench.cosim.simulation import Simulation
from dualspike.testbench.unit.benches.online import taught
from tests.refusals import refusal
from tests.testbench.cosimulation import random_problem
from tests.testbench.random.descriptions import random_chip, random_rows

D, _ = taught("frames", 0)
N = D.basis


@pytest.fixture(scope="module")
def board() -> Iterator[BoardSimulation]:
    with BoardSimulation(D, quick=True) as simulation:
        yield simulation


def chip_and_labels(seed: int, count: int) -> tuple[OnlineChip, list[Ints], Ints]:
    """A random chip, samples, and labels of which some are what it answers."""
    rng, chip = np.random.default_rng(seed), random_chip(D, seed)
    assert isinstance(chip, OnlineChip)
    rows = random_rows(D, rng, count)
    labels = classes_of(chip.copy().infer(rows).astype(float))
    labels[::2] = rng.integers(0, N, len(labels[::2]))
    return chip, rows, labels[:, None]


def test_the_counter_is_the_accuracy_of_the_model() -> None:
    """With learning off and on, over several runs, until a write clears it."""
    chip, rows, labels = chip_and_labels(1, 4 * D.batch[0])
    with Simulation.of(D, quick=True) as simulation:
        simulation.load_chip(chip)
        y = chip.infer(rows)
        np.testing.assert_array_equal(simulation.infer(rows), y)
        assert set(simulation.answers()) == {0}
        np.testing.assert_array_equal(simulation.infer(rows, labels), y)
        off = chip.answered(y, labels)
        assert simulation.answers() == off
        assert 0 < off[1] < off[0] == len(labels)
        counts = np.array(off)
        for first in range(0, len(labels), D.batch[0]):
            some = slice(first, first + D.batch[0])
            record = chip.update([rows[0][some]], labels[some])
            assert simulation.learn([rows[0][some]], labels[some]).answered == record.answered
            counts += record.answered
        assert simulation.answers() == tuple(counts)
        simulation.write("CORRECT", 7)
        counts[1] = 0
        assert simulation.answers() == tuple(counts)
        simulation.write("SEEN", 7)
        assert simulation.answers() == (0,) * len(counts)
        assert simulation.read("LABELLED") == 0


def test_the_matrix_says_which_answer_a_class_was_given() -> None:
    """Its sum is SEEN but for classes that are not there, its trace CORRECT."""
    chip, rows, labels = chip_and_labels(7, 24)
    labels[3], labels[7] = -1, N
    with Simulation.of(D, quick=True) as simulation:
        simulation.load_chip(chip)
        answers = classes_of(simulation.infer(rows, labels).astype(float))
        counts = simulation.confusion()
        expected = np.zeros((N, N), int)
        for label, answer in zip(labels[:, 0], answers, strict=True):
            if label in range(N):
                expected[label, answer] += 1
        np.testing.assert_array_equal(counts, expected)
        assert (simulation.read("SEEN"), simulation.read("CORRECT")) == (24, counts.trace())
        assert counts.sum() == 22


@pytest.mark.parametrize("label", [-128, -1, N, 127])
def test_a_class_that_is_not_there_teaches_nothing(label: int) -> None:
    chip, rows, _ = chip_and_labels(2, D.batch[0])
    before = chip.copy()
    with Simulation.of(D, quick=True) as simulation:
        simulation.load_chip(chip)
        simulation.write("FLAGS", 0)
        record = simulation.learn(rows, np.full((D.batch[0], 1), label))
        assert record.loss == 0
        assert record.flags >> ClassFlag.LABEL & 1
        assert record.answered == (D.batch[0], *[0] * (1 + N * N))
        for found, held in zip(simulation.contents(), before.memories, strict=True):
            np.testing.assert_array_equal(found, held)


@pytest.mark.parametrize("wrong", [-1, N])
def test_the_host_refuses_such_a_class(board: BoardSimulation, wrong: int) -> None:
    _, rows, labels = chip_and_labels(3, D.batch[0])
    labels[1] = wrong
    device = BoardCore(Host(SimulatedLine(board)), D)
    line = f"labels must be in [0, {N - 1}], not {wrong}"
    assert refusal(lambda: device.learn(rows, labels)) == line
    assert refusal(lambda: device.infer(rows, labels)) == line


@pytest.mark.parametrize(
    "bad", [[0.0, 0.0, 0.0], [1.0, 1.0, 0.0], [0.5, 0.5, 0.0], [2.0, 0.0, 0.0]]
)
def test_values_are_refused_where_classes_are_learned(bad: list[float]) -> None:
    line = "target must be 1 for one output and 0 for the others with learning.loss 'margin', not"
    assert refusal(lambda: class_numbers(np.array([bad]))) == f"{line} {bad}"


def test_a_board_learns_infers_and_counts_as_the_integer_model(board: BoardSimulation) -> None:
    chip, rows, labels = chip_and_labels(4, 3 * D.batch[0])
    with BoardCore(Host(SimulatedLine(board)), D) as device:
        device.load_chip(chip)
        y = chip.infer(rows)
        np.testing.assert_array_equal(device.infer(rows, labels), y)
        assert device.answers() == chip.answered(y, labels)
        np.testing.assert_array_equal(device.infer(rows), y)
        counts = np.array(chip.answered(y, labels))
        learnt = device.learn(rows, labels)
        for first in range(0, len(labels), D.batch[0]):
            some = slice(first, first + D.batch[0])
            record = chip.update([rows[0][some]], labels[some])
            counts += record.answered
        assert (learnt.loss, device.answers()) == (record.loss, tuple(counts))
        np.testing.assert_array_equal(device.confusion().ravel(), counts[2:])
        for found, expected in zip(device.contents(), chip.memories, strict=True):
            np.testing.assert_array_equal(found, expected)


def test_training_on_a_board_ends_at_the_weights_of_the_model(board: BoardSimulation) -> None:
    learning = D.learning.model_copy(update={"updates": 12})
    d = D.model_copy(update={"learning": learning})
    problem, fixed = random_problem(d, 5), FixedEngine(d)
    engine = BoardEngine(d, lambda: BoardCore(Host(SimulatedLine(board)), d))
    watches = [ValidationWatch(problem, 12, None, restore_best=True) for _ in range(2)]
    expected, found = (
        train(one, d, problem, watch=watch)
        for one, watch in zip((fixed, engine), watches, strict=True)
    )
    assert found.validation and expected.validation and expected.validation.restored
    np.testing.assert_array_equal(found.validation.losses, expected.validation.losses)
    np.testing.assert_array_equal(found.losses, expected.losses)
    np.testing.assert_array_equal(found.prediction, expected.prediction)
    for one, other in zip(found.weights.weights, expected.weights.weights, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("taken", [0.3, 1, 2.6, 3.999])
def test_a_reset_may_come_at_any_time_of_a_batch(board: BoardSimulation, taken: float) -> None:
    """In mid-sample and mid-batch; a whole batch afterwards is the model's."""
    chip, rows, labels = chip_and_labels(6, D.batch[0])
    host = Host(SimulatedLine(board), 0.002)  # a core that waits for samples never rests
    device = BoardCore(host, D)
    device.load_chip(chip)
    device.write("UPDATES", 1)
    device.write("CONTROL", Command.LEARN)
    ((_, octets),) = samples(D, streams(D, rows, labels), 1)
    host.ask([(Op.LEARN, octets.tobytes()[: int(taken * octets.shape[1])])])
    device = BoardCore(Host(SimulatedLine(board)), D)
    assert device.read("STATUS") == 0
    device.load_chip(chip)
    for update in range(2):
        record = chip.update(rows, labels)
        learnt = device.learn(rows, labels)
        assert (learnt.loss, learnt.flags) == (record.loss, record.flags), update
    for found, expected in zip(device.contents(), chip.memories, strict=True):
        np.testing.assert_array_equal(found, expected)
    assert device.read_wide("LFSR") & (1 << 64) - 1 == chip.lfsr
