"""Accuracy and confusion against scikit-learn's, errors against their formulas."""

# scikit-learn has no types of its own.
# pyright: reportMissingTypeStubs=false, reportUnknownVariableType=false

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, confusion_matrix

from dualspike.golden.data.measures import classes_of, confusion, measure
from dualspike.golden.data.problem import Problem, Samples


def labelled(labels: np.ndarray, classes: int) -> Problem:
    samples = Samples((np.ones((len(labels), 1)),), np.eye(classes)[labels])
    return Problem("own", "mlp", samples, samples, samples, (None,), classes=classes)


@pytest.mark.parametrize("classes", [2, 3, 10])
def test_accuracy_and_confusion(classes: int) -> None:
    rng = np.random.default_rng(classes)
    labels, y = rng.integers(classes, size=200), rng.normal(size=(200, classes))
    found = measure(labelled(labels, classes), y)
    taken = y.argmax(axis=1)
    assert found.accuracy == found.figure == pytest.approx(accuracy_score(labels, taken))
    wanted = confusion_matrix(labels, taken, labels=range(classes))
    assert found.confusion == wanted.tolist()
    errors = np.square(y - np.eye(classes)[labels]).sum(axis=1)
    assert found.loss == pytest.approx(errors.mean() / 2)
    assert found.rel_l2 is found.global_rel_l2 is None


def test_with_margin_errors_count_on_the_wrong_side_only() -> None:
    """1.5 where 1 is wanted and -1 where 0 is are no errors; 0.5 and 0.25 are."""
    problem = replace(labelled(np.array([0, 1]), 2), margin=True)
    y = np.array([[1.5, -1.0], [0.25, 0.5]])
    assert measure(problem, y).loss == (0.25**2 + 0.5**2) / 4
    assert measure(replace(problem, margin=False), y).loss == (0.25 + 1 + 0.25**2 + 0.5**2) / 4


def test_of_equal_outputs_the_first_counts() -> None:
    assert classes_of(np.array([[0.0, 0.0], [1.0, 2.0], [2.0, 2.0]])).tolist() == [0, 1, 0]


def test_classes_that_do_not_occur_have_their_rows() -> None:
    assert confusion(np.array([2]), np.array([0]), 3).tolist() == [[0, 0, 0], [0, 0, 0], [1, 0, 0]]


def test_real_numbers_have_errors() -> None:
    samples = Samples((np.ones((2, 1)),), np.array([[3.0], [4.0]]))
    problem = Problem("own", "mlp", samples, samples, samples, (None,))
    found = measure(problem, np.array([[3.0], [3.0]]))
    assert (found.rel_l2, found.figure, found.loss) == (0.2, 0.2, 0.25)
    assert found.accuracy is found.confusion is None
