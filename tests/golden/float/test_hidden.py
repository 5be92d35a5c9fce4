"""The readable network against closed forms, and its derivatives against a complex step.

The oracle for derivatives is the surrogate network itself, a smooth function: around an operating
point with spikes S0 and membranes U0 it is S = S0 + f(U0 - threshold) (U - U0). It is evaluated
sample by sample and step by step, with complex parameters; the imaginary part over a tiny step is
its ordinary derivative, without cancellation.
"""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dualspike.golden.float.hidden import ReferenceHidden
from dualspike.golden.float.layout import Layout, Parameters
from dualspike.golden.float.surrogate import Slope
from dualspike.golden.numeric import Floats
from dualspike.model.description.network import Network, Surrogate
from dualspike.model.description.operator import Operator

Complex = NDArray[np.complex128]

NETWORKS = [
    Network(layers=[2, 4, 3, 2], time_steps=9, threshold=0.7, surrogate=Surrogate(sigma=0.4)),
    Network(layers=[3, 5, 1], time_steps=4, threshold=1.0, leak=0.8),
    Network(layers=[1, 3, 4, 3, 2], time_steps=7, threshold=0.5, reset="attached"),
    Network(layers=[2, 4, 3, 2], time_steps=8, threshold=0.5, reset="attached", leak=0.9),
]
STEP = 1e-30


def hidden(network: Network) -> ReferenceHidden:
    return ReferenceHidden(network, np.dtype(np.float64))


def lively(network: Network, seed: int) -> tuple[Parameters, Floats]:
    """Parameters and inputs [1, B, n_in] with which every hidden layer spikes, but not always."""
    layout = Layout(Operator(parts=[network]))
    (params,) = layout.split(2.5 * layout.start(seed))
    x = np.random.default_rng(seed).uniform(-1, 1, (1, 5, network.layers[0]))
    for layer in hidden(network).trace(params, x):
        assert 0.05 < layer.spikes.mean() < 0.95
    return params, x


def directions(network: Network, lanes: int, seed: int) -> Parameters:
    layout = Layout(Operator(parts=[network]))
    return layout.split(np.random.default_rng(seed).standard_normal((lanes, layout.size)))[0]


def slow_sample(
    params: Parameters, x: Floats, network: Network, v: Parameters, lane: int, moved: set[int]
) -> list[Complex]:
    """Rates of one sample plus i * STEP * their derivatives, layers in ``moved`` perturbed."""
    turned = [1j * STEP * (layer in moved) for layer in range(len(params.weights))]
    weights = [w + i * d[lane] for w, d, i in zip(params.weights, v.weights, turned, strict=True)]
    biases = [b + i * d[lane] for b, d, i in zip(params.biases, v.biases, turned, strict=True)]
    sigma, attached = network.surrogate.sigma, network.reset == "attached"
    membranes: list[Complex] = [np.zeros(n, complex) for n in network.layers[1:-1]]
    totals: list[Complex] = [np.zeros(n, complex) for n in network.layers[1:-1]]
    for t in range(network.time_steps):
        spikes = x[t if len(x) > 1 else 0].astype(complex)
        for layer, membrane in enumerate(membranes):
            u = network.leak * membrane + weights[layer] @ spikes + biases[layer]
            far = u.real - network.thresholds[layer]
            fired = (far > 0).astype(float)
            slope = np.exp(-0.5 * (far / sigma) ** 2) / (sigma * np.sqrt(2 * np.pi))
            spikes = fired + slope * 1j * u.imag
            membranes[layer] = u - network.thresholds[layer] * (spikes if attached else fired)
            totals[layer] += spikes
    return [np.divide(total, network.time_steps) for total in totals]


def slow_rates(
    params: Parameters, x: Floats, network: Network, v: Parameters, lane: int, moved: set[int]
) -> list[Complex]:
    samples = [slow_sample(params, x[:, b], network, v, lane, moved) for b in range(x.shape[1])]
    return [np.array(layer) for layer in zip(*samples, strict=True)]


def spike_train(current: float, steps: int, **settings: Any) -> list[float]:
    """What one neuron does with a constant current."""
    network = Network(layers=[1, 1, 1], time_steps=steps, **settings)
    params = Parameters((np.ones((1, 1)), np.ones((1, 1))), (np.zeros(1), np.zeros(1)))
    x = np.full((1, 1, 1), current)
    (layer,) = hidden(network).trace(params, x)
    assert hidden(network).rates(params, x)[0].tolist() == [[layer.spikes.mean()]]
    return layer.spikes.ravel().tolist()


@pytest.mark.parametrize("steps", [1, 5, 32])
def test_spike_count_of_constant_current(steps: int) -> None:
    """Charge is kept: T z = n threshold + rest, 0 < rest <= threshold, for 0 < z <= threshold.

    So n = ceil(T z / threshold) - 1; below that no spike, above it one every step. All currents
    are multiples of 1/64, so the sums are exact, ties with the threshold included.
    """
    z = np.arange(-128, 129) / 64
    threshold = 0.75
    count = np.clip(np.ceil(steps * z / threshold) - 1, 0, steps)
    count[z > threshold] = steps
    for current, expected in zip(z, count, strict=True):
        assert sum(spike_train(float(current), steps, threshold=threshold)) == expected


def test_membranes_before_the_reset() -> None:
    network = Network(layers=[1, 1, 1], time_steps=4)
    params = Parameters((np.ones((1, 1)), np.ones((1, 1))), (np.zeros(1), np.ones(1)))
    (layer,) = hidden(network).trace(params, np.full((1, 1, 1), 0.75))
    # U: 0.75; 1.5 fires, leaves 0.5; 1.25 fires, leaves 0.25; 1.0 does not exceed the threshold.
    assert layer.distance.ravel().tolist() == [-0.25, 0.5, 0.25, 0.0]
    assert layer.spikes.ravel().tolist() == [0, 1, 1, 0]


def test_leak() -> None:
    """U approaches z / (1 - leak) and gets to z (1 - leak^t) / (1 - leak) at step t."""
    # 0.5, 0.75, 0.875 ... stays below 1 for ever; with 0.5625 it is above 1 from step 4 on:
    # 0.5625, 0.84375, 0.984375, 1.0546875 fires, leaves 0.0546875.
    assert sum(spike_train(0.5, 50, leak=0.5)) == 0
    assert spike_train(0.5625, 5, leak=0.5) == [0, 0, 0, 1, 0]
    assert spike_train(0.5625, 5) == [0, 1, 0, 1, 0]


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("coded", [False, True])
def test_tangents_are_derivatives(network: Network, seed: int, coded: bool) -> None:
    params, x = lively(network, seed)
    if coded:
        rng = np.random.default_rng(seed)
        x = rng.integers(-1, 2, (network.time_steps, *x.shape[1:])).astype(float)
    v = directions(network, 2, seed)
    depth, slope = len(network.layers) - 2, Slope(network.surrogate)
    rates, whole = hidden(network).tangents(params, x, v, "global", slope)
    _, layered = hidden(network).tangents(params, x, v, "layer", slope)
    for k in range(2):
        expected = slow_rates(params, x, network, v, k, set(range(depth)))
        for layer in range(depth):
            np.testing.assert_allclose(rates[layer], expected[layer].real, rtol=1e-12)
            np.testing.assert_allclose(whole[layer][k], expected[layer].imag / STEP, rtol=1e-10)
        for moved in range(depth):
            expected = slow_rates(params, x, network, v, k, {moved})
            for layer in range(moved, depth):
                got = layered[layer][2 * moved + k]
                np.testing.assert_allclose(got, expected[layer].imag / STEP, rtol=1e-9, atol=1e-12)
    assert [len(lanes) for lanes in layered] == [2 * (layer + 1) for layer in range(depth)]


@pytest.mark.parametrize("network", NETWORKS)
def test_neurons_move_like_the_biases_of_one_sample(network: Network) -> None:
    params, x = lively(network, 2)
    slope, rng = Slope(network.surrogate), np.random.default_rng(2)
    signs: list[Floats] = [rng.standard_normal((3, x.shape[1], n)) for n in network.layers[1:-1]]
    rates, found = hidden(network).neuron_tangents(params, x, signs, slope)
    assert [len(lanes) for lanes in found] == [3 * (n + 1) for n in range(len(found))]
    for b in range(x.shape[1]):
        v = directions(network, 3, 1)
        for weights, biases, own in zip(v.weights, v.biases, signs, strict=False):
            weights[:], biases[:] = 0, own[:, b]
        alone = hidden(network).tangents(params, x[:, b : b + 1], v, "layer", slope)
        for got, expected in zip((*rates, *found), (*alone[0], *alone[1]), strict=True):
            np.testing.assert_allclose(got[..., b, :], expected[..., 0, :], rtol=1e-12)


@pytest.mark.parametrize("network", NETWORKS)
def test_reverse_is_the_adjoint_of_tangents(network: Network) -> None:
    """<c, J v> = <J^T c, v>, with a cotangent c at the rates of every hidden layer."""
    params, x = lively(network, 3)
    v, slope = directions(network, 4, 3), Slope(network.surrogate)
    rates, tangents = hidden(network).tangents(params, x, v, "global", slope)
    again, vjp = hidden(network).reverse(params, x, slope)
    rng = np.random.default_rng(3)
    back: list[Floats] = [rng.standard_normal(rate.shape) for rate in rates]
    g = vjp(back)
    assert all((a == b).all() for a, b in zip(rates, again, strict=True))
    forward = sum(np.einsum("kbi,bi->k", t, c) for t, c in zip(tangents, back, strict=True))
    pairs = zip((*g.weights, *g.biases), (*v.weights[:-1], *v.biases[:-1]), strict=True)
    reverse = sum(d.reshape(4, -1) @ a.ravel() for a, d in pairs)
    np.testing.assert_allclose(forward, reverse, rtol=1e-11, atol=1e-12)


def test_oracle_tells_attached_from_detached() -> None:
    network = NETWORKS[0]
    params, x = lively(network, 1)
    v = directions(network, 1, 1)
    twin = network.model_copy(update={"reset": "attached"})
    one, other = (slow_rates(params, x, n, v, 0, {0, 1})[-1] for n in (network, twin))
    assert np.abs(one.imag - other.imag).max() / STEP > 0.1
