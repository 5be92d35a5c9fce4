"""The training loop and the float engine."""

import tomllib
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from dualspike.golden.data.accuracy import relative_l2
from dualspike.golden.data.load import load_problem
from dualspike.golden.data.problem import Problem, Samples
from dualspike.golden.float.estimators.forward_gradient import ForwardGradient
from dualspike.golden.float.layout import Parameters, start
from dualspike.golden.float.model import Model
from dualspike.golden.numeric import Doubles
from dualspike.golden.training.train import Engine, FloatEngine, train
from dualspike.model.description.description import Description
from dualspike.model.description.load import describe, preset_text
from dualspike.model.description.operator import Operator
from dualspike.model.errors import BadInput
from tests.refusals import refusal


def described(**learning: Any) -> Description:
    tables = tomllib.loads(preset_text("hat"))
    del tables["learning"]["layer_shift"]
    tables["learning"] |= {"rate": 6, "stages": 5} | learning
    return describe(tables, "here")


class Scripted:
    """An engine that reports given losses and predicts one value."""

    def __init__(self, losses: list[float], predictions: list[float]) -> None:
        self.losses, self.predictions = losses, predictions
        self.seen: list[tuple[Doubles, Doubles]] = []

    def update(self, inputs: Sequence[Doubles], target: Doubles, update: int) -> float:
        assert update == len(self.seen)
        (x,) = inputs
        self.seen.append((x, target))
        return self.losses[update]

    def predict(self, inputs: Sequence[Doubles]) -> Doubles:
        return np.full((len(inputs[0]), 1), self.predictions.pop(0))

    def load(self, parameters: Parameters) -> None:
        raise AssertionError("nothing is to be loaded")

    def weights(self) -> Parameters:
        return Parameters((), ())


TRAIN = Samples((np.arange(8.0).reshape(4, 2),), np.arange(4.0)[:, None])
TEST = Samples((np.ones((3, 2)),), np.full((3, 1), 2.0))
SQUARE = Problem("square", "mlp", TRAIN, TRAIN, TEST, (5,), replace=True)


def test_loop() -> None:
    description = described(updates=3, batch=5, seed=4)
    engine = Scripted([0.5, 0.25, 0.125], [0.0, 3.0])
    calls: list[tuple[int, float]] = []
    result = train(engine, description, SQUARE, lambda done, loss: calls.append((done, loss)))
    assert result.before == 1
    assert result.after == result.measures.global_rel_l2 == 0.5
    assert result.losses.tolist() == [0.5, 0.25, 0.125]
    assert (result.updates, result.samples) == (3, 15)
    assert result.seconds > 0
    assert result.prediction.tolist() == [[3.0]] * 3
    assert calls == [(1, 0.5), (2, 0.25), (3, 0.125)]
    for update, (x, y) in enumerate(engine.seen):
        rows = np.random.default_rng([4, update]).integers(4, size=5)
        assert (x == TRAIN.inputs[0][rows]).all()
        assert (y == TRAIN.target[rows]).all()


@pytest.mark.parametrize("loss", [np.nan, np.inf])
def test_loss_that_is_not_finite(loss: float) -> None:
    assert refusal(train, Scripted([1.0, 1.0, loss], [0.0]), described(rate=2), SQUARE) == (
        "training diverged at update 2: raise learning.rate, a right shift,"
        " to lower the rate (learning.rate is 2)"
    )


def test_end_that_is_not_finite() -> None:
    assert refusal(train, Scripted([1.0], [0.0, np.inf]), described(updates=1), SQUARE) == (
        "training diverged at update 1: raise learning.rate, a right shift,"
        " to lower the rate (learning.rate is 6)"
    )


def test_float_engine_at_far_too_high_a_rate() -> None:
    description = described(rate=-8, updates=200)
    with pytest.raises(BadInput, match=r"^training diverged at update \d+: .* \(.* is -8\)$"):
        train(FloatEngine(description), description, load_problem(description))


@pytest.mark.parametrize("scope", ["layer", "global"])
@pytest.mark.parametrize("structure", ["independent", "factored"])
@pytest.mark.parametrize("batch", [4, 5])
def test_one_update(scope: str, structure: str, batch: int) -> None:
    """W <- W - 2^-(rate + layer_shift + stage) * batch / (4 or 8) * g, for stage 1 of 5.

    g is the sum over the two directions, twice the mean that the estimator gives.
    """
    description = described(
        structure=structure,
        scope=scope,
        batch=batch,
        layer_shift=[0, 1, -2],
        updates=10,
        seed=3,
        directions=2,
    )
    engine = FloatEngine(description)
    before = start(description, 3)
    rng = np.random.default_rng(0)
    x, target = rng.uniform(-1, 1, (batch, 2)), rng.uniform(-1, 1, (batch, 1))
    model = Model(Operator(parts=[description.network]))
    learning = description.learning
    estimator = ForwardGradient(learning.scope, 2, "rademacher", learning.structure)
    loss, mean = estimator.gradient(model, model.start(3), (x,), target, (3, 2))
    g = model.layout.split(2 * mean)[0]

    assert engine.update((x,), target, 2) == loss
    after = engine.weights()
    scale = 1.0 if batch == 4 else 5 / 8
    for layer, rate in enumerate([2**-7, 2**-8, 2**-5]):
        step = scale * rate
        np.testing.assert_allclose(
            after.weights[layer], before.weights[layer] - step * g.weights[layer], rtol=1e-13
        )
        np.testing.assert_allclose(
            after.biases[layer], before.biases[layer] - step * g.biases[layer], rtol=1e-13
        )


@pytest.mark.parametrize("scope", ["layer", "global"])
def test_one_update_with_local_losses(scope: str) -> None:
    """theta <- theta - 3/4 2^-rate g, local readouts and all; g is of L, with 1/3 for each L_n."""
    tables = {
        "network": {"layers": [2, 4, 3, 5, 1]},
        "learning": {"local": True, "scope": scope, "batch": 4, "rate": 5},
    }
    description = describe(tables, "here")
    engine = FloatEngine(description, start(description, 3))
    rng = np.random.default_rng(0)
    x, target = rng.uniform(-1, 1, (4, 2)), rng.uniform(-1, 1, (4, 1))
    model = Model(Operator(parts=[description.network]), local=True)
    theta = model.start(3)
    estimator = ForwardGradient(description.learning.scope)
    loss, g = estimator.gradient(model, theta, (x,), target, (1, 0))
    assert engine.update((x,), target, 0) == loss == pytest.approx(model.loss(theta, (x,), target))
    expected = model.layout.whole(theta - 0.75 * 2**-5 * g)
    after = engine.weights()
    assert [w.shape for w in after.weights] == [s[::-1] for s in description.shapes]
    for found, wanted in zip(
        (*after.weights, *after.biases), (*expected.weights, *expected.biases), strict=True
    ):
        np.testing.assert_allclose(found, wanted, rtol=1e-13)


def test_idle_lanes_change_nothing() -> None:
    tables = tomllib.loads(preset_text("hat"))
    x, target = np.full((4, 2), 0.5), np.ones((4, 1))
    several: list[dict[str, Any]] = [{}, {"hardware": {"lanes": 7}}]
    engines = [FloatEngine(describe(tables | more, "here")) for more in several]
    for engine in engines:
        engine.update((x,), target, 0)
    few, many = (engine.weights() for engine in engines)
    assert all((a == b).all() for a, b in zip(few.weights, many.weights, strict=True))


def test_mantissas_multiply_the_rates() -> None:
    """One update with mantissas is 8/8, 12/8 and 15/8 of one without, layer by layer."""
    x, target = np.full((4, 2), 0.5), np.ones((4, 1))
    plain, scaled = FloatEngine(described()), FloatEngine(described(mantissa=[8, 12, 15]))
    before = plain.weights()
    plain.update((x,), target, 0)
    scaled.update((x,), target, 0)
    one, other = plain.weights(), scaled.weights()
    for layer, factor in enumerate((1.0, 1.5, 1.875)):
        moved = one.weights[layer] - before.weights[layer]
        expected = before.weights[layer] + factor * moved
        np.testing.assert_allclose(other.weights[layer], expected, rtol=1e-13)


def test_velocities_keep_their_share() -> None:
    """v <- (1 - 2^-3) v + step, W <- W - v, the steps being those of an engine put there."""
    rng = np.random.default_rng(3)
    engine, share = FloatEngine(described(momentum=3)), 1 - 2**-3
    velocity = [np.zeros_like(w) for w in engine.weights().weights]
    for update in range(3):
        x, target = rng.uniform(-1, 1, (4, 2)), rng.uniform(-1, 1, (4, 1))
        before = engine.weights()
        plain = FloatEngine(described())
        plain._theta[:] = engine._theta
        plain.update((x,), target, update)
        engine.update((x,), target, update)
        steps = plain.weights().weights
        for layer, (w, moved, after) in enumerate(
            zip(before.weights, steps, engine.weights().weights, strict=True)
        ):
            velocity[layer] = share * velocity[layer] + (w - moved)
            np.testing.assert_allclose(after, w - velocity[layer], rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("mix", [{"frozen": [1]}, {"masks": [[0, 2], [0], [2]]}])
def test_layers_without_a_lane_stay(mix: dict[str, Any]) -> None:
    engine = FloatEngine(described(**mix))
    before = engine.weights()
    engine.update((np.full((4, 2), 0.5),), np.ones((4, 1)), 0)
    after = engine.weights()
    moved = [(a != b).any() for a, b in zip(before.weights, after.weights, strict=True)]
    assert moved == [True, False, True]


def test_weights_are_a_copy() -> None:
    engine = FloatEngine(described())
    engine.weights().weights[0][:] = 0
    assert engine.weights().weights[0].any()


def test_predict_in_pieces() -> None:
    description = described()
    x = np.random.default_rng(1).uniform(-1, 1, (5000, 2))
    model = Model(Operator(parts=[description.network]))
    y = model.predict(model.start(1), (x,))
    np.testing.assert_allclose(FloatEngine(description).predict((x,)), y, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(("scope", "rate"), [("layer", 6), ("global", 8)])
def test_short_run_learns(scope: str, rate: int) -> None:
    description = described(updates=150, scope=scope, rate=rate, stages=1)
    problem = load_problem(description)
    engine: Engine = FloatEngine(description)
    result = train(engine, description, problem)
    assert result.before == pytest.approx(1.0541, abs=1e-4)
    assert result.after < 0.7 * result.before
    assert result.losses[-20:].mean() < 0.5 * result.losses[:5].mean()
    assert result.after == relative_l2(engine.predict(problem.test.inputs), problem.test.target)
