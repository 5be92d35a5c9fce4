"""Input codings against their definitions."""

from statistics import NormalDist

import numpy as np
import pytest

from dualspike.golden.float.coding import encode
from dualspike.model.description.network import Network
from tests.refusals import refusal

DIRECT, BERNOULLI, RATE = (
    Network(layers=[1, 1, 1], time_steps=16, coding=coding)
    for coding in ("direct", "bernoulli", "rate")
)


def test_direct_is_constant() -> None:
    x = np.array([[0.5, -3.0]])
    fed = encode(x, DIRECT, None)
    assert fed.shape == (1, 1, 2)
    assert fed.tolist() == [x.tolist()]


def test_rate_spikes_are_evenly_spaced() -> None:
    x = np.array([[0.25, -0.5, 1.0, 0.0, -1.0, 0.3]])
    spikes = encode(x, RATE, None)[:, 0]
    assert spikes[:, 0].tolist() == [0, 0, 0, 1] * 4
    assert spikes[:, 1].tolist() == [0, -1] * 8
    assert (spikes[:, 2] == 1).all()
    assert (spikes[:, 3] == 0).all()
    assert (spikes[:, 4] == -1).all()
    # 0.3, 0.6, 0.9, 1.2 | ... crosses an integer at steps 4, 7, 10, 14.
    assert np.flatnonzero(spikes[:, 5]).tolist() == [3, 6, 9, 13]


def test_rate_counts() -> None:
    """floor(T |x|) spikes, so the mean is within 1 / T of x; all x are multiples of 2^-6."""
    x = np.arange(-64, 65)[:, None] / 64
    spikes = encode(x, RATE, None)
    count = np.sign(x) * np.floor(16 * np.abs(x))
    assert (spikes.sum(axis=0) == count).all()
    assert np.abs(spikes.mean(axis=0) - x).max() < 1 / 16


def test_bernoulli_spikes_have_the_input_as_their_mean() -> None:
    x = np.repeat(np.array([[-1.0, -0.7, -0.1, 0.0, 0.2, 0.5, 1.0]]), 2000, axis=0)
    spikes = encode(x, BERNOULLI, np.random.default_rng(3))
    assert set(np.unique(spikes)) == {-1.0, 0.0, 1.0}
    for column, p in enumerate(x[0]):
        drawn = spikes[..., column]
        assert (np.sign(drawn[drawn != 0]) == np.sign(p)).all()
        fired, deviation = np.abs(drawn).mean(), np.sqrt(abs(p) * (1 - abs(p)) / drawn.size)
        assert abs(fired - abs(p)) <= NormalDist().inv_cdf(1 - 1e-4) * deviation


def test_bernoulli_steps_are_independent() -> None:
    """Correlation of neighbouring steps, neighbouring samples and neighbouring inputs."""
    x = np.full((200, 30), 0.5)
    spikes = encode(x, BERNOULLI, np.random.default_rng(4)) - 0.5
    for axis in range(3):
        first, second = np.split(spikes, [1], axis)[1], np.split(spikes, [-1], axis)[0]
        products = 4 * first * second
        assert abs(products.mean()) < 4 / np.sqrt(products.size)


def test_types_are_kept() -> None:
    x = np.array([[0.5]], np.float32)
    for network in (DIRECT, BERNOULLI, RATE):
        assert encode(x, network, np.random.default_rng(1)).dtype == np.float32


@pytest.mark.parametrize("network", [BERNOULLI, RATE])
@pytest.mark.parametrize(("x", "came"), [(1.25, "1.25"), (-2.0, "-2"), (np.nan, "nan")])
def test_inputs_outside_the_range(network: Network, x: float, came: str) -> None:
    assert refusal(encode, np.array([[0.5, x]]), network, np.random.default_rng(1)) == (
        f"inputs must be in [-1, 1] for coding {network.coding}, not {came}"
    )


def test_bernoulli_without_a_generator() -> None:
    line = "rng must be given for coding bernoulli, not None"
    assert refusal(encode, np.zeros((1, 1)), BERNOULLI, None) == line
