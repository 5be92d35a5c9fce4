"""Validation samples in a run: which they are, the curve, when it stops, and what it ends with."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dualspike.golden.data.problem import Problem, Samples
from dualspike.golden.data.splits import with_validation
from dualspike.golden.float.layout import Parameters
from dualspike.golden.numeric import Doubles
from dualspike.golden.training.train import TrainResult, train
from dualspike.golden.training.validation import ValidationWatch, validating
from tests.golden.training.test_train import described
from tests.refusals import refusal

X = Samples((np.zeros((4, 2)),), np.full((4, 1), 2.0))
PROBLEM = Problem("flat", "mlp", X, X, X, (5,), replace=True)


class Answers:
    """An engine whose one weight is how often it learned; it answers what is listed for that."""

    def __init__(self, *answers: float) -> None:
        self._answers, self._learned = answers, 0

    def update(self, inputs: Sequence[Doubles], target: Doubles, update: int) -> float:
        self._learned += 1
        return 1.0

    def predict(self, inputs: Sequence[Doubles]) -> Doubles:
        return np.full((len(inputs[0]), 1), self._answers[self._learned])

    def load(self, parameters: Parameters) -> None:
        self._learned = int(parameters.weights[0][0, 0])

    def weights(self) -> Parameters:
        return Parameters((np.full((1, 1), float(self._learned)),), (np.zeros(1),))


def ran(answers: list[float], updates: int, **asked: Any) -> TrainResult:
    problem, watch = validating(PROBLEM, updates, 0.25, **asked)
    return train(Answers(*answers), described(updates=updates), problem, watch=watch)


def test_the_curve_begins_before_the_run_and_ends_after_it() -> None:
    found = ran([0.0, 1.0, 3.0, 2.0, 1.0], 4)
    curve = found.validation
    assert curve is not None and curve.updates.tolist() == [0, 1, 2, 3, 4]
    assert curve.figures.tolist() == [1, 0.5, 0.5, 0, 0.5]
    assert curve.losses.tolist() == [2, 0.5, 0.5, 0, 0.5]
    assert (curve.best, curve.best_update, curve.restored, curve.stopped) == (3, 3, False, False)
    assert found.after == 0.5 and found.weights.weights[0] == 4


def test_a_run_ends_with_the_best_weights() -> None:
    found = ran([0.0, 1.0, 3.0, 2.0, 1.0], 4, restore_best=True)
    assert found.validation and found.validation.restored and found.updates == 4
    assert found.after == 0 and found.weights.weights[0] == 3
    equal = ran([0.0, 1.0, 3.0], 2, restore_best=True)
    assert equal.validation and equal.validation.best_update == 1


@pytest.mark.parametrize(
    ("patience", "updates", "early"), [(1, 2, True), (2, 5, True), (3, 6, False), (9, 6, False)]
)
def test_patience_ends_a_run(patience: int, updates: int, early: bool) -> None:
    found = ran([0.0, 1.0, 0.0, 1.5, 1.0, 1.0, 1.0], 6, patience=patience)
    assert (found.updates, len(found.losses), found.samples) == (updates, updates, 64 * updates)
    assert found.validation and found.validation.stopped == early


def test_a_long_run_is_looked_at_fifty_times() -> None:
    for updates, looks in ((100, 50), (101, 34), (5000, 50)):
        watch = ValidationWatch(PROBLEM, updates, None, restore_best=False)
        due = [done for done in range(1, updates + 1) if watch.due(done)]
        assert len(due) == looks and due[-1] == updates


def test_answers_that_are_not_finite_end_a_run() -> None:
    line = refusal(ran, [0.0, np.inf], 1)
    assert line.startswith("training diverged at update 0: raise learning.rate")


def test_every_class_and_no_test_sample_is_validated_on() -> None:
    labels = np.repeat([0, 1, 2], [40, 20, 10])
    samples = Samples((np.arange(70.0)[:, None],), np.eye(3)[labels], np.arange(70) + 100)
    test = Samples((np.full((4, 1), -1.0),), np.eye(3)[:1].repeat(4, axis=0))
    whole = Problem("labels", "mlp", samples, samples, test, (5,), replace=True, classes=3)
    found = with_validation(whole, 0.1)
    assert found.test is test
    assert found.validation.target.sum(axis=0).tolist() == [4, 2, 1]
    rows = [part.inputs[0][:, 0].tolist() for part in (found.train, found.validation)]
    assert sorted(rows[0] + rows[1]) == list(range(70))
    assert found.train.rows is not None and (found.train.rows - 100).tolist() == rows[0]
    assert found.parts == (
        "trained on 63; validated on 7: 10 % of the training samples of every class, drawn with"
        " seed 0"
    )
    assert whole.parts is None


def test_functions_are_validated_on_at_all_their_points() -> None:
    u, points = np.arange(1.0, 9.0)[:, None], np.linspace(-1, 1, 3)[:, None]
    samples = Samples((u, points), u + points.T)
    problem = Problem("lines", "deeponet", samples, samples, samples, (4, 3))
    found = with_validation(problem, 0.3)
    assert found.validation.target.shape == (2, 3) and found.train.target.shape == (6, 3)
    assert (found.validation.target == found.validation.inputs[0] + points.T).all()
    zero = replace(problem, train=replace(samples, target=0 * samples.target))
    assert refusal(with_validation, zero, 0.3) == (
        "lines: targets must not be 0 everywhere in functions held out by --validation-split 0.3,"
        " the relative error would be x / 0"
    )


@pytest.mark.parametrize(
    ("asked", "line"),
    [
        ((0.0,), "--validation-split must be in (0, 1), not 0"),
        ((1.0,), "--validation-split must be in (0, 1), not 1"),
        ((float("nan"),), "--validation-split must be in (0, 1), not nan"),
        (
            (0.2,),
            "--validation-split must hold out one sample or more, 0.2 of 4 training samples holds"
            " out none",
        ),
        ((0.5, 0), "--patience must be 1 or more, not 0"),
        ((None, 3), "--patience must be left out without --validation-split SHARE"),
        ((None, None, True), "--restore-best must be left out without --validation-split SHARE"),
    ],
)
def test_mistakes_are_one_line(asked: tuple[Any, ...], line: str) -> None:
    assert refusal(validating, PROBLEM, 4, *asked) == line


def test_a_checkpoint_of_another_kind_is_refused() -> None:
    watch, path = ValidationWatch(PROBLEM, 4, None, restore_best=True), Path("run.npz")
    engine, looks = Answers(0.0), np.zeros((1, 3))
    for kept, line in (
        ({}, "run.npz must hold validation_looks, it holds nothing"),
        ({"looks": np.zeros((1, 2))}, "validation_looks must have shape [N, 3] and begin with"),
        ({"looks": looks + 1}, "validation_looks must have shape [N, 3] and begin with update 0"),
        ({"looks": looks}, "--restore-best must be left out, as it was for the run in run.npz"),
        ({"looks": looks, "best_0": np.zeros(3)}, "validation_best must have shapes [[1, 1], [1]]"),
    ):
        assert line in refusal(watch.resume, engine, path, kept)
