"""The integer model as an engine, for a perceptron and an operator network."""

from typing import Any

import numpy as np
import pytest

from dualspike.golden.data.load import load_problem
from dualspike.golden.data.problem import Problem, Samples
from dualspike.golden.float.layout import Layout
from dualspike.golden.float.model import Model
from dualspike.golden.training.fixed_engine import FixedEngine, first_chip, real_loss, stored_scale
from dualspike.golden.training.train import train
from dualspike.model.description.description import Description
from dualspike.model.description.load import describe
from dualspike.model.errors import BadInput
from tests.golden.bounds import flat

PARTS = [{"layers": [3, 8, 4], "time_steps": 8}, {"layers": [1, 8, 4], "time_steps": 8}]
TABLES: dict[str, dict[str, Any]] = {
    "mlp": {
        "network": {"layers": [2, 12, 1], "time_steps": 16},
        "learning": {"batch": 32, "updates": 200, "rate": 4, "stages": 3},
    },
    "deeponet": {
        "operator": {"kind": "deeponet", "parts": PARTS},
        "learning": {"batch": [8, 6], "rate": 4, "directions": 4, "updates": 200},
        "formats": {"target": "s2.15"},
    },
}
KINDS = pytest.mark.parametrize("kind", TABLES)


def chip(kind: str = "deeponet", **learning: Any) -> Description:
    tables = TABLES[kind]
    return describe(tables | {"learning": tables["learning"] | learning}, "test")


def functions(key: int, rows: int, points: int) -> Samples:
    """u -> u_0 x + u_1 (1 - x^2)."""
    u = np.random.default_rng(key).uniform(-1, 1, (rows, 3))
    x = np.linspace(-1, 1, points)[:, None]
    return Samples((u, x), u[:, :1] * x.T + u[:, 1:2] * (1 - x.T**2))


def problem(d: Description) -> Problem:
    if d.kind == "mlp":
        return load_problem(d)
    some, test = functions(0, 1600, 6), functions(1000, 8, 6)
    return Problem("sums", "deeponet", some, test, test, (8, 6))


def flat_weights(engine: FixedEngine) -> np.ndarray:
    params = engine.weights()
    return flat(params.weights, params.biases)


@KINDS
def test_it_starts_as_the_float_model(kind: str) -> None:
    d = chip(kind, seed=5)
    theta = Layout(d.operator).start(5)
    memories = first_chip(d).memories
    assert {memory.dtype for memory in memories} == {np.dtype(np.int64)}
    stored = np.concatenate([memory.ravel() for memory in memories])
    np.testing.assert_array_equal(stored, np.floor(theta * 2**16 + 0.5))
    np.testing.assert_array_equal(flat_weights(FixedEngine(d)) * 2**16, stored)


def test_start_weights_saturate_in_a_narrow_format() -> None:
    d = describe(TABLES["mlp"] | {"formats": {"weight": "s0.4"}}, "test")
    assert max(w.max() for w in first_chip(d).weights) <= 15
    coarse = {"weight": "s0.2", "membrane": "s2.4", "target": "s1.2"}
    network = {"layers": [1, 2, 1], "surrogate": {"entries": 16}}
    for seed in range(1, 40):
        tables = {"network": network, "formats": coarse, "learning": {"seed": seed}}
        chip = first_chip(describe(tables, "test"))
        assert all(-4 <= v.min() and v.max() <= 3 for v in [*chip.weights, *chip.biases])


def test_loss_is_half_the_mean_squared_error() -> None:
    d = chip("mlp")
    engine = FixedEngine(d)
    x, y = load_problem(d).training_batch(1, 0)
    off = engine.predict(x) - y
    # Targets are stored with an error of at most half of their last bit, 2^-17.
    slack = 2**-17 * np.abs(off).max() * 2 + 2**-30
    expected = 0.5 * np.square(off).sum() / 32
    assert engine.update(x, y, 0) == pytest.approx(expected, abs=slack, rel=1e-3)
    assert real_loss(chip("mlp", batch=1), 1 << 32) == 0.5


@pytest.mark.parametrize("floor", [None, 0.25])
def test_the_loss_is_that_of_the_float_model(floor: float | None) -> None:
    d = chip(floor=floor)
    engine, (inputs, target) = FixedEngine(d), problem(d).training_batch(1, 0)
    expected = Model(d.operator, floor=floor).loss(flat_weights(engine), inputs, target)
    assert engine.update(inputs, target, 0) == pytest.approx(expected, rel=0.01)


@KINDS
def test_it_learns_and_repeats_exactly(kind: str) -> None:
    d = chip(kind)
    first, second = FixedEngine(d), FixedEngine(d)
    result, again = (train(engine, d, problem(d)) for engine in (first, second))
    assert result.after < 0.5 * result.before
    np.testing.assert_array_equal(result.losses, again.losses)
    for one, other in zip(first.chip.memories, second.chip.memories, strict=True):
        np.testing.assert_array_equal(one, other)
    assert first.chip.lfsr == second.chip.lfsr


@KINDS
def test_rows_do_not_know_of_each_other(kind: str) -> None:
    d = chip(kind)
    engine, ((first, *others), _) = FixedEngine(d), problem(d).training_batch(1, 3)
    whole = engine.predict((first, *others))
    for row in range(8):
        found = engine.predict((first[row : row + 1], *others))
        np.testing.assert_array_equal(found, whole[row : row + 1])


def test_scale_is_the_weight_of_the_float_loss() -> None:
    d = chip(floor=0.3)
    target = np.random.default_rng(1).integers(-500, 500, (7, 9)) * np.arange(7)[:, None]
    squares = np.square(target.astype(float)).mean(axis=1)
    wanted = squares.mean() / (squares + 0.3 * squares.mean())
    np.testing.assert_array_equal(stored_scale(d, target), np.floor(wanted * 2**8 + 0.5))
    assert stored_scale(chip(), target) is None
    np.testing.assert_array_equal(stored_scale(d, np.zeros((2, 3), np.int64)), [256, 256])
    little = chip(floor=0.0625)
    lonely = np.zeros((8, 3), np.int64)
    lonely[0] = 100
    # 1 / (8 + 1/16), and 16, which is clipped.
    np.testing.assert_array_equal(stored_scale(little, lonely), [32, *[4095] * 7])


@pytest.mark.parametrize(
    ("kind", "target", "inputs"),
    [
        ("deeponet", r"\[8, 6\], not \[8, 5\]", r"\[\['B', 3\], \['B', 1\]\], not \[\[8, 3\]\]"),
        ("mlp", r"\[32, 1\], not \[32, 0\]", r"\[\['B', 2\]\], not \[\]"),
    ],
)
def test_what_does_not_fit_is_named(kind: str, target: str, inputs: str) -> None:
    d = chip(kind)
    engine, (rows, y) = FixedEngine(d), problem(d).training_batch(1, 0)
    with pytest.raises(BadInput, match=f"^target must have shape {target}$"):
        engine.update(rows, y[:, :-1], 0)
    with pytest.raises(BadInput, match=f"^inputs must have shapes {inputs}$"):
        engine.predict(rows[:-1])
    with pytest.raises(BadInput, match=r"^x must be in \[-2, .* \(s1.14\), not 4$"):
        engine.predict((*rows[:-1], rows[-1] * 0 + 4.0))
