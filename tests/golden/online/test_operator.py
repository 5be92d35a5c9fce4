"""Online rules as estimators: one with the golden model where they must be, unbiased elsewhere."""

from typing import Any, Literal

import numpy as np
import pytest

from dualspike.golden.float.combine import loss_and_cotangents
from dualspike.golden.float.model import Model
from dualspike.golden.float.surrogate import gaussian
from dualspike.golden.numeric import Floats
from dualspike.golden.online.dense import perceptron
from dualspike.golden.online.neuron import GaussianNeuron
from dualspike.golden.online.operator import OnlineGradient, Share
from dualspike.golden.online.rules.backpropagation import SpatialBackpropagation
from dualspike.golden.online.rules.noise import Noise
from dualspike.golden.online.rules.rule import Rule
from dualspike.golden.online.rules.two_point import TwoPoint
from dualspike.golden.online.traces import OnlinePass, repeated
from dualspike.model.description.network import Network, Surrogate
from dualspike.model.description.operator import Operator
from tests.golden.chance import z_scores
from tests.refusals import refusal


def operator(kind: Literal["mlp", "deeponet", "seponet"], *layers: list[int]) -> Operator:
    parts = [Network(layers=each, time_steps=8, threshold=0.7) for each in layers]
    return Operator(kind=kind, parts=parts)


SHALLOW = {
    "mlp": operator("mlp", [3, 7, 2]),
    "deeponet": operator("deeponet", [3, 6, 2], [1, 5, 2]),
    "seponet": operator("seponet", [3, 6, 2], [1, 5, 2], [1, 4, 2]),
}


def problem(o: Operator) -> tuple[Model, Floats, tuple[Floats, ...], Floats]:
    """A model with weights of functions where it maps them, parameters, inputs, target."""
    rng = np.random.default_rng(1)
    rows = [5, 4, 3][: len(o.parts)]
    inputs = tuple(rng.uniform(-1, 1, (n, p.layers[0])) for n, p in zip(rows, o.parts, strict=True))
    target = rng.uniform(-1, 1, (5, o.parts[0].layers[-1]) if len(rows) == 1 else rows)
    model = Model(o, floor=None if o.kind == "mlp" else 0.2)
    return model, 2 * model.start(3), inputs, target


def backpropagation(*_: object) -> Rule:
    return SpatialBackpropagation()


@pytest.mark.parametrize("kind", SHALLOW)
def test_the_last_error_at_every_step_gives_the_gradient_through_time(kind: str) -> None:
    """One hidden layer, a detached reset: traces then leave nothing out."""
    model, theta, inputs, target = problem(SHALLOW[kind])
    loss, truth = model.gradient(theta, inputs, target)
    estimator = OnlineGradient(model.operator, backpropagation, 2, 1)
    found = estimator.gradient(model, theta, inputs, target, (1, 0))
    assert found[0] == pytest.approx(loss, rel=1e-12)
    walks = [
        OnlinePass(network, SpatialBackpropagation(), repeated(x, 8), averaged=True)
        for network, x in zip(estimator.networks, inputs, strict=True)
    ]
    answers = [walk.answer for walk in walks if [walk.advance() for _ in range(8)]]
    parts: list[Floats] = []
    for part, (network, x) in enumerate(zip(estimator.networks, inputs, strict=True)):
        final = Share(part, target, model.floor).judge(answers)(answers[part])
        walk = OnlinePass(network, SpatialBackpropagation(), repeated(x, 8), averaged=True)
        for _ in range(8):
            walk.advance()
            walk.learn(lambda _, final=final: final)
        parts.append(walk.gradient())
    np.testing.assert_allclose(np.concatenate(parts), truth, rtol=1e-9, atol=1e-14)
    assert np.abs(truth).max() > 0.01
    # What is learned online instead takes errors of means that are not over: near, not the same.
    cosine = found[1] @ truth / np.linalg.norm(found[1]) / np.linalg.norm(truth)
    assert 0.8 < cosine < 1 - 1e-6


@pytest.mark.parametrize("part", [0, 1, 2])
def test_a_part_sees_its_share_of_the_loss(part: int) -> None:
    """Its rows' losses have the mean L, and its errors are B times the derivatives of L."""
    rng = np.random.default_rng(2)
    outputs: list[Floats] = [rng.standard_normal((n, 3)) for n in (4, 5, 6)]
    target = rng.standard_normal((4, 5, 6))
    loss, cotangents = loss_and_cotangents(outputs, target, 0.3)
    rows, error = Share(part, target, 0.3).judge(outputs)(outputs[part])
    assert rows.shape == (len(outputs[part]),)
    assert rows.mean() == pytest.approx(loss, rel=1e-12)
    np.testing.assert_allclose(error / len(rows), cotangents[part], rtol=1e-10, atol=1e-14)


class Smooth(GaussianNeuron):
    """Sends the integral of the surrogate, which it is the derivative of, and has no reset."""

    def charge(self, membrane: Floats, spikes: Floats, current: Floats) -> tuple[Floats, Floats]:
        reached = membrane + current
        return reached, 1 / (1 + np.exp(-(reached - self.threshold)))

    def slope(self, membrane: Floats) -> Floats:
        p = 1 / (1 + np.exp(-(membrane - self.threshold)))
        return p * (1 - p)


def test_two_points_are_unbiased_for_an_average() -> None:
    """Losses of means weigh a step's output by 1 / t, and t L takes it back."""
    rng = np.random.default_rng(7)
    network = perceptron([2, 4, 2], rng, Smooth(1.0))
    x, target = rng.uniform(-1, 1, (1, 2)), rng.uniform(-1, 1, (1, 2))
    many, wanted = np.tile(x, (4000, 1)), np.tile(target, (4000, 1))

    def gradient(rule: Rule, x: Floats, target: Floats) -> Floats:
        walk = OnlinePass(network, rule, repeated(x, 4), averaged=True)
        judge = Share(0, target, None)
        for _ in range(4):
            walk.advance()
            walk.learn(judge.judge([walk.answer]))
        return walk.gradient()[:12]

    truth = gradient(SpatialBackpropagation(), x, target)
    noise = Noise(rng, 1e-3, antithetic=False)
    found = np.array([gradient(TwoPoint(noise), many, wanted) for _ in range(60)])
    assert np.abs(z_scores(found, truth)).max() < 4.3  # 12 entries, chance 1e-4
    assert np.abs(z_scores(found, 1.1 * truth)).max() > 10


def test_the_surrogate_is_the_gaussian() -> None:
    U = np.linspace(-1, 3, 41).reshape(1, -1)
    found = GaussianNeuron(1.0, 0.7, 0.3).slope(U)
    np.testing.assert_allclose(found, gaussian(U - 0.7, 0.3), rtol=1e-12)


def test_alpha_falls_over_the_updates() -> None:
    model, theta, inputs, target = problem(SHALLOW["mlp"])
    seen: list[float] = []

    class Listening(SpatialBackpropagation):
        def __init__(self, noise: Noise) -> None:
            self.noise = noise

        def inject(self, network: Any, step: int, batch: int) -> None:
            seen.append(self.noise.alpha)

    estimator = OnlineGradient(model.operator, lambda _, noise, __: Listening(noise), 3, 1)
    for update in range(3):
        estimator.gradient(model, theta, inputs, target, (1, update))
    assert seen[::8] == pytest.approx([0.2, 0.105, 0.01])


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"leak": 0.5}, "leak must be 1 to learn online, not 0.5"),
        ({"reset": "attached"}, "reset must be detached to learn online, not attached"),
        ({"coding": "rate"}, "coding must be direct to learn online, not rate"),
        (
            {"surrogate": Surrogate(kind="triangle")},
            "surrogate must be gaussian to learn online, not triangle",
        ),
        ({"threshold": [1.0, 2.0]}, "threshold must be one for all layers to learn online"),
    ],
)
def test_networks_of_another_kind_are_refused(changes: dict[str, Any], line: str) -> None:
    network = Network(layers=[2, 3, 3, 1]).model_copy(update=changes)
    assert refusal(OnlineGradient, Operator(parts=[network]), backpropagation, 2, 1) == line


def test_steps_must_agree() -> None:
    parts = [Network(layers=[1, 2, 1], time_steps=n) for n in (4, 8)]
    given = (Operator(kind="deeponet", parts=parts), backpropagation, 2, 1)
    assert refusal(OnlineGradient, *given) == "time_steps must be the same in all parts, not [4, 8]"
