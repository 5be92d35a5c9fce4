"""Direct feedback: fixed, and learned until it meets the readout's transpose."""

import numpy as np

from dualspike.golden.online.dense import perceptron
from dualspike.golden.online.loss import MixedLoss
from dualspike.golden.online.rules.direct_feedback import DirectFeedback
from dualspike.golden.online.rules.kolen_pollack import DirectKolenPollack
from dualspike.golden.online.traces import repeated, train_pass
from tests.refusals import refusal


def test_direct_feedback_uses_its_matrices_and_keeps_them() -> None:
    """With B = W^T of one hidden layer it is back-propagation; only the matrix decides."""
    rng = np.random.default_rng(2)
    network = perceptron([3, 5, 2], rng)
    frames, labels = repeated(rng.uniform(0, 2, (6, 3)), 4), rng.integers(0, 2, 6)
    rule = DirectFeedback(network, rng)
    drawn = rule.matrices[0].copy()
    assert drawn.shape == (5, 2)
    gradients = [train_pass(network, rule, MixedLoss(), frames, labels).gradient]
    np.testing.assert_array_equal(rule.matrices[0], drawn)
    rule.matrices = [2 * drawn]
    gradients.append(train_pass(network, rule, MixedLoss(), frames, labels).gradient)
    hidden = slice(0, 20)
    np.testing.assert_allclose(gradients[1][hidden], 2 * gradients[0][hidden], rtol=1e-12)
    assert np.abs(gradients[0][hidden]).max() > 0


def test_kolen_pollack_meets_the_readout() -> None:
    """The last matrix less the readout's transpose shrinks by (1 - decay) at every step, exactly.

    The readout descends by the same rate and decay, one time step at a time.
    """
    rng = np.random.default_rng(4)
    network = perceptron([3, 6, 5, 2], rng)
    rate, decay = 0.1, 0.05
    network.theta *= 3
    rule = DirectKolenPollack(network, rng, rate, decay)
    start = rule.matrices[-1] - network.weights[-1].T
    readout = slice(-12, -2)
    for update in range(40):
        x, labels = rng.uniform(0, 3, (8, 3)), rng.integers(0, 2, 8)
        found = train_pass(network, rule, MixedLoss(), repeated(x, 1), labels)
        network.theta[readout] *= 1 - decay
        network.theta[readout] -= rate * found.gradient[readout]
        gap = rule.matrices[-1] - network.weights[-1].T
        np.testing.assert_allclose(gap, start * (1 - decay) ** (update + 1), rtol=1e-8, atol=1e-12)
        assert found.rates[-1] > 0


def test_bad_settings() -> None:
    rng = np.random.default_rng(0)
    network = perceptron([1, 1, 1], rng)
    assert refusal(DirectKolenPollack, network, rng, -1, 0) == "rate must be in [0, inf), not -1"
    assert refusal(DirectKolenPollack, network, rng, 0, 2) == "decay must be in [0, 1], not 2"
