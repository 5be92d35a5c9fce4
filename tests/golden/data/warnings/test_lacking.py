"""Classes without a sample, and inputs that never change, are told in one line each."""

from pathlib import Path

import numpy as np
import pytest

from dualspike.golden.data.problem import Problem, Samples
from dualspike.golden.data.warnings.lacking import lacks
from tests.cli import Cli
from tests.small import OPERATOR, functions


def labelled(labels: list[int], classes: int, same: bool = False) -> Problem:
    x = np.arange(2.0 * len(labels)).reshape(-1, 2)
    samples = Samples((x * 0 if same else x,), np.eye(classes)[labels])
    return Problem("some", "mlp", samples, samples, samples, (1,), replace=True, classes=classes)


@pytest.mark.parametrize(
    ("problem", "lines"),
    [
        (labelled([0, 1, 2], 3), []),
        (labelled([0, 1, 1], 3), ["no training sample is of class 2, which cannot be learned"]),
        (labelled([1, 1], 3), ["no training sample is of classes 0, 2, which cannot be learned"]),
        (
            labelled([0], 13),
            [
                "no training sample is of classes 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, ..., which cannot"
                " be learned"
            ],
        ),
        (
            labelled([0, 1], 2, same=True),
            ["all 2 training samples have the same inputs: only a constant is learned"],
        ),
    ],
)
def test_what_is_not_there_is_said(problem: Problem, lines: list[str]) -> None:
    assert lacks(problem) == lines


def test_a_class_may_be_among_validation_samples_alone(here: Path, cli: Cli) -> None:
    """Those are drawn without a look at classes; the run says what it does not see."""
    order = np.random.default_rng(0).permutation(12)
    labels = np.arange(12) % 2
    labels[order[0]] = 2  # the one sample of this class is held back
    x = np.random.default_rng(0).uniform(-1, 1, (12, 2))
    np.savez("data.npz", x=x, labels=labels, x_test=x, labels_test=labels)
    (here / "net.toml").write_text(
        "[network]\nlayers = [2, 3, 3]\ntime_steps = 2\n[learning]\nbatch = 4\nupdates = 1\n"
        '[data]\nsource = "data.npz"\ntested = "validation"\n'
    )
    status, _, err = cli("train", "net.toml", "-o", "out")
    line = "data: no training sample is of class 2, which cannot be learned"
    assert status == 0 and err.splitlines()[0] == f"dualspike: warning: {line}"


def test_functions_that_are_all_one_are_said(here: Path, cli: Cli) -> None:
    given = functions()
    given["u"][:] = given["u"][0]
    np.savez("data.npz", **given)
    (here / "net.toml").write_text(OPERATOR)
    status, _, err = cli("train", "net.toml", "-o", "out")
    assert status == 0 and "functions have the same inputs: only a constant is learned" in err
