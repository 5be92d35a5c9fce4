"""Runs that diverged are told from those that did not; by made-up courses and by real ones."""

import tomllib
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dualspike.golden.data.load import load_problem
from dualspike.golden.data.measures import Measures, measure
from dualspike.golden.data.problem import Problem, Samples
from dualspike.golden.training.divergence import _mean_answered, divergence
from dualspike.golden.training.fixed_engine import FixedEngine
from dualspike.golden.training.train import train
from dualspike.model.description.description import Description
from dualspike.model.description.load import describe, preset_text

WEIGHTS = [np.zeros((8, 8))]


def described(**learning: Any) -> Description:
    return describe({"network": {"layers": [2, 4, 1]}, "learning": learning}, "test")


def squares(classes: int | None = None) -> Problem:
    """Targets 1 and -1 in turn, whose mean is off by 1/2; or two classes, by as much."""
    signs = np.where(np.arange(400) % 2, -1.0, 1.0)[:, None]
    target = np.eye(2)[np.arange(400) % 2] if classes else signs
    samples = Samples((np.zeros((400, 2)),), target)
    return Problem("own", "mlp", samples, samples, samples, (None,), classes=classes)


def course(*losses: float) -> np.ndarray:
    """A run of 40 updates through these losses."""
    return np.interp(np.arange(40), np.linspace(0, 39, len(losses)), losses)


def judged(losses: np.ndarray, accuracy: float | None = None, before: float = 0.5) -> str | None:
    measures = Measures(float(losses[-1]), 1.0, accuracy=accuracy)
    problem = squares(2 if accuracy is not None else None)
    return divergence(described(rate=6), problem, losses, before, measures, WEIGHTS)


@pytest.mark.parametrize(
    ("losses", "reason"),
    [
        (course(0.5, 4.0), "the loss ended at 3.96, 7.91 times its start: try learning.rate 8"),
        (
            course(0.5, 9.0, 0.5, 0.5),
            "the loss ended at 0.5, as without learning, and the loss went up to 8.67 on the way:"
            " try learning.rate 8",
        ),
        (
            course(0.5, 0.1, 0.1, 0.45),
            "the loss fell to 0.1 and rose again to 0.437: try learning.rate 7",
        ),
    ],
)
def test_losses_that_rise(losses: np.ndarray, reason: str) -> None:
    assert judged(losses) == f"training diverged: {reason}, it is 6"


@pytest.mark.parametrize(
    "losses",
    [
        course(0.5, 0.1, 0.01),
        course(0.5, 0.5),
        course(0.01, 0.01, 0.4),  # a start from learned weights counts no less than the mean
        course(0.5, 9.0, 0.1),
    ],
)
def test_losses_that_do_not(losses: np.ndarray) -> None:
    if losses[0] > 0.01:
        assert judged(losses) is None
    else:
        assert "rose again" in (judged(losses) or "")


def test_accuracy_of_chance_where_it_had_been_better() -> None:
    """Half of 400 samples are of either class; 55 % are within two standard deviations."""
    falling, back = course(0.5, 0.4), course(0.5, 0.2, 0.45)
    ended = "training diverged: accuracy ended at 54.0%, as by chance, and had been better"
    for losses, before in ((back, 0.5), (falling, 0.9)):
        assert judged(losses, 0.54, before) == f"{ended}: try learning.rate 7, it is 6"
    assert judged(falling, 0.54) is None
    assert judged(back, 0.56) is None


def test_weights_at_the_ends_of_their_format() -> None:
    d, losses = described(rate=16), course(0.5, 0.4)
    form = d.formats.weight
    ends = float(form.lowest * form.lsb), float(form.highest * form.lsb)

    def said(count: int) -> str | None:
        weights = np.zeros(100)
        weights[:count] = np.resize(ends, count)
        found = [np.zeros((4, 4)), weights.reshape(10, 10)]
        return divergence(d, squares(), losses, 1.0, Measures(0.4, 0.9), found)

    assert said(50) is None
    assert said(51) == (
        "training diverged: 51% of the weights of layer 1 are at the ends of s1.16:"
        " try learning.layer_shift above 0, learning.rate is 16"
    )


def test_too_few_samples_are_not_judged() -> None:
    """Two stretches of 64 samples are the least."""
    for batch, updates, wanted in ((64, 2, True), (64, 1, False), (1, 127, False), (1, 128, True)):
        d = described(batch=batch)
        losses = np.linspace(0.5, 90, updates)
        found = divergence(d, squares(), losses, 1.0, Measures(90, 9.0), WEIGHTS)
        assert (found is not None) == wanted


@pytest.mark.parametrize(("rate", "wanted"), [(6, False), (-3, True)])
def test_the_hat_at_its_rate_and_far_above(rate: int, wanted: bool) -> None:
    tables = tomllib.loads(preset_text("hat"))
    tables["learning"] |= {"rate": rate, "updates": 60}
    d = describe(tables, "test")
    result = train(FixedEngine(d), d, load_problem(d))
    assert (result.diverged is not None) == wanted
    if wanted:
        assert "try learning.rate -1, it is -3" in (result.diverged or "")


def test_answering_with_the_mean_is_judged_by_the_loss_of_the_problem() -> None:
    """With margin, too; of classes the mean lies between 0 and 1, where nothing is forgiven."""
    for margin in (False, True):
        problem = replace(squares(2), margin=margin)
        mean = np.tile(problem.train.target.mean(axis=0), (400, 1))
        assert _mean_answered(problem) == measure(problem, mean).loss == 0.25
    beyond = Samples((np.zeros((2, 1)),), np.array([[0.25], [1.0]]))
    one_sided = replace(squares(), train=beyond, margin=True)
    assert _mean_answered(one_sided) == 0.375**2 / 4
