"""The digits, their coding, and runs that learn."""

from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits  # pyright: ignore[reportMissingTypeStubs]

from dualspike.golden.data.labelled.digits import digits
from dualspike.golden.data.labelled.samples import ClassData, Labelled, held_back
from dualspike.golden.data.labelled.shape import Shape
from dualspike.golden.online.dense import perceptron
from dualspike.golden.online.rules.backpropagation import SpatialBackpropagation
from dualspike.golden.online.rules.noise import Noise
from dualspike.golden.online.rules.pseudo_zeroth_order import PseudoZerothOrder
from dualspike.golden.online.training import (
    Coding,
    TrainingConfig,
    accuracy,
    poisson_events,
    synaptic_operations,
    train,
)
from tests.refusals import refusal


def test_digits() -> None:
    found = digits()
    parts = (found.train, found.validation, found.test)
    assert [part.x.shape for part in parts] == [(1198, 64), (239, 64), (360, 64)]
    for part in parts:
        assert (part.x.min(), part.x.max(), part.unit) == (0, 1, 1)
    counts = np.bincount(np.concatenate([part.labels for part in parts]))
    # As scikit-learn's description of the set tells.
    assert counts.tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    # No image is in two parts: as many different ones as in the whole set.
    everything = np.concatenate([part.x for part in parts])
    images, _ = load_digits(return_X_y=True)
    assert len(np.unique(everything, axis=0)) == len(np.unique(images, axis=0))
    np.testing.assert_array_equal(found.train.x, digits().train.x)


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
    learned, validation = (
        part.taken(np.flatnonzero(part.labels < 3)) for part in (whole.train, whole.validation)
    )
    nothing = whole.test.taken(np.arange(0))  # a run that looked at the test would fail
    samples = ClassData(learned, validation, nothing, whole.shape, 3)
    config = TrainingConfig(epochs=8, batch=32, steps=4, rate=3e-3, coding=coding)

    def run() -> Any:
        rng = np.random.default_rng(1)
        network, noise = perceptron([64, 40, 30, 3], rng), Noise(rng, config.alpha)
        opzo = PseudoZerothOrder(network, noise, 0.99)
        rule = SpatialBackpropagation() if name == "BP" else opzo
        heard: list[int] = []
        found = train(network, rule, samples, config, rng, noise, heard.append)
        assert heard == list(range(8))
        assert noise.alpha == pytest.approx(config.last_alpha)
        return found

    found = run()
    assert found[-1].accuracy > 0.9
    assert found[-1].loss < found[0].loss
    assert found == run()


def test_synaptic_operations_count_the_fan_out() -> None:
    network = perceptron([1, 10, 20, 3], np.random.default_rng(0))
    assert synaptic_operations(network, [0.5, 0.25], 4) == [4 * 5 * 20, 4 * 5 * 3]


def test_accuracy_takes_samples_in_parts() -> None:
    """One neuron for each of two classes, which the two inputs excite; 700 samples, 100 wrong."""
    network = perceptron([2, 2, 2], np.random.default_rng(0))
    for W in network.weights:
        W[:] = np.eye(2)
    labels = np.arange(700) % 2
    part = Labelled(3 * np.eye(2)[labels], labels.copy())
    part.labels[:100] = 1 - part.labels[:100]
    found = accuracy(network, TrainingConfig(steps=2), part, np.random.default_rng(0))
    assert found == 600 / 700


def test_events_have_unit_square_and_no_sample_twice() -> None:
    counts = np.arange(7 * 2 * 8).reshape(7, 2, 8).astype(np.uint8)
    whole = Labelled(counts, np.arange(7))
    found = held_back(whole, whole, Shape(2, 2, 2), 7)
    assert (len(found.train), len(found.validation), found.events) == (6, 1, True)
    assert sorted([*found.train.labels, *found.validation.labels]) == list(range(7))
    frames = TrainingConfig(coding="events").frames(found.train, np.random.default_rng(0))
    assert frames.shape == (2, 6, 8)
    assert np.square(frames).mean() == pytest.approx(1)
    assert found.test.unit == found.validation.unit == found.train.unit
    np.testing.assert_allclose(frames[1, 0] * found.train.unit, found.train.x[0, 1])
    line = "training samples must be 6 or more, not 5"
    assert refusal(held_back, whole.taken(np.arange(5)), whole, Shape(2, 2, 2), 7) == line
