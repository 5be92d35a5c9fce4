"""Back-propagation against finite differences, and RFG against back-propagation."""

import itertools
from statistics import NormalDist
from typing import Literal

import numpy as np
import pytest
from numpy.typing import NDArray

from dualspike.golden.gradients import (
    backpropagation,
    draw_directions,
    half_squared_error,
    masked,
    rfg,
)
from dualspike.golden.network import Parameters, forward, jvp, start
from dualspike.model.description import Description, Network, Surrogate

Floats = NDArray[np.float64]
Structure = Literal["independent", "factored"]

NETWORKS = [
    Network(layers=[2, 4, 3, 2], time_steps=9, threshold=0.7, surrogate=Surrogate(sigma=0.4)),
    Network(layers=[3, 5, 1], time_steps=4, threshold=1.0, surrogate=Surrogate(sigma=0.5)),
    Network(layers=[1, 3, 4, 3, 2], time_steps=7, threshold=0.5, surrogate=Surrogate(sigma=0.6)),
]
SMALL = Network(layers=[1, 2, 1], time_steps=6, threshold=0.6)
STRUCTURES: list[Structure] = ["independent", "factored"]
# Chance that a right estimator fails one statistical test, were its seed not fixed.
FALSE_ALARM = 1e-3


def setting(network: Network, seed: int) -> tuple[Parameters, Floats, Floats]:
    """Parameters with which every hidden layer spikes, inputs, and targets."""
    params = start(Description(name="net", network=network), seed)
    params = Parameters(
        tuple(2.5 * w for w in params.weights), tuple(2.5 * b for b in params.biases)
    )
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, (5, network.layers[0]))
    target = rng.uniform(-1, 1, (5, network.layers[-1]))
    _, trace = forward(params, x, network.time_steps, network.threshold)
    assert all(0.05 < spikes.mean() < 0.95 for spikes in trace.spikes)
    return params, x, target


def shapes(network: Network) -> list[tuple[int, int]]:
    return Description(name="net", network=network).shapes


def flatten(p: Parameters, lanes: bool = False) -> Floats:
    """All entries [P], layer by layer; with a lane axis [K, P]."""
    parts = [a for pair in zip(p.weights, p.biases, strict=True) for a in pair]
    return np.concatenate([a.reshape(len(a), -1) if lanes else a.ravel() for a in parts], axis=-1)


def unflatten(flat: Floats, network: Network) -> Parameters:
    """The inverse of flatten, for [P] or [K, P]."""
    weights: list[Floats] = []
    biases: list[Floats] = []
    lead, begin = flat.shape[:-1], 0
    for n_in, n_out in shapes(network):
        end = begin + n_in * n_out
        weights.append(flat[..., begin:end].reshape(*lead, n_out, n_in))
        begin = end + n_out
        biases.append(flat[..., end:begin])
    return Parameters(tuple(weights), tuple(biases))


def layer_of(network: Network) -> NDArray[np.int64]:
    """Layer of every flattened parameter."""
    sizes = [(n_in + 1) * n_out for n_in, n_out in shapes(network)]
    return np.repeat(np.arange(len(sizes)), sizes)


def central_differences(at: Parameters, x: Floats, target: Floats, network: Network) -> list[float]:
    """Central differences, for every parameter, of the loss of the surrogate network around ``at``.

    S = S0 + f(U0 - threshold) (U - U0), with the reset taking the spikes S0 of the centre.
    """
    sigma, theta, steps = network.surrogate.sigma, network.threshold, network.time_steps
    _, trace = forward(at, x, steps, theta)

    def loss(p: Parameters) -> float:
        values = [x] * steps
        for layer, (far, fired) in enumerate(zip(trace.distance, trace.spikes, strict=True)):
            u = np.zeros(far.shape[1:])
            out: list[Floats] = []
            for t in range(steps):
                u = u + np.einsum("ij,bj->bi", p.weights[layer], values[t]) + p.biases[layer]
                slope = np.exp(-0.5 * (far[t] / sigma) ** 2) / (sigma * np.sqrt(2 * np.pi))
                out.append(fired[t] + slope * (u - (far[t] + theta)))
                u = u - theta * fired[t]
            values = out
        mean = sum(values) / steps
        y = np.einsum("ij,bj->bi", p.weights[-1], mean) + p.biases[-1]
        return float(((y - target) ** 2).sum(axis=1).mean() / 2)

    flat, h = flatten(at), 1e-5
    return [
        (loss(unflatten(flat + h * e, network)) - loss(unflatten(flat - h * e, network))) / (2 * h)
        for e in np.eye(len(flat))
    ]


def all_signs(count: int) -> Floats:
    return np.array(list(itertools.product((1.0, -1.0), repeat=count)))


def every_direction(structure: Structure, network: Network) -> Floats:
    """Every direction a structure can give, [K, P], each as often as it is likely."""
    if structure == "independent":
        return all_signs(len(layer_of(network)))
    layers: list[Floats] = []
    for n_in, n_out in shapes(network):
        signs = all_signs(n_out + 1 + n_in)
        r, c = signs[:, :n_out, None], signs[:, None, n_out:]
        layers.append(
            np.concatenate(
                [(r * c[..., 1:]).reshape(len(signs), -1), signs[:, :n_out] * c[:, 0, :1]], axis=1
            )
        )
    return np.array([np.concatenate(parts) for parts in itertools.product(*layers)])


def z_scores(estimates: Floats, gradient: Floats, norms: Floats) -> Floats:
    """Deviation of the mean of [K, P] estimates in its standard deviations.

    With E[v v^T] = I each entry has second moment |grad|^2, so variance |grad|^2 - grad_i^2.
    ``norms`` are the |grad|^2 in question for each parameter.
    """
    deviation = np.sqrt((norms - gradient**2) / len(estimates))
    return (estimates.mean(axis=0) - gradient) / deviation


def bound(tests: int) -> float:
    """Largest |z| allowed for that many tests at once (Bonferroni)."""
    return NormalDist().inv_cdf(1 - FALSE_ALARM / (2 * tests))


def layer_norms(gradient: Floats, network: Network) -> Floats:
    """For every parameter, the squared norm of its layer's gradient."""
    layer = layer_of(network)
    return np.array([gradient[layer == at] @ gradient[layer == at] for at in layer])


def estimates(
    params: Parameters, x: Floats, target: Floats, v: Parameters, scope: str, network: Network
) -> Floats:
    """The estimate from every direction of ``v`` by itself, [K, P]."""
    flat, n_layers = flatten(v, lanes=True), len(params.weights)
    masks = [(1 << n_layers) - 1]
    if scope == "layer":
        masks = [1 << layer for layer in range(n_layers)]
    result: list[Floats] = []
    for signs in flat:
        lanes = unflatten(np.tile(signs, (len(masks), 1)), network)
        result.append(flatten(rfg(params, x, target, lanes, masks, network)[1]))
    return np.array(result)


def test_half_squared_error() -> None:
    y, target = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1.0, 0.0], [0.0, 0.0]])
    assert half_squared_error(y, target) == (0 + 4 + 9 + 16) / 2 / 2


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("seed", [1, 2])
def test_backpropagation_is_the_gradient_of_the_surrogate_network(
    network: Network, seed: int
) -> None:
    params, x, target = setting(network, seed)
    loss, gradient = backpropagation(params, x, target, network)
    y, _ = forward(params, x, network.time_steps, network.threshold)
    assert loss == half_squared_error(y, target)
    expected = central_differences(params, x, target, network)
    np.testing.assert_allclose(flatten(gradient), expected, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("network", NETWORKS)
def test_backpropagation_agrees_with_jvp(network: Network) -> None:
    params, x, target = setting(network, 3)
    gradient = flatten(backpropagation(params, x, target, network)[1])
    v = np.random.default_rng(3).standard_normal((20, len(gradient)))
    y, dy = jvp(params, x, unflatten(v, network), network)
    slopes = np.einsum("by,kby->k", y - target, dy) / len(y)
    np.testing.assert_allclose(slopes, v @ gradient, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("structure", STRUCTURES)
def test_global_rfg_is_unbiased_over_all_directions(structure: Structure) -> None:
    """Every direction there is, each once: mean and second moment are exact."""
    params, x, target = setting(SMALL, 1)
    loss, gradient = backpropagation(params, x, target, SMALL)
    g = flatten(gradient)
    v = every_direction(structure, SMALL)
    got_loss, summed = rfg(params, x, target, unflatten(v, SMALL), [0b11] * len(v), SMALL)
    assert got_loss == loss
    np.testing.assert_allclose(flatten(summed) / len(v), g, rtol=1e-11, atol=1e-13)
    single = estimates(params, x, target, unflatten(v, SMALL), "global", SMALL)
    np.testing.assert_allclose((single**2).mean(axis=0), g @ g, rtol=1e-11)


@pytest.mark.parametrize("structure", STRUCTURES)
def test_layer_rfg_is_unbiased_over_all_directions(structure: Structure) -> None:
    params, x, target = setting(SMALL, 1)
    g = flatten(backpropagation(params, x, target, SMALL)[1])
    v = every_direction(structure, SMALL)
    single = estimates(params, x, target, unflatten(v, SMALL), "layer", SMALL)
    np.testing.assert_allclose(single.mean(axis=0), g, rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose((single**2).mean(axis=0), layer_norms(g, SMALL), rtol=1e-11)


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("scope", ["global", "layer"])
def test_drawn_rfg_is_unbiased(structure: Structure, scope: str) -> None:
    """4,000 draws: every parameter's mean, and the second moment of every perturbed set."""
    network = NETWORKS[0]
    params, x, target = setting(network, 1)
    g = flatten(backpropagation(params, x, target, network)[1])
    v = draw_directions(np.random.default_rng(11), structure, 4000, shapes(network))
    single = estimates(params, x, target, v, scope, network)
    norms = layer_norms(g, network) if scope == "layer" else np.full(len(g), g @ g)
    assert np.abs(z_scores(single, g, norms)).max() < bound(len(g))

    squares = single**2  # equal for all parameters of a perturbed set, signs being +1 or -1
    z = (squares.mean(axis=0) - norms) / (squares.std(axis=0) / np.sqrt(len(squares)))
    assert np.abs(z).max() < bound(Description(name="net", network=network).n_layers)


def test_lanes_are_summed() -> None:
    network, masks = NETWORKS[0], [0b111, 0b010, 0]
    params, x, target = setting(network, 1)
    gradient = flatten(backpropagation(params, x, target, network)[1])
    v = draw_directions(np.random.default_rng(5), "factored", 3, shapes(network))
    kept = flatten(v, lanes=True) * [(mask >> layer_of(network)) & 1 for mask in masks]
    total = flatten(rfg(params, x, target, v, masks, network)[1])
    np.testing.assert_allclose(total, kept.T @ (kept @ gradient), rtol=1e-10, atol=1e-12)


def test_masked() -> None:
    v = draw_directions(np.random.default_rng(5), "independent", 4, shapes(NETWORKS[0]))
    kept = flatten(masked(v, [0b001, 0b110, 0, 0b111]), lanes=True) != 0
    layer = layer_of(NETWORKS[0])
    assert (kept == [layer == 0, layer > 0, layer < 0, layer >= 0]).all()


@pytest.mark.parametrize("mistake", ["more often up", "one sign for a row", "means of lanes"])
def test_a_wrong_estimator_is_caught(mistake: str) -> None:
    network = NETWORKS[0]
    params, x, target = setting(network, 1)
    g = flatten(backpropagation(params, x, target, network)[1])
    rng = np.random.default_rng(11)
    v = draw_directions(rng, "independent", 2000, shapes(network))
    if mistake == "more often up":
        v = unflatten(np.where(rng.random((2000, len(g))) < 0.7, 1.0, -1.0), network)
    elif mistake == "one sign for a row":
        v = Parameters(tuple(np.broadcast_to(w[..., :1], w.shape) for w in v.weights), v.biases)
    single = estimates(params, x, target, v, "global", network)
    if mistake == "means of lanes":
        single /= 3
    z = z_scores(single, g, np.full(len(g), g @ g))
    assert np.abs(z).max() > 2 * bound(len(g))


@pytest.mark.parametrize("structure", STRUCTURES)
def test_drawn_directions_are_uniform(structure: Structure) -> None:
    """A layer of 2 inputs and 2 neurons: all its patterns, and only those, equally often."""
    draws = 20_000
    p = draw_directions(np.random.default_rng(2), structure, draws, [(2, 2)])
    v = flatten(p, lanes=True)
    assert set(np.unique(v)) == {-1.0, 1.0}
    patterns = 64 if structure == "independent" else 16  # r, c and -r, -c give the same
    _, counts = np.unique(v, axis=0, return_counts=True)
    assert len(counts) == patterns
    z = (counts - draws / patterns) / np.sqrt(draws / patterns * (1 - 1 / patterns))
    assert np.abs(z).max() < bound(patterns)


def test_factored_directions_have_rank_one() -> None:
    p = draw_directions(np.random.default_rng(2), "factored", 50, [(3, 4), (4, 2)])
    for w, b in zip(p.weights, p.biases, strict=True):
        with_bias = np.concatenate([b[..., None], w], axis=2)
        assert (np.linalg.matrix_rank(with_bias) == 1).all()


@pytest.mark.parametrize("structure", STRUCTURES)
def test_drawing_order_is_documented(structure: Structure) -> None:
    p = draw_directions(np.random.default_rng(9), structure, 2, [(2, 3), (3, 1)])
    rng = np.random.default_rng(9)
    for w, b in zip(p.weights, p.biases, strict=True):
        first = rng.integers(0, 2, b.shape if structure == "factored" else w.shape)
        second = rng.integers(0, 2, (2, 1 + w.shape[2]) if structure == "factored" else b.shape)
        if structure == "factored":
            first, second = first[:, :, None] ^ second[:, None, 1:], first ^ second[:, :1]
        assert (w == 1 - 2 * first).all()
        assert (b == 1 - 2 * second).all()
