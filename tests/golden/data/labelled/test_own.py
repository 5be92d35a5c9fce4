"""A user's own labelled samples: what is read, how they are parted, what is refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dualspike.golden.data.classes import load_classes
from dualspike.golden.data.labelled.samples import ClassData
from dualspike.golden.data.load import load_problem
from dualspike.golden.data.problem import Problem
from dualspike.model.description.data import Data
from dualspike.model.description.load import describe
from tests.refusals import refusal

pytestmark = pytest.mark.usefixtures("here")

X = np.arange(60.0).reshape(30, 2) / 64
LABELS = np.arange(30) % 3


def saved(**arrays: Any) -> str:
    """A file with these arrays, x and labels as above where they are not given; None leaves out."""
    given = {"x": X, "labels": LABELS} | arrays
    np.savez("own.npz", **{name: one for name, one in given.items() if one is not None})
    return "own.npz"


def read(**arrays: Any) -> ClassData:
    found = load_classes(Data(source=saved(**arrays)), classes=3)
    assert found
    return found


def problem(tested: str = "test", layers: tuple[int, ...] = (2, 4, 3), **arrays: Any) -> Problem:
    data = {"source": saved(**arrays), "tested": tested}
    return load_problem(describe({"network": {"layers": list(layers)}, "data": data}, "test"))


def complaint(**given: Any) -> str:
    line = refusal(problem, **given)
    assert line.startswith("own.npz")
    return line.removeprefix("own.npz").lstrip(": ")


@pytest.mark.parametrize("name", ["labels", "y"])
@pytest.mark.parametrize("kind", [np.uint8, np.int64, np.uint64])
def test_labels_and_how_they_are_parted(name: str, kind: type) -> None:
    given = {"labels": None, name: LABELS.astype(kind)}
    data = read(**given)
    assert (data.name, data.test_set, data.classes) == ("own", "held-out part", 3)
    # Two of ten samples of every class are held out: the first in the order of the permutation.
    order = np.random.default_rng(0).permutation(30)
    wanted = sorted(row for n in range(3) for row in [r for r in order if r % 3 == n][:2])
    assert data.test.x.tolist() == X[wanted].tolist()
    assert data.test.labels.tolist() == [row % 3 for row in wanted]
    kept = np.concatenate((data.train.x, data.validation.x))
    assert sorted(kept[:, 0]) == sorted(np.delete(X, wanted, 0)[:, 0])
    assert (len(data.train), len(data.validation)) == (20, 4)
    assert data.whole.x.tolist() == kept.tolist()


def test_test_samples_of_the_file() -> None:
    data = read(x_test=X[:4] + 1, labels_test=[2, 0, 0, 1])
    assert data.test_set == "test set"
    assert data.test.x.tolist() == (X[:4] + 1).tolist()
    assert data.test.labels.tolist() == [2, 0, 0, 1]
    assert len(data.whole) == 30


def test_labels_become_ones_of_their_outputs() -> None:
    found = problem(x_test=X[:2], labels_test=[2, 0])
    assert (found.classes, found.test_set, len(found.train.target)) == (3, "test set", 30)
    assert found.test.target.tolist() == [[0, 0, 1], [1, 0, 0]]
    labels = dict(zip(X[:, 0], LABELS, strict=True))
    for x, target in zip(found.train.inputs[0], found.train.target, strict=True):
        assert target.tolist() == [float(labels[x[0]] == n) for n in range(3)]


def test_validation_samples_are_not_trained_on() -> None:
    found = problem(tested="validation")
    assert (found.test_set, len(found.train.target)) == ("validation samples", 20)
    train, test = (set(part.inputs[0][:, 0]) for part in (found.train, found.test))
    assert not train & test and len(test) == 4


def test_real_numbers_may_have_test_samples() -> None:
    y = np.ones((30, 3))
    found = problem(labels=None, y=y)
    assert (found.classes, found.test_set) == (None, "held-out part")
    found = problem(labels=None, y=y, x_test=X[:2], y_test=y[:2] / 2)
    assert (found.classes, found.test_set) == (None, "test set")
    assert found.test.target.tolist() == [[0.5] * 3] * 2 and len(found.train.target) == 30


def changed(row: int, value: int) -> np.ndarray:
    labels = LABELS.copy()
    labels[row] = value
    return labels


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"labels": changed(4, 3)}, "labels must be in [0, 2], labels[4] is 3"),
        ({"labels": changed(4, -1)}, "labels must be in [0, 2], labels[4] is -1"),
        (
            {"labels": np.minimum(LABELS, 1)},
            "labels must have every class from 0 to 2, one for each output: 2 is not there",
        ),
        ({"labels": LABELS + 0.5}, "labels must be whole numbers, not float64"),
        ({"labels": LABELS[:, None]}, "labels must have shape [30], not [30, 1]"),
        ({"labels": LABELS[:7]}, "labels must have shape [30], not [7]"),
        ({"y": np.ones((30, 3))}, "must hold labels or y, not both"),
        ({"x": None}, "must hold x, labels, it holds labels"),
        ({"x": X + 1j}, "x must be integers or real numbers, not complex128"),
        ({"x": X[:, 0]}, "x must have shape [N, n] or [N, T, n], none of them 0, not [30]"),
        ({"x": X[:, :0]}, "x must have shape [N, n] or [N, T, n], none of them 0, not [30, 0]"),
        ({"x": np.where(X > 0.9, np.nan, X)}, "x must be finite, x[29, 0] is nan"),
        ({"x_test": X}, "must hold x_test and labels_test, or neither, it holds x_test"),
        ({"labels_test": LABELS}, "must hold x_test and labels_test, or neither, it holds"),
        ({"x_test": X[:, :1], "labels_test": LABELS}, "x_test must have shape [N, 2], none"),
        ({"x_test": X, "labels_test": LABELS + 1}, "labels_test must be in [0, 2], labels_test[2]"),
        (
            {"x": X[:6], "labels": LABELS[:6]},
            "labels must have a class of 5 samples or more, of which one in 5 is held out, or give"
            " labels_test",
        ),
        (
            {"x": X[:4], "labels": LABELS[:4], "x_test": X[:4], "labels_test": LABELS[:4]},
            "must have 6 training samples or more, not 4",
        ),
        (
            {"x": X[:, None, :].repeat(8, 1)},
            "x must have shape [N, n], one input for all steps of this chip, not [N, 8, 2], an"
            " input for every step",
        ),
        ({"x": X + 2}, "x must be in [-2.0, 1.99993896484375] (formats.input s1.14), x[0, 0] is"),
    ],
)
def test_what_is_refused(given: dict[str, Any], line: str) -> None:
    assert complaint(**given).startswith(line)


def test_networks_must_fit() -> None:
    line = "network.layers must be [2, ..., 3] for data own, not [5, 4, 3]"
    assert refusal(problem, layers=(5, 4, 3)) == line
    line = "labels must be in [0, 1], labels[2] is 2"
    assert complaint(layers=(2, 4, 2)) == line
    assert complaint(layers=(2, 4, 1)) == "labels must be of 2 classes or more, not 1"
    one = load_classes(Data(source=saved()))
    assert one and one.classes == 3
    line = "own.npz: labels must be in [0, 4095], labels[0] is 4096"
    assert refusal(load_classes, Data(source=saved(labels=changed(0, 4096)))) == line


def test_validation_is_for_labels() -> None:
    line = "data.tested must be 'test' for own.npz, which has no labels"
    assert refusal(problem, tested="validation", labels=None, y=np.ones((30, 3))) == line
    assert Path("own.npz").exists()


@pytest.mark.parametrize("tested", ["test", "validation"])
def test_complaints_name_the_rows_of_the_file(tested: str) -> None:
    """Whichever part of the samples a row went to; of several in it the first."""
    form = "[-2.0, 1.99993896484375] (formats.input s1.14)"
    hint = ": train --scale brings inputs there"
    held = read()
    used = set(range(30)) - set(held.test.numbers.tolist() if tested == "validation" else [])
    for row in used:
        x = X / 64
        x[row, 1] = 2
        assert complaint(x=x, tested=tested) == f"x must be in {form}, x[{row}, 1] is 2.0{hint}"
    first = (held.whole if tested == "test" else held.train).numbers.min()
    line = complaint(x=np.full_like(X, 2), tested=tested)
    assert line == f"x must be in {form}, x[{first}, 0] is 2.0{hint}"
    test_x = X[:4] / 64
    test_x[2, 0] = 2
    line = complaint(x=X / 64, x_test=test_x, labels_test=[2, 0, 0, 1])
    assert line == f"test x must be in {form}, test x[2, 0] is 2.0{hint}"
