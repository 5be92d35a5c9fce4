"""Targets in the units of their file: learned in others, measured and answered in their own."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dualspike.golden.data.load import load_problem
from dualspike.golden.data.measures import measure
from dualspike.golden.data.splits import held_out
from dualspike.golden.data.units import Units
from dualspike.golden.training.weights_file import npz_bytes
from dualspike.model.description.description import Description
from dualspike.model.description.load import describe
from tests.refusals import refusal

pytestmark = pytest.mark.usefixtures("here")


def chip(**data: Any) -> Description:
    tables = {"network": {"layers": [3, 4, 2]}, "learning": {"batch": 2}}
    return describe(tables | {"data": {"source": "own.npz", **data}}, "test")


@pytest.mark.parametrize("seed", range(20))
def test_there_and_back(seed: int) -> None:
    rng = np.random.default_rng(seed)
    units = Units(rng.normal(0, 10.0 ** rng.uniform(-3, 6), 5), 2.0 ** rng.uniform(-32, 32, 5))
    values = units.offset + rng.normal(0, 1, (7, 5)) / units.scale
    np.testing.assert_allclose(units.given(units.stored(values)), values, rtol=1e-9)
    plain = Units()
    assert plain.stored(values).tolist() == plain.given(values).tolist() == values.tolist()


@pytest.mark.parametrize("apart", [False, True])
def test_a_network_learns_scaled_targets_and_is_measured_in_those_of_the_file(apart: bool) -> None:
    rng = np.random.default_rng(4)
    x, y = rng.uniform(-1, 1, (20, 3)), rng.normal([500, -3], [40, 0.1], (20, 2))
    arrays = {"x": x, "y": y} | ({"x_test": x[:6], "y_test": y[:6]} if apart else {})
    Path("own.npz").write_bytes(npz_bytes(arrays))
    problem = load_problem(chip(target_offset=[500, -3], target_scale=[0.01, 4]))
    rows = np.arange(6) if apart else problem.test.rows
    truth = y[rows]
    np.testing.assert_allclose(problem.test.target, (truth - [500, -3]) * [0.01, 4])
    np.testing.assert_allclose(problem.truth, truth)
    off = rng.normal(0, 1, truth.shape)
    found = measure(problem, truth + off)
    rel_l2 = np.linalg.norm(off) / np.linalg.norm(truth)
    assert found.rel_l2 is not None
    np.testing.assert_allclose(found.rel_l2, rel_l2)
    np.testing.assert_allclose(found.loss, np.square(off * [0.01, 4]).sum(axis=1).mean() / 2)


def test_targets_that_are_zero_without_their_offset_are_no_zeros() -> None:
    learned = ~held_out(np.zeros(10, np.int64))
    np.savez("own.npz", x=np.ones((10, 3)), y=np.where(learned, 7.5, 7.0)[:, None] * [1, 1])
    problem = load_problem(chip(target_offset=7))
    assert not problem.test.target.any() and problem.truth.tolist() == [[7, 7]] * 2
    np.savez("own.npz", x=np.ones((10, 3)), y=np.zeros((10, 2)))
    assert "y must not be 0 everywhere" in refusal(load_problem, chip(target_offset=7))


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        (
            {"target_scale": [1.0, 2.0, 3.0]},
            "data.target_scale must have 2 entries, one for each output, not 3",
        ),
        (
            {"target_offset": [1.0]},
            "data.target_offset must have 2 entries, one for each output, not 1",
        ),
    ],
)
def test_an_entry_for_every_output(keys: dict[str, Any], line: str) -> None:
    np.savez("own.npz", x=np.ones((9, 3)), y=np.ones((9, 2)))
    assert refusal(load_problem, chip(**keys)) == line


@pytest.mark.parametrize("key", ["target_offset", "target_scale"])
def test_labels_have_no_units(key: str) -> None:
    np.savez("own.npz", x=np.ones((9, 3)), labels=np.arange(9) % 2)
    line = f"data.{key} must be left out for own.npz, which has labels"
    assert refusal(load_problem, chip(**{key: 2})) == line


@pytest.mark.parametrize(
    ("value", "line"),
    [
        (0, "data.target_scale must be in [2.32831e-10, 4.29497e+09], not 0"),
        ([1, "a"], "data.target_scale entry 1 must be a number, not 'a'"),
    ],
)
def test_what_is_no_scale(value: object, line: str) -> None:
    assert refusal(chip, target_scale=value) == f"test: {line}"


def test_a_problem_known_by_name_has_its_own() -> None:
    tables = {"network": {"layers": [2, 4, 1]}, "data": {"source": "hat", "target_offset": 2}}
    line = "data.target_offset must be left out with source 'hat': it is for files"
    assert refusal(describe, tables, "test") == f"test: {line}"
