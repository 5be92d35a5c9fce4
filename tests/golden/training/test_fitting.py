"""Descriptions that fit data: what init writes holds them, and learns from them."""

from typing import Any

import numpy as np
import pytest

from dualspike.golden.data.load import load_problem
from dualspike.golden.training import fitting
from dualspike.golden.training.fitting import description_for
from dualspike.golden.training.fixed_engine import FixedEngine
from dualspike.golden.training.train import train
from dualspike.model.description.load import describe
from tests.refusals import refusal

LEAKS = {0.75: 0.7, 0.5: 0.9, 0.875: 0.5, 1 - 2**-5: 0.95}
"""What trials come to, by leak."""

pytestmark = pytest.mark.usefixtures("here")
RNG = np.random.default_rng(5)


def clouds(n_in: int, classes: int) -> dict[str, Any]:
    labels = np.arange(40 * classes) % classes
    centres = RNG.uniform(-0.7, 0.7, (classes, n_in))
    return {"x": centres[labels] + RNG.normal(0, 0.1, (len(labels), n_in)), "labels": labels}


@pytest.mark.parametrize(("offset", "size"), [(0, 0.3), (0, 900), (1e6, 3), (-2, 1e-5)])
def test_real_numbers_of_any_size_are_learned(offset: float, size: float) -> None:
    """A plane, far below the error that answering with the mean has."""
    x = RNG.uniform(-1, 1, (300, 2))
    y = offset + size * x @ [[1.0, 0.2], [-0.5, 1]]
    np.savez("own.npz", x=x * [1, 500], y=y)
    d, problem = description_for({"source": "own.npz"})
    assert (d.network.layers, problem.classes, d.learning.rule) == ([2, 32, 32, 2], None, "online")
    np.testing.assert_allclose(problem.truth, y[problem.test.rows], rtol=1e-9)
    tables = d.model_dump()
    tables["learning"]["updates"] = 300
    d = describe(tables, "test")
    result = train(FixedEngine(d), d, problem)
    error = np.square(result.prediction - problem.truth).sum(axis=0)
    mean = np.square(y.mean(axis=0) - problem.truth).sum(axis=0)
    assert (error < 0.1 * mean).all() and result.diverged is None


def test_what_it_writes_learns() -> None:
    """Three clouds, far from 0 and of odd sizes, from random weights."""
    found = clouds(5, 3)
    found["x"] = found["x"] * [1, 20, 1e-2, 3, 500] + 40
    np.savez("own.npz", **found)
    d, problem = description_for({"source": "own.npz"})
    tables = d.model_dump()
    tables["learning"]["updates"] = 120
    d = describe(tables, "test")
    result = train(FixedEngine(d), d, problem)
    assert result.after > 0.9 > result.before
    assert result.diverged is None


@pytest.mark.parametrize(("close", "leak"), [(0.01, 1 - 2**-5), (0.1, 0.5), (0.3, 0.75)])
def test_the_first_leak_that_is_close_to_the_best_is_taken(
    close: float, leak: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fitting, "_tried", lambda d: LEAKS[d.network.leak])
    monkeypatch.setattr(fitting, "CLOSE", close)
    d, problem = description_for({"source": "events"})
    assert (d.network.leak, d.network.layers, d.network.time_steps) == (leak, [512, 64, 4], 8)
    assert (problem.test_set, d.data.tested) == ("test set", "test")


def test_a_data_set_is_fitted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting, "SAMPLES", 480)
    d, problem = description_for({"source": "digits"})
    assert (d.name, d.network.layers, d.data.source) == ("digits_core", [64, 64, 10], "digits")
    assert (len(problem.train.target), len(problem.test.target)) == (1437, 360)


@pytest.mark.parametrize(
    ("arrays", "line"),
    [
        ({"u": np.ones((9, 2))}, "own.npz must hold samples, not functions: begin with --preset"),
        ({"x": np.ones((9, 2))}, "own.npz must hold x, and y or labels, it holds x"),
        ({"x": np.ones(9), "y": np.ones((9, 1))}, "own.npz: x must have shape [N, 1], not [9]"),
        (
            {"x": np.ones((9, 5000)), "y": np.ones((9, 1))},
            "--data: network.layers[0] must be in [1, 4096], not 5000",
        ),
        (
            {"x": np.ones((60, 1025, 1)), "labels": np.arange(60) % 3},
            "--data: network.time_steps must be in [1, 1024], not 1025",
        ),
        (
            {"x": np.ones((60, 4, 5000)), "labels": np.arange(60) % 3},
            "--data: network.layers[0] must be in [1, 4096], not 5000",
        ),
        (
            {"x": np.ones((9, 2)), "y": np.full((9, 1), 1e30)},
            "--data: data.target_offset entry 0 must be in",
        ),
    ],
)
def test_what_is_refused(arrays: dict[str, Any], line: str) -> None:
    np.savez("own.npz", **arrays)
    assert refusal(description_for, {"source": "own.npz"}).startswith(line)


def test_lists_must_have_an_entry_for_every_input() -> None:
    np.savez("own.npz", **clouds(4, 2))
    tables = {"network": {"layers": [4, 3, 2]}, "data": {"source": "own.npz", "scale": [0.5] * 3}}
    line = "data.scale must have 4 entries, one for each input, not 3"
    assert refusal(load_problem, describe(tables, "test")) == line
