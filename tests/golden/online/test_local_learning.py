"""Local readouts: what they add to other rules, and how they learn."""

import numpy as np

from dualspike.golden.numeric import Floats
from dualspike.golden.online.dense import perceptron
from dualspike.golden.online.loss import MixedLoss
from dualspike.golden.online.network import OnlineNetwork
from dualspike.golden.online.rules.backpropagation import SpatialBackpropagation
from dualspike.golden.online.rules.local_learning import LocalLearning, Readout
from dualspike.golden.online.rules.noise import Noise
from dualspike.golden.online.rules.pseudo_zeroth_order import IntermediateGlobal, PseudoZerothOrder
from dualspike.golden.online.rules.rule import Rule
from dualspike.golden.online.traces import repeated, train_pass
from tests.refusals import refusal


def problem() -> tuple[OnlineNetwork, Floats, np.ndarray[tuple[int], np.dtype[np.int64]]]:
    rng = np.random.default_rng(6)
    network = perceptron([3, 5, 4, 6, 2], rng)
    network.theta *= 2
    for b in network.biases[:3]:
        b += 0.7
    return network, repeated(rng.uniform(0, 2, (7, 3)), 3), rng.integers(0, 2, 7)


def gradient(rule: Rule) -> Floats:
    network, frames, labels = problem()
    return train_pass(network, rule, MixedLoss(), frames, labels).gradient


def test_local_losses_add_up() -> None:
    """A readout at layer l is back-propagation in the network cut off after layer l, once."""
    network, frames, labels = problem()
    rng = np.random.default_rng(1)
    none = LocalLearning(network, SpatialBackpropagation(), rng, 0, 0)
    plain = gradient(SpatialBackpropagation())
    np.testing.assert_array_equal(gradient(none), plain)
    rule = LocalLearning(network, SpatialBackpropagation(), rng, 0.3, 0)
    extra = network.views(gradient(rule) - plain)[0]
    cut = perceptron([3, 5, 2], rng)
    cut.weights[0][:] = network.weights[0]
    cut.biases[0][:] = network.biases[0]
    cut.weights[1][:] = rule.readouts[0].weights
    alone = train_pass(cut, SpatialBackpropagation(), MixedLoss(), frames, labels).gradient
    np.testing.assert_allclose(extra[0], 0.3 * cut.views(alone)[0][0], rtol=1e-9, atol=1e-14)
    assert np.abs(extra[0]).max() > 1e-4
    np.testing.assert_array_equal(extra[3], 0)


def test_readouts_descend_their_loss() -> None:
    network, frames, labels = problem()
    rng = np.random.default_rng(1)
    rule = LocalLearning(network, SpatialBackpropagation(), rng, 0.3, 0.1)
    cut = perceptron([3, 5, 2], rng)
    cut.weights[0][:] = network.weights[0]
    cut.biases[0][:] = network.biases[0]
    cut.weights[1][:] = start = rule.readouts[0].weights.copy()
    found = train_pass(cut, SpatialBackpropagation(), MixedLoss(), frames[:1], labels).gradient
    train_pass(network, rule, MixedLoss(), frames[:1], labels)
    moved = rule.readouts[0].weights - start
    np.testing.assert_allclose(moved, -0.1 * cut.views(found)[0][1], rtol=1e-9, atol=1e-14)
    assert np.abs(moved).max() > 0


def test_intermediate_feedback_is_that_of_the_network_cut_off_in_the_middle() -> None:
    """With one seed of noise the lower matrices are OPZO's own in the network of two layers."""
    network, frames, labels = problem()
    rng = np.random.default_rng(1)
    noise = Noise(np.random.default_rng(2), 0.5, position="before")
    rule = IntermediateGlobal(network, noise, 0.9, rng, middle=2, scale=1, rate=0, divided=True)
    x = frames[:1]
    train_pass(network, rule, MixedLoss(), x, labels)
    injection = noise.injection(1)
    state = network.step(network.rest(7), x[0], injection)
    r = state.spikes[1] @ rule.readout.weights.T
    assert np.abs(r).max() > 0
    expected = 0.1 / 7 * (noise.values[0].T @ r) / 0.5
    assert [m.shape for m in rule.lower] == [(5, 2)]
    np.testing.assert_allclose(rule.lower[0], expected, rtol=1e-12)


def test_intermediate_learning_leaves_the_layers_above_alone() -> None:
    network, _, _ = problem()
    rng = np.random.default_rng(1)
    rules: list[Rule] = [
        PseudoZerothOrder(network, Noise(np.random.default_rng(2), 0.5), 0.9),
        IntermediateGlobal(
            network,
            Noise(np.random.default_rng(2), 0.5),
            0.9,
            rng,
            middle=2,
            scale=1,
            rate=0,
        ),
    ]
    plain, extra = (network.views(gradient(rule))[0] for rule in rules)
    assert np.abs(extra[0] - plain[0]).max() > 1e-4
    assert np.abs(extra[1] - plain[1]).max() > 1e-4
    np.testing.assert_array_equal(extra[2], plain[2])


def test_bad_settings() -> None:
    network, _, _ = problem()
    rng = np.random.default_rng(0)
    line = "scale must be in [0, inf), not -1"
    assert refusal(LocalLearning, network, SpatialBackpropagation(), rng, -1, 0) == line
    assert refusal(Readout, network, 0, -1, rng) == "rate must be in [0, inf), not -1"
    given = (network, Noise(rng, 1), 0.9, rng)
    line = "middle must be in [1, 3), not 3"
    assert refusal(IntermediateGlobal, *given, middle=3, scale=1, rate=0) == line
