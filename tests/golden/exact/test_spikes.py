"""The simulation against closed forms, against the equation itself, and against a fine grid."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dualspike.golden.exact.circuit import Circuit, layered
from dualspike.golden.exact.spikes import Spikes, simulate
from dualspike.golden.numeric import Doubles
from tests.refusals import refusal


def single(w: float, alpha: float, beta: float, until: float, theta: float = 1.0) -> Spikes:
    circuit = Circuit(1, 1, [0], [1], synapse=alpha, membrane=beta, threshold=theta)
    return simulate(circuit, [w], [0.0], [0], until=until)


def test_one_neuron_fires_at_the_roots_of_a_quadratic() -> None:
    # beta = 2 alpha, alpha = 1: with x = exp(-t), V = w x - (w + theta R) x^2, where R sums
    # exp(2 f) over the spikes so far: each spike is the larger root x of V = theta.
    w, theta = 60.0, 1.3
    expected: list[float] = []
    resets = 0.0
    while True:
        square = w + theta * resets
        inner = w * w - 4 * square * theta
        if inner <= 0:
            break
        expected.append(-np.log((w + np.sqrt(inner)) / (2 * square)))
        resets += np.exp(2 * expected[-1])
    assert len(expected) > 10
    found = single(w, 1.0, 2.0, 50.0, theta)
    np.testing.assert_allclose(found.times[1:], expected, rtol=1e-13)
    x = np.exp(-np.array(expected))
    sums = np.concatenate([[0], np.cumsum(x**-2)[:-1]])
    np.testing.assert_allclose(found.slopes[1:], 2 * (w + theta * sums) * x**2 - w * x, rtol=1e-11)


def test_one_neuron_with_the_slower_membrane() -> None:
    # alpha = 2, beta = 1: V = w (x - x^2) for the first spike.
    found = single(5.0, 2.0, 1.0, 9.0)
    assert found.times[1] == pytest.approx(-np.log((1 + np.sqrt(0.2)) / 2), rel=1e-15)


def test_one_neuron_with_equal_rates() -> None:
    # V = w t exp(-t): t = theta exp(t) / w, a contraction there.
    t = 0.0
    for _ in range(200):
        t = np.exp(t) / 6.0
    assert single(6.0, 1.0, 1.0, 9.0).times[1] == pytest.approx(t, rel=1e-14)
    near = single(6.0, 1.0, 1.0 + 1e-12, 9.0).times
    np.testing.assert_allclose(near, single(6.0, 1.0, 1.0, 9.0).times, rtol=1e-11)


def network(seed: int) -> tuple[Circuit, Doubles, Doubles, NDArray[np.int64]]:
    rng = np.random.default_rng(seed)
    joined = rng.random((14, 10)) < 0.4
    joined[np.arange(4, 14), np.arange(10)] = False
    source, target = np.nonzero(joined)
    circuit = Circuit(
        4,
        10,
        source,
        target + 4,
        synapse=rng.choice([0.7, 1.0, 3.0], 14),
        membrane=rng.choice([0.4, 0.7, 1.5], 10),
        threshold=rng.uniform(0.7, 1.2, 10),
    )
    weights = rng.normal(-0.05, 0.4, len(source))
    weights[source < 4] = np.abs(weights[source < 4]) + 0.6
    return circuit, weights, rng.uniform(0, 9, 40), rng.integers(0, 4, 40)


def kernel(alpha: Any, beta: Any, s: Doubles) -> Doubles:
    s = np.maximum(s, 0)
    gap = np.where(alpha == beta, 1.0, beta - alpha)
    apart = (np.exp(-alpha * s) - np.exp(-beta * s)) / gap
    return np.where(alpha == beta, s * np.exp(-alpha * s), apart)


def potentials(spikes: Spikes, unit: int, t: Doubles) -> Doubles:
    """V at times t just before whatever happens there, straight from the equation."""
    circuit = spikes.circuit
    j = unit - circuit.n_in
    edge = circuit.connection[spikes.units, unit]
    feeds = edge >= 0
    after = t[:, None] - spikes.times[feeds]
    alpha = circuit.synapse[spikes.units[feeds]]
    v = kernel(alpha, circuit.membrane[j], after) @ spikes.weights[edge[feeds]]
    after = t[:, None] - spikes.times[spikes.of(unit)]
    reset = np.where(after > 0, np.exp(-circuit.membrane[j] * np.maximum(after, 0)), 0)
    return v - circuit.threshold[j] * reset.sum(axis=1)


@pytest.mark.parametrize("seed", range(4))
def test_neurons_fire_where_the_equation_says_and_nowhere_else(seed: int) -> None:
    circuit, weights, times, sources = network(seed)
    spikes = simulate(circuit, weights, times, sources, until=12.0)
    assert np.count_nonzero(spikes.given < 0) > 60
    assert np.all(np.diff(spikes.times) >= 0)
    assert spikes.slopes[spikes.given < 0].min() > 0
    dense = np.linspace(0, 12, 3000)
    for unit in range(4, 14):
        theta = circuit.threshold[unit - 4]
        own = spikes.times[spikes.of(unit)]
        np.testing.assert_allclose(potentials(spikes, unit, own), theta, rtol=1e-12)
        assert potentials(spikes, unit, dense).max() < theta


def test_a_fine_grid_comes_to_the_same_spikes() -> None:
    # States advance by Runge's midpoint rule, spikes fall on the grid: first order in the step.
    circuit, weights, times, sources = network(1)
    times, sources = times[times < 5], sources[times < 5]
    spikes = simulate(circuit, weights, times, sources, until=5.0)
    step = 2e-4
    into = np.zeros((14, 10))
    into[circuit.source, circuit.target - 4] = weights
    beta, alpha = circuit.membrane, circuit.synapse[:, None]
    current, v = np.zeros((14, 10)), np.zeros(10)
    fired: list[tuple[int, float]] = []
    given = np.round(times / step).astype(int)
    for tick in range(int(5.0 / step)):
        for i in sources[given == tick]:
            current[i] += into[i]
        half = v + step / 2 * (current.sum(axis=0) - beta * v)
        middle = current * (1 - step / 2 * alpha)
        v = v + step * (middle.sum(axis=0) - beta * half)
        current = current - step * alpha * middle
        for j in np.flatnonzero(v > circuit.threshold):
            fired.append((int(j) + 4, (tick + 1) * step))
            v[j] -= circuit.threshold[j]
            current[j + 4] += into[j + 4]
    neurons = spikes.given < 0
    assert len(fired) == np.count_nonzero(neurons) > 25
    for unit in range(4, 14):
        grid = [t for who, t in fired if who == unit]
        np.testing.assert_allclose(spikes.times[spikes.of(unit)], grid, atol=30 * step)


def test_the_order_of_inputs_does_not_matter_and_is_kept() -> None:
    circuit, weights, times, sources = network(2)
    spikes = simulate(circuit, weights, times, sources, until=12.0)
    turned = simulate(circuit, weights, times[::-1], sources[::-1], until=12.0)
    np.testing.assert_array_equal(spikes.times, turned.times)
    inputs = spikes.given >= 0
    assert spikes.n_given == 40
    np.testing.assert_array_equal(spikes.times[inputs], times[spikes.given[inputs]])
    np.testing.assert_array_equal(spikes.units[inputs], sources[spikes.given[inputs]])
    np.testing.assert_array_equal(turned.given[inputs], 39 - spikes.given[inputs])


def test_a_later_end_only_adds_spikes() -> None:
    circuit, weights, times, sources = network(3)
    kept = times < 6
    late = simulate(circuit, weights, times, sources, until=12.0)
    short = simulate(circuit, weights, times[kept], sources[kept], until=6.0)
    np.testing.assert_allclose(short.times, late.times[: len(short.times)], rtol=1e-14)
    np.testing.assert_array_equal(short.units, late.units[: len(short.times)])
    assert late.times[len(short.times)] >= 6


def test_simultaneous_spikes_do_not_feel_one_another() -> None:
    # Two like neurons fire at one time and inhibit each other: neither keeps the other from it.
    circuit = Circuit(1, 2, [0, 0, 1, 2], [1, 2, 2, 1], synapse=1.0, membrane=2.0)
    spikes = simulate(circuit, [5, 5, -90, -90], [0.0], [0], until=9.0)
    assert spikes.units.tolist() == [0, 1, 2]
    assert spikes.times[1] == spikes.times[2]


def test_first_and_nth_spikes() -> None:
    spikes = simulate(layered([1, 1, 1]), [9.0, 0.1], [0.5], [0], until=3.0)
    assert spikes.first().tolist() == [0, 1, -1]
    assert spikes.nth(1, 1) == 2
    assert refusal(spikes.nth, 2, 0) == "spike of unit 2 must be in [0, 0), not 0"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"weights": [1.0]}, "weights must be [E] with E = 2, not (1,)"),
        ({"weights": [1.0, np.inf]}, "weights must be finite, not inf"),
        ({"times": [0.5, np.nan]}, "times must be finite, not nan"),
        ({"times": [0.5, 2.0]}, "times must be in [0, 2.0), not 2.0"),
        ({"times": [-0.1, 1.0]}, "times must be in [0, 2.0), not -0.1"),
        ({"times": [0.5]}, "times and sources must be of one length, not (1,) and (2,)"),
        ({"sources": [0, 1]}, "sources must be in [0, 1), not 1"),
        ({"sources": [0, -1]}, "sources must be in [0, 1), not -1"),
        ({"until": 0}, "until must be finite and > 0, not 0"),
        ({"until": np.inf}, "until must be finite and > 0, not inf"),
        ({"limit": 0}, "limit must be at least 1, not 0"),
        ({"limit": 1}, "spikes before 2.0 must be at most 1, not more"),
        ({"weights": [90.0, 1.0], "limit": 3}, "spikes before 2.0 must be at most 3, not more"),
    ],
)
def test_bad_input(changes: dict[str, Any], message: str) -> None:
    arguments: dict[str, Any] = {
        "circuit": Circuit(1, 2, [0, 1], [1, 2]),
        "weights": [1.0, 1.0],
        "times": [0.5, 1.0],
        "sources": [0, 0],
        "until": 2.0,
    }
    assert refusal(simulate, **arguments | changes) == message
