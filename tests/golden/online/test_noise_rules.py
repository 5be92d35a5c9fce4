"""Rules with noise: unbiased on a smooth network, their variance in the order of Prop. 4.2."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dualspike.golden.numeric import Floats
from dualspike.golden.online.dense import perceptron
from dualspike.golden.online.loss import MixedLoss, SquaredLoss
from dualspike.golden.online.network import Injection, OnlineNetwork, Position
from dualspike.golden.online.neuron import LifNeuron
from dualspike.golden.online.rules.backpropagation import SpatialBackpropagation
from dualspike.golden.online.rules.noise import Distribution, Noise, decayed
from dualspike.golden.online.rules.pseudo_zeroth_order import PseudoZerothOrder
from dualspike.golden.online.rules.rule import Rule, Step
from dualspike.golden.online.rules.single_point import SinglePoint
from dualspike.golden.online.rules.two_point import TwoPoint
from dualspike.golden.online.traces import repeated, train_pass
from dualspike.model.errors import BadInput
from tests.golden.chance import bound, z_scores
from tests.refusals import refusal


class Smooth(LifNeuron):
    """Sends sigmoid(U - threshold), whose derivative the slope is."""

    def charge(self, membrane: Floats, spikes: Floats, current: Floats) -> tuple[Floats, Floats]:
        reached = self.leak * (membrane - self.threshold * spikes) + current
        return reached, 1 / (1 + np.exp(-(reached - self.threshold) / self.width))


class Straight(LifNeuron):
    """Sends U - threshold."""

    def charge(self, membrane: Floats, spikes: Floats, current: Floats) -> tuple[Floats, Floats]:
        reached = self.leak * (membrane - self.threshold * spikes) + current
        return reached, reached - self.threshold

    def slope(self, membrane: Floats) -> Floats:
        return np.ones_like(membrane)


def hidden_part(network: OnlineNetwork, gradient: Floats) -> Floats:
    return gradient[: -(network.layers[-2] + 1) * network.layers[-1]]


def variance(
    network: OnlineNetwork, rule: Rule, frames: Floats, labels: NDArray[np.int64]
) -> float:
    """Of a hidden parameter's gradient in the mean, one sample a batch."""
    rows = [
        train_pass(network, rule, MixedLoss(), frames[:, [i]], labels[[i]]).gradient
        for i in range(len(labels))
    ]
    return float(np.array([hidden_part(network, g) for g in rows]).var(axis=0).mean())


@pytest.mark.parametrize("distribution", ["gaussian", "rademacher"])
@pytest.mark.parametrize(("rule", "alpha"), [(SinglePoint, 0.02), (TwoPoint, 0.002)])
def test_unbiased_on_a_smooth_network(
    rule: Callable[[Noise], Rule], alpha: float, distribution: Distribution
) -> None:
    """Neurons send sigmoid(U - threshold), so that the slope is their derivative."""
    rng = np.random.default_rng(7)
    network = perceptron([3, 4, 3, 2], rng, Smooth())
    x, labels = rng.uniform(0, 2, (2, 3)), np.array([0, 1])
    many = np.tile(x, (500, 1))
    noise = Noise(rng, alpha, distribution, antithetic=False)

    def gradient(rule: Rule, x: Floats, labels: NDArray[np.int64]) -> Floats:
        found = train_pass(network, rule, MixedLoss(), repeated(x, 2), labels)
        return hidden_part(network, found.gradient)

    truth = gradient(SpatialBackpropagation(), x, labels)
    found = np.array([gradient(rule(noise), many, np.tile(labels, 500)) for _ in range(200)])
    assert np.abs(z_scores(found, truth)).max() < bound(truth.size)
    if rule is TwoPoint:  # precise enough to see a wrong factor
        assert np.abs(z_scores(found, 1.1 * truth)).max() > 3 * bound(truth.size)


@pytest.mark.parametrize("position", ["after", "before"])
@pytest.mark.parametrize("distribution", ["gaussian", "rademacher"])
def test_feedback_becomes_the_jacobian_transposed(
    distribution: Distribution, position: Position
) -> None:
    """In a linear network without leak: do/dS_2 = W_3 and do/dS_1 = W_3 W_2 for every sample."""
    rng = np.random.default_rng(5)
    network = perceptron([3, 4, 5, 2], rng, Straight(leak=0))
    _, W2, W3 = network.weights
    truth = np.concatenate([(W3 @ W2).T.ravel(), W3.T.ravel()])
    frames, labels = rng.uniform(-1, 1, (2, 400, 3)), rng.integers(0, 2, 400)
    noise = Noise(rng, 0.5, distribution, position)
    seen: list[Floats] = []
    errors: list[float] = []
    for momentum in (0.5, 0.99):
        rule = PseudoZerothOrder(network, noise, momentum, divided=True)
        for _ in range(400):
            train_pass(network, rule, MixedLoss(), frames, labels)
            if momentum == 0.5:
                seen.append(np.concatenate([M.ravel() for M in rule.matrices]))
        final = np.concatenate([M.ravel() for M in rule.matrices])
        errors.append(float(np.linalg.norm(final - truth) / np.linalg.norm(truth)))
    # Every tenth matrix: what they share with the one before is a share of 2^-20.
    assert np.abs(z_scores(np.array(seen)[10::10], truth)).max() < bound(truth.size)
    assert errors[1] < 0.4 * errors[0]
    assert errors[1] < 0.05


def test_variance_has_the_published_order() -> None:
    """Per entry: single point at least d times BP, OPZO near BP, two points between.

    Xiao et al., OPZO, Prop. 4.2; d = 16 perturbed nodes, one sample a batch.
    """
    rng = np.random.default_rng(11)
    network = perceptron([4, 8, 8, 3], rng, Smooth())
    x, labels = rng.uniform(0, 2, (500, 4)), rng.integers(0, 3, 500)
    noise = Noise(rng, 0.1, antithetic=False)
    opzo = PseudoZerothOrder(network, noise, 0.99, divided=True)
    for _ in range(500):
        train_pass(network, opzo, MixedLoss(), repeated(x, 2), labels)

    frozen = PseudoZerothOrder(network, noise, 0.999999, divided=True)
    frozen.matrices = opzo.matrices
    variances: list[float] = []
    for rule in (SpatialBackpropagation(), frozen, TwoPoint(noise), SinglePoint(noise)):
        variances.append(variance(network, rule, repeated(x, 2), labels))
    bp, pseudo, two, single = variances
    assert pseudo < 2 * bp
    assert two > 2 * bp
    assert single > 16 * two
    assert single > 16 * bp


def exact_variance(network: OnlineNetwork, x: Floats, alpha: float, gaussian: bool) -> Floats:
    """Of every entry of (L(alpha n) / alpha) n for the squared distance of a linear network from 1.

    L(alpha n) = c + alpha g n + alpha^2 n Q n, so that the entry is n_i (A + g n + alpha n Q n)
    with A = c / alpha, of mean g_i. By Isserlis' theorem for gaussian noise; for signs n_i^2 = 1.
    """
    _, W2, W3 = network.weights
    jacobian = np.hstack([W3 @ W2, W3])
    rest = network.step(network.rest(1), x).output[0] - 1
    A, g = np.square(rest).mean() / alpha, 2 * jacobian.T @ rest / len(rest)
    Q = alpha * jacobian.T @ jacobian / len(rest)
    trace, diagonal, squares = np.trace(Q), np.diag(Q), Q @ Q
    if gaussian:
        quartic = trace**2 + 2 * np.trace(squares)
        quartic += 4 * trace * diagonal + 8 * np.diag(squares)
        cross = 2 * A * (trace + 2 * diagonal)
        return A**2 + g @ g + 2 * g**2 + quartic + cross - g**2
    mixed = 2 * (np.square(Q).sum() - np.square(diagonal).sum())
    return (A + trace) ** 2 + g @ g + mixed - g**2


@pytest.mark.parametrize("alpha", [0.05, 1.0])
@pytest.mark.parametrize("distribution", ["gaussian", "rademacher"])
def test_variance_of_a_single_point_is_the_formula(
    distribution: Distribution, alpha: float
) -> None:
    """Every node's, in a linear network; and at least d times that of the gradient, Prop. 4.2.

    BP's gradient has, for inputs that vary, a second moment of at least its variance; a single
    point has at least the sum of d such moments, which `exact_variance` shows as g g.
    """
    rng = np.random.default_rng(13)
    network = perceptron([3, 6, 7, 2], rng, Straight(leak=0))
    one = rng.uniform(-1, 1, (1, 3))
    many, target = np.tile(one, (40_000, 1)), np.ones((40_000, 2))
    noise = Noise(rng, alpha, distribution, antithetic=False)
    injection = noise.draw(network, 0, len(many))
    state = network.step(network.rest(len(many)), many, injection)
    loss, error = SquaredLoss()(state.output, target)

    def judge(output: Floats) -> tuple[Floats, Floats]:
        return SquaredLoss()(output, target)

    def replay(_: Injection) -> Floats:
        raise AssertionError("one point is enough")

    slopes = [np.ones_like(U) for U in state.membranes]
    spikes = state.spikes
    step = Step(network, spikes, spikes, slopes, state.output, error, loss, judge, replay)
    found = np.hstack(SinglePoint(noise).signals(step))
    exact = exact_variance(network, one, alpha, distribution == "gaussian")
    squares = np.square(found - found.mean(axis=0))
    z = z_scores(squares, exact)
    assert np.abs(z).max() < bound(4 * exact.size)
    assert np.abs(z_scores(squares, 1.1 * exact)).max() > bound(4 * exact.size)


@pytest.mark.parametrize("width", [4, 16])
def test_a_single_point_varies_d_times_as_much(width: int) -> None:
    """Prop. 4.2 on spiking neurons, averaged over entries and over samples, one a batch."""
    rng = np.random.default_rng(17)
    network = perceptron([4, width, width, 3], rng)
    x, labels = rng.uniform(0, 2, (1500, 4)), rng.integers(0, 3, 1500)
    variances: list[float] = []
    for rule in (SpatialBackpropagation(), SinglePoint(Noise(rng, 1.0, antithetic=False))):
        variances.append(variance(network, rule, repeated(x, 1), labels))
    assert variances[1] > 2 * width * variances[0]


def test_odd_steps_turn_the_noise() -> None:
    network = perceptron([1, 3, 2, 1], np.random.default_rng(0))
    noise = Noise(np.random.default_rng(1), 0.5, "rademacher", "before")
    drawn = [noise.draw(network, step, 4) for step in range(4)]
    assert [n.shape for n in drawn[0].values] == [(4, 3), (4, 2)]
    for even, odd in ((0, 1), (2, 3)):
        for a, b in zip(drawn[even].values, drawn[odd].values, strict=True):
            np.testing.assert_array_equal(a, -b)
            assert set(np.abs(a).ravel()) == {0.5}
    assert any((a != b).any() for a, b in zip(drawn[0].values, drawn[2].values, strict=True))
    assert [decayed(0.2, 0.1, p) for p in (0, 0.5, 1)] == pytest.approx([0.2, 0.15, 0.1])


def test_where_the_noise_goes() -> None:
    """Noise on spikes changes the next layer's input; in the current it stays in the membrane."""
    network = perceptron([1, 1, 1], np.random.default_rng(0))
    network.theta[:] = [1, 0, 2, 0]
    rest, x = network.rest(1), np.array([[0.75]])
    found: dict[Position, Any] = {}
    for position in ("after", "before"):
        noise = Noise(np.random.default_rng(1), 0.5, "rademacher", position)
        injection = noise.draw(network, 0, 1)
        n = injection.values[0].item()
        found[position] = (n, network.step(rest, x, injection))
    n, after = found["after"]
    assert (after.membranes[0].item(), after.spikes[0].item()) == (0.75, 0)
    assert after.output.item() == 2 * n
    n, before = found["before"]
    assert before.membranes[0].item() == 0.75 + n
    assert before.output.item() == 2 * (0.75 + n >= 1)


def test_bad_settings() -> None:
    rng = np.random.default_rng(0)
    assert refusal(Noise, rng, 0) == "alpha must be in (0, inf), not 0"
    network = perceptron([1, 1, 1], rng)
    line = "momentum must be in [0, 1), not 1"
    assert refusal(PseudoZerothOrder, network, Noise(rng, 1), 1) == line
    with pytest.raises(BadInput, match=r"^layers must be three .* from 1 up, not \[2, 3\]$"):
        perceptron([2, 3], rng)
    assert refusal(LifNeuron, leak=1.5) == "leak must be in [0, 1], not 1.5"
    assert refusal(LifNeuron, threshold=0) == "threshold must be in (0, inf), not 0"
    assert refusal(MixedLoss, 2) == "share must be in [0, 1], not 2"
