"""The digits, their coding, and runs that learn."""

from typing import Any

import numpy as np
import pytest

from dualspike.golden.online.backpropagation import SpatialBackpropagation
from dualspike.golden.online.dense import perceptron
from dualspike.golden.online.digits import Samples, digits, poisson_events
from dualspike.golden.online.noise import Noise
from dualspike.golden.online.pseudo_zeroth_order import PseudoZerothOrder
from dualspike.golden.online.training import Coding, Course, synaptic_operations, train


def test_digits() -> None:
    found = digits()
    assert found.x.shape == (1437, 64) and found.test_x.shape == (360, 64)
    for x in (found.x, found.test_x):
        assert (x.min(), x.max()) == (0, 1)
    counts = np.bincount(np.concatenate([found.labels, found.test_labels]))
    # As scikit-learn's description of the set tells.
    assert counts.tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    np.testing.assert_array_equal(found.x, digits().x)


def test_events_have_the_rate_of_the_pixel() -> None:
    x = np.array([[0, 0.25, 1]])
    events = poisson_events(x, 40_000, np.random.default_rng(1))
    assert events.shape == (40_000, 1, 3)
    assert set(np.unique(events)) == {0, 1}
    mean = events.mean(axis=0)[0]
    assert (mean[0], mean[2]) == (0, 1)
    assert abs(mean[1] - 0.25) < 3.3 * np.sqrt(0.25 * 0.75 / 40_000)


@pytest.mark.parametrize("coding", ["static", "poisson"])
@pytest.mark.parametrize("name", ["BP", "OPZO"])
def test_learns(coding: Coding, name: str) -> None:
    """Three classes in eight epochs; the same seed gives the same run."""
    whole = digits()
    kept, tested = whole.labels < 3, whole.test_labels < 3
    samples = Samples(
        whole.x[kept], whole.labels[kept], whole.test_x[tested], whole.test_labels[tested]
    )
    course = Course(epochs=8, batch=32, steps=4, rate=3e-3, coding=coding)

    def run() -> Any:
        rng = np.random.default_rng(1)
        network, noise = perceptron([64, 40, 30, 3], rng), Noise(rng, course.alpha)
        opzo = PseudoZerothOrder(network, noise, 0.99)
        rule = SpatialBackpropagation() if name == "BP" else opzo
        heard: list[int] = []
        found = train(network, rule, samples, course, rng, noise, heard.append)
        assert heard == list(range(8))
        assert noise.alpha == pytest.approx(course.last_alpha)
        return found

    found = run()
    assert found[-1].accuracy > 0.9
    assert found[-1].loss < found[0].loss
    assert found == run()


def test_synaptic_operations_count_the_fan_out() -> None:
    network = perceptron([1, 10, 20, 3], np.random.default_rng(0))
    assert synaptic_operations(network, [0.5, 0.25], 4) == [4 * 5 * 20, 4 * 5 * 3]
