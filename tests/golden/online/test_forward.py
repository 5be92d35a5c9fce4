"""Forward by neurons: without bias against spatial back-propagation, its variance as predicted."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from dualspike.golden.experiments.opzo.forward import measured, predicted
from dualspike.golden.numeric import Floats
from dualspike.golden.online.convolution import Shape, convolutional
from dualspike.golden.online.dense import perceptron
from dualspike.golden.online.loss import MixedLoss, SquaredLoss, StepLoss
from dualspike.golden.online.network import OnlineNetwork
from dualspike.golden.online.neuron import LifNeuron
from dualspike.golden.online.rules.backpropagation import SpatialBackpropagation
from dualspike.golden.online.rules.forward import ForwardByNeurons
from dualspike.golden.online.rules.forward_direct_feedback import ForwardDirectFeedback
from dualspike.golden.online.rules.lanes import Lanes
from dualspike.golden.online.traces import repeated, train_pass
from tests.golden.chance import bound, z_scores
from tests.refusals import refusal


class Rectangle(LifNeuron):
    """A gate: 1 / (2 width) closer to the threshold than ``width``, else 0."""

    def slope(self, membrane: Floats) -> Floats:
        near = np.abs(membrane - self.threshold) < self.width
        return near / (2 * self.width)


class Linear(LifNeuron):
    """Sends U - threshold."""

    def charge(self, membrane: Floats, spikes: Floats, current: Floats) -> tuple[Floats, Floats]:
        reached = self.leak * (membrane - self.threshold * spikes) + current
        return reached, reached - self.threshold

    def slope(self, membrane: Floats) -> Floats:
        return np.ones_like(membrane)


def lively(network: OnlineNetwork) -> OnlineNetwork:
    network.theta += 0.3 * np.random.default_rng(9).standard_normal(network.theta.shape)
    return network


def dense(*layers: int, neuron: LifNeuron | None = None) -> OnlineNetwork:
    return lively(perceptron(list(layers), np.random.default_rng(3), neuron))


def convolved() -> OnlineNetwork:
    return lively(convolutional(Shape(4, 4, 1), [2, 2], 2, np.random.default_rng(4)))


def given(network: OnlineNetwork, batch: int, steps: int, coding: str) -> tuple[Floats, Any]:
    """Frames that are the same at every step, or that are not; and labels."""
    rng = np.random.default_rng(5)
    labels = rng.integers(0, network.layers[-1], batch)
    if coding == "constant":
        return repeated(rng.uniform(0, 2, (batch, network.layers[0])), steps), labels
    return rng.integers(0, 2, (steps, batch, network.layers[0])).astype(float), labels


NETWORKS: dict[str, Callable[[], OnlineNetwork]] = {
    "sigmoid": lambda: dense(4, 6, 5, 3),
    "rectangle": lambda: dense(4, 6, 5, 3, neuron=Rectangle(0.8, 0.7, 1.5)),
    "three hidden layers": lambda: dense(3, 5, 4, 6, 2, neuron=LifNeuron(1.0, 0.6)),
    "convolutions": convolved,
}


@pytest.mark.parametrize(
    ("name", "lanes", "coding"),
    [
        ("sigmoid", 1, "constant"),
        ("sigmoid", 3, "frames"),
        ("rectangle", 1, "frames"),
        ("rectangle", 3, "constant"),
        ("three hidden layers", 1, "constant"),
        ("three hidden layers", 2, "frames"),
        ("convolutions", 2, "frames"),
    ],
)
def test_without_bias_against_the_spatial_gradient(name: str, lanes: int, coding: str) -> None:
    """Every parameter of every hidden layer, spikes and traces in time included."""
    network = NETWORKS[name]()
    frames, labels = given(network, 3, 4, coding)
    rng = np.random.default_rng(6)
    many, repeats = np.repeat(frames, 60, axis=1), np.repeat(labels, 60)
    if coding == "constant":
        many = repeated(many[0], len(frames))
    truth = train_pass(network, SpatialBackpropagation(), MixedLoss(), frames, labels)
    rows = [
        train_pass(network, ForwardByNeurons(rng, lanes), MixedLoss(), many, repeats).gradient
        for _ in range(120)
    ]
    readout = network.synapses[-1].size
    found, exact = np.array(rows), truth.gradient
    np.testing.assert_allclose(
        found[:, -readout:], np.tile(exact[-readout:], (120, 1)), rtol=1e-10, atol=1e-14
    )
    drawn = found.std(axis=0) > 1e-12
    drawn[-readout:] = False
    assert drawn.sum() > (exact.size - readout) / 2
    assert np.abs(exact[:-readout][~drawn[:-readout]]).max(initial=0) < 1e-10
    z = z_scores(found[:, drawn], exact[drawn])
    assert np.abs(z).max() < bound(exact.size)
    wrong = z_scores(found[:, drawn], 1.5 * exact[drawn])
    assert np.abs(wrong).max() > 2 * bound(exact.size)


@pytest.mark.parametrize(
    ("width", "lanes", "steps", "loss"),
    [
        (4, 1, 3, MixedLoss()),
        (16, 1, 3, SquaredLoss()),
        (4, 5, 3, SquaredLoss()),
        (4, 1, 9, MixedLoss()),
    ],
)
def test_variance_is_the_formula(width: int, lanes: int, steps: int, loss: StepLoss) -> None:
    """Over all entries, by neurons, lanes and steps."""
    network = dense(3, width, width, 2)
    frames, target = given(network, 5, steps, "constant")
    if isinstance(loss, SquaredLoss):
        target = np.random.default_rng(8).uniform(-1, 1, (5, 2))
    exact, variance = predicted(network, loss, frames, target)
    rule = ForwardByNeurons(np.random.default_rng(7), lanes)
    found = measured(network, rule, loss, frames, target, 600)
    squares = np.square(found - exact).sum(axis=1)[:, None]
    assert np.abs(z_scores(squares, np.array([variance / lanes]))) < bound(8)
    assert np.abs(z_scores(squares, np.array([1.3 * variance / lanes]))) > bound(8)


def test_signs_are_fresh_in_every_step_and_for_every_sample() -> None:
    network = dense(2, 4, 3, 1)
    lanes = Lanes(2, np.random.default_rng(1))
    first, second = (lanes.draw(network, 5) for _ in range(2))
    assert [v.shape for v in first] == [(2, 5, 4), (2, 5, 3)]
    assert {float(s) for v in first for s in np.unique(v)} == {-1.0, 1.0}
    for a, b in zip(first, second, strict=True):
        assert (a != b).any() and (a[:, 0] != a[:, 1]).any() and (a[0] != a[1]).any()


def test_a_neuron_without_slope_has_no_signal_and_moves_nothing() -> None:
    """All gates of the second layer shut: the first layer cannot reach the output."""
    network = dense(2, 4, 3, 1, neuron=Rectangle(0.5, 1.0, 0.25))
    weights, biases = network.views(network.theta)
    weights[1][:], biases[1][:] = 0, -9
    frames, labels = given(network, 6, 3, "constant")
    rule = ForwardByNeurons(np.random.default_rng(2), 2)
    loss = SquaredLoss()
    found = train_pass(network, rule, loss, frames, np.zeros((len(labels), 1)))
    assert (found.gradient[: -network.synapses[-1].size] == 0).all()


def test_matrices_become_the_jacobian_transposed() -> None:
    """In a linear network without leak: do/dS_2 = W_3 and do/dS_1 = W_3 W_2 for every sample."""
    rng = np.random.default_rng(5)
    network = perceptron([3, 4, 5, 2], rng, Linear(leak=0))
    _, W2, W3 = network.weights
    truth = np.concatenate([(W3 @ W2).T.ravel(), W3.T.ravel()])
    frames, labels = rng.uniform(-1, 1, (2, 50, 3)), rng.integers(0, 2, 50)
    off: list[float] = []
    for momentum, lanes in ((0.5, 1), (0.99, 1), (0.5, 16)):
        rule = ForwardDirectFeedback(network, rng, momentum, lanes)
        seen: list[Floats] = []
        for _ in range(400):
            train_pass(network, rule, MixedLoss(), frames, labels)
            seen.append(np.concatenate([M.ravel() for M in rule.matrices]))
        # Every tenth matrix: what they share with the one before is a share of 2^-20.
        if momentum == 0.5:
            assert np.abs(z_scores(np.array(seen)[10::10], truth)).max() < bound(truth.size)
        off.append(float(np.linalg.norm(seen[-1] - truth) / np.linalg.norm(truth)))
    assert off[1] < 0.5 * off[0] and off[2] < 0.5 * off[0]


def test_its_signal_is_the_matrices_times_the_error() -> None:
    """With what a step has taught, as OPZO; the readout's own part is back-propagation's."""
    network = dense(3, 5, 2)
    frames, labels = given(network, 4, 1, "constant")
    rule = ForwardDirectFeedback(network, np.random.default_rng(1), 0.5)
    found = train_pass(network, rule, MixedLoss(), frames, labels).gradient
    state = network.step(network.rest(4), frames[0])
    error = MixedLoss()(state.output, labels)[1]
    delta = network.neuron.slope(state.membranes[0]) * (error @ rule.matrices[0].T)
    np.testing.assert_allclose(network.views(found)[0][0], delta.T @ frames[0] / 4, rtol=1e-12)
    assert np.abs(rule.matrices[0]).max() > 0


def test_bad_settings() -> None:
    rng = np.random.default_rng(0)
    network = perceptron([1, 1, 1], rng)
    assert refusal(ForwardByNeurons, rng, 0) == "lanes must be in [1, 65536], not 0"
    line = "momentum must be in [0, 1), not 1"
    assert refusal(ForwardDirectFeedback, network, rng, 1) == line
