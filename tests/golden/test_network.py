"""The float network against closed forms, and its tangents against a complex step.

The oracle for tangents is the surrogate network itself, a smooth function: around an operating
point with spikes S0 and membranes U0 it is S = S0 + f(U0 - threshold) (U - U0), with S0 kept in
the reset (detached). It is evaluated sample by sample and step by step, with complex parameters;
the imaginary part over a tiny step is its ordinary derivative, without cancellation.
"""

import numpy as np
import pytest
from numpy.typing import NDArray

from dualspike.golden.network import Parameters, forward, jvp, start
from dualspike.model.description import Description, Network, Surrogate

Complex = NDArray[np.complex128]
Floats = NDArray[np.float64]

NETWORKS = [
    Network(layers=[2, 4, 3, 2], time_steps=9, threshold=0.7, surrogate=Surrogate(sigma=0.4)),
    Network(layers=[3, 5, 1], time_steps=4, threshold=1.0, surrogate=Surrogate(sigma=0.5)),
    Network(layers=[1, 3, 4, 3, 2], time_steps=7, threshold=0.5, surrogate=Surrogate(sigma=0.6)),
]
STEP = 1e-30


def lively(network: Network, seed: int) -> tuple[Parameters, Floats]:
    """Parameters and inputs with which every hidden layer spikes, but not always."""
    params = start(Description(name="net", network=network), seed)
    params = Parameters(
        tuple(2.5 * w for w in params.weights), tuple(2.5 * b for b in params.biases)
    )
    x = np.random.default_rng(seed).uniform(-1, 1, (5, network.layers[0]))
    _, trace = forward(params, x, network.time_steps, network.threshold)
    assert all(0.05 < spikes.mean() < 0.95 for spikes in trace.spikes)
    return params, x


def random_directions(params: Parameters, lanes: int, seed: int) -> Parameters:
    rng = np.random.default_rng(seed)
    return Parameters(
        tuple(rng.standard_normal((lanes, *w.shape)) for w in params.weights),
        tuple(rng.standard_normal((lanes, *b.shape)) for b in params.biases),
    )


def density(x: Floats, sigma: float) -> Floats:
    return np.exp(-0.5 * (x / sigma) ** 2) / (sigma * np.sqrt(2 * np.pi))


def slow_sample(
    params: Parameters, x: Floats, network: Network, v: Parameters, lane: int, attached: bool
) -> Complex:
    """Output of one sample plus i * STEP * its derivative along lane ``lane`` of ``v``."""
    weights = [w + 1j * STEP * d[lane] for w, d in zip(params.weights, v.weights, strict=True)]
    biases = [b + 1j * STEP * d[lane] for b, d in zip(params.biases, v.biases, strict=True)]
    membranes = [np.zeros(n, complex) for n in network.layers[1:-1]]
    total = np.zeros(network.layers[-2], complex)
    for _ in range(network.time_steps):
        spikes = x.astype(complex)
        for layer, membrane in enumerate(membranes):
            u = membrane + weights[layer] @ spikes + biases[layer]
            far = u.real - network.threshold
            fired = (far > 0).astype(float)
            spikes = fired + density(far, network.surrogate.sigma) * 1j * u.imag
            membranes[layer] = u - network.threshold * (spikes if attached else fired)
        total += spikes
    return weights[-1] @ (total / network.time_steps) + biases[-1]


def slow_jvp(
    params: Parameters, x: Floats, v: Parameters, network: Network, attached: bool = False
) -> tuple[Floats, Floats]:
    lanes = len(v.biases[0])
    out = np.array(
        [[slow_sample(params, row, network, v, k, attached) for row in x] for k in range(lanes)]
    )
    return out[0].real, out.imag / STEP


def test_start_is_documented() -> None:
    # First output of default_rng(12345).random() as printed in NumPy's documentation.
    published = 0.22733602246716966
    params = start(Description(name="net", network=Network(layers=[4, 3, 2])), 12345)
    assert params.weights[0][0, 0] == pytest.approx((2 * published - 1) / 2, rel=1e-15)

    flat = 2 * np.random.default_rng(12345).random(3 * 4 + 3 + 2 * 3 + 2) - 1
    expected = [
        flat[:12].reshape(3, 4) / np.sqrt(4),
        flat[12:15] / np.sqrt(4),
        flat[15:21].reshape(2, 3) / np.sqrt(3),
        flat[21:] / np.sqrt(3),
    ]
    got = [params.weights[0], params.biases[0], params.weights[1], params.biases[1]]
    for a, b in zip(got, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-13, atol=1e-15)


def test_copy_is_independent() -> None:
    params = start(Description(name="net", network=Network(layers=[1, 1, 1])), 1)
    copy = params.copy()
    copy.weights[0][0, 0] += 1
    copy.biases[1][0] += 1
    assert params.weights[0][0, 0] == copy.weights[0][0, 0] - 1
    assert params.biases[1][0] != copy.biases[1][0]


@pytest.mark.parametrize("steps", [1, 5, 32])
def test_spike_count_of_constant_current(steps: int) -> None:
    """Charge is kept: T z = n threshold + rest, 0 < rest <= threshold, for 0 < z <= threshold.

    So n = ceil(T z / threshold) - 1; below that no spike, above it one every step. All currents
    are multiples of 1/64, so the sums are exact, ties with the threshold included.
    """
    z = np.arange(-128, 129) / 64
    threshold = 0.75
    params = Parameters((np.ones((1, 1)), np.ones((1, 1))), (np.zeros(1), np.zeros(1)))
    y, trace = forward(params, z[:, None], steps, threshold)
    count = np.clip(np.ceil(steps * z / threshold) - 1, 0, steps)
    count[z > threshold] = steps
    assert trace.spikes[0].shape == (steps, 257, 1)
    assert (y[:, 0] * steps == count).all()


def test_trace_holds_membranes_before_the_reset() -> None:
    params = Parameters((np.ones((1, 1)), np.full((1, 1), 2.0)), (np.zeros(1), np.ones(1)))
    y, trace = forward(params, np.array([[0.75]]), 4, 1.0)
    # U: 0.75; 1.5 fires, leaves 0.5; 1.25 fires, leaves 0.25; 1.0 does not exceed the threshold.
    assert trace.distance[0].ravel().tolist() == [-0.25, 0.5, 0.25, 0.0]
    assert trace.spikes[0].ravel().tolist() == [0, 1, 1, 0]
    assert trace.rate.tolist() == [[0.5]]
    assert y.tolist() == [[2.0]]


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("seed", [1, 2])
def test_jvp_is_the_derivative_of_the_surrogate_network(network: Network, seed: int) -> None:
    params, x = lively(network, seed)
    v = random_directions(params, 3, seed)
    y, dy = jvp(params, x, v, network)
    slow_y, slow_dy = slow_jvp(params, x, v, network)
    np.testing.assert_allclose(y, slow_y, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(dy, slow_dy, rtol=1e-11, atol=1e-11)
    assert (y == forward(params, x, network.time_steps, network.threshold)[0]).all()


def test_lanes_that_start_at_different_layers() -> None:
    """Lanes in any order, each moving some layers, one moving none."""
    network = NETWORKS[0]
    params, x = lively(network, 3)
    v = random_directions(params, 6, 3)
    for lane, moved in enumerate(({2}, {0}, set[int](), {1}, {0, 2}, {1, 2})):
        for layer in {0, 1, 2} - moved:
            v.weights[layer][lane] = 0
            v.biases[layer][lane] = 0
    v.weights[2][0] = 0  # only a bias moves
    _, dy = jvp(params, x, v, network)
    np.testing.assert_allclose(dy, slow_jvp(params, x, v, network)[1], rtol=1e-11, atol=1e-11)
    assert (dy[2] == 0).all()


def test_no_lanes() -> None:
    network = NETWORKS[0]
    params, x = lively(network, 3)
    assert jvp(params, x, random_directions(params, 0, 3), network)[1].shape == (0, 5, 2)


def test_oracle_sees_a_differentiated_reset() -> None:
    network = NETWORKS[0]
    params, x = lively(network, 1)
    v = random_directions(params, 1, 1)
    detached, attached = (slow_jvp(params, x, v, network, a)[1] for a in (False, True))
    assert np.abs(detached - attached).max() > 0.1
