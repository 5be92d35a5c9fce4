"""The online gradient against JAX, which differentiates a network written for itself."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dualspike.golden.data.labelled.shape import Shape
from dualspike.golden.numeric import Floats
from dualspike.golden.online.convolution import convolutional
from dualspike.golden.online.dense import perceptron
from dualspike.golden.online.loss import MixedLoss
from dualspike.golden.online.network import OnlineNetwork
from dualspike.golden.online.neuron import LifNeuron
from dualspike.golden.online.rules.backpropagation import SpatialBackpropagation
from dualspike.golden.online.traces import answer, repeated, train_pass

jax.config.update("jax_enable_x64", True)


@jax.custom_jvp
def spike(x: Any) -> Any:
    return jnp.where(x >= 0, 1.0, 0.0)


@spike.defjvp
def _(primals: Any, tangents: Any) -> Any:
    p = jax.nn.sigmoid(primals[0] / 0.25)
    return spike(primals[0]), p * (1 - p) / 0.25 * tangents[0]


def dense(parameters: Any, x: Any) -> Any:
    W, b = parameters
    return x @ W.T + b


def convolution(height: int, width: int, channels: int, pooled: bool) -> Any:
    """Means over 2 x 2, where pooled, then 3 x 3 kernels in scaled weight standardisation."""

    def apply(parameters: Any, x: Any) -> Any:
        W, b, gain = parameters
        image = x.reshape(-1, height, width, channels)
        if pooled:
            image = means(image)
        W = W - jnp.mean(W, axis=1, keepdims=True)
        W = 2.74 * gain[:, None] * W / jnp.sqrt(W.shape[1] * jnp.var(W, axis=1)[:, None] + 1e-4)
        kernels = W.reshape(len(b), 3, 3, channels)
        form = ("NHWC", "OHWI", "NHWC")
        found = jax.lax.conv_general_dilated(image, kernels, (1, 1), "SAME", dimension_numbers=form)
        return (found + b).reshape(len(x), -1)

    return apply


def means(image: Any) -> Any:
    window = (1, 2, 2, 1)
    return jax.lax.reduce_window(image, 0.0, jax.lax.add, window, window, "VALID") / 4


def pooled_dense(parameters: Any, x: Any) -> Any:
    return dense(parameters, means(x.reshape(-1, 2, 4, 3)).reshape(len(x), -1))


def step_loss(own: Any, layer: int, last: int, given: Any) -> Any:
    """Mean loss at step ``last`` as layer ``layer``'s parameters reach it: through the leak of its
    own membranes, from given inputs, and through the layers above within that step alone."""
    apply, parameters, frames, labels, neuron, share = given
    stop = jax.lax.stop_gradient
    used = [own if k == layer else parameters[k] for k in range(len(parameters))]
    hidden = len(parameters) - 1
    U = S = [0.0] * hidden
    x = None
    for t in range(last + 1):
        x, U, S = frames[t], list(U), list(S)
        for k in range(hidden):
            kept = U[k] if k == layer else stop(U[k])
            x = stop(x) if k == layer else x
            U[k] = neuron.leak * (kept - neuron.threshold * stop(S[k])) + apply[k](used[k], x)
            S[k] = x = spike(U[k] - neuron.threshold)
    output = apply[-1](used[-1], stop(x) if layer == hidden else x)
    wanted = jax.nn.one_hot(labels, output.shape[1])
    entropy = -jnp.sum(wanted * jax.nn.log_softmax(output), axis=1)
    square = jnp.mean((output - wanted) ** 2, axis=1)
    return jnp.mean((1 - share) * entropy + share * square)


def by_jax(
    network: OnlineNetwork, apply: Any, share: float, frames: Floats, labels: Any
) -> tuple[float, Any]:
    pairs = zip(network.synapses, network.own, strict=True)
    parameters = [tuple(map(jnp.asarray, one.split(own))) for one, own in pairs]
    given = (apply, parameters, jnp.asarray(frames), labels, network.neuron, share)
    loss, gradient = 0.0, np.zeros_like(network.theta)
    for layer, part in enumerate(network.parts(gradient)):
        loss = 0.0
        for last in range(len(frames)):
            value, found = jax.value_and_grad(step_loss)(parameters[layer], layer, last, given)
            loss += float(value) / len(frames)
            for whole, g in zip(network.synapses[layer].split(part), found, strict=True):
                whole += np.asarray(g) / len(frames)
    return loss, gradient


def check(network: OnlineNetwork, apply: Any, share: float, frames: Floats, labels: Any) -> None:
    found = train_pass(network, SpatialBackpropagation(), MixedLoss(share), frames, labels)
    loss, gradient = by_jax(network, apply, share, frames, labels)
    assert all(0 < rate < 1 for rate in found.rates)
    assert found.loss == pytest.approx(loss, rel=1e-12)
    assert np.abs(gradient).max() > 0.01
    np.testing.assert_allclose(found.gradient, gradient, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(found.answer, answer(network, frames), rtol=1e-14)


@pytest.mark.parametrize(
    ("layers", "neuron", "share", "static"),
    [
        ([4, 6, 5, 3], LifNeuron(), 0.05, True),
        ([4, 6, 5, 3], LifNeuron(leak=0.8, threshold=0.7), 0.3, False),
        ([3, 7, 2], LifNeuron(leak=0.0, threshold=0.5), 1.0, False),
    ],
)
def test_back_propagation_is_the_derivative_of_the_online_objective(
    layers: list[int], neuron: LifNeuron, share: float, static: bool
) -> None:
    rng = np.random.default_rng(3)
    network = perceptron(layers, rng, neuron)
    network.theta += 0.3 * rng.standard_normal(network.theta.shape)
    frames = repeated(rng.uniform(0, 2, (5, layers[0])), 3)
    if not static:
        frames = rng.integers(0, 2, (3, 5, layers[0])).astype(float)
    labels = rng.integers(0, layers[-1], 5)
    check(network, [dense] * (len(layers) - 1), share, frames, labels)


@pytest.mark.parametrize("static", [True, False])
def test_back_propagation_through_convolutions(static: bool) -> None:
    """4 x 8 x 2, a convolution, means, a convolution, means, a readout."""
    rng = np.random.default_rng(4)
    network = convolutional(Shape(4, 8, 2), [5, 3], 3, rng)
    network.theta += 0.3 * rng.standard_normal(network.theta.shape)
    frames = repeated(rng.uniform(0, 2, (5, 64)), 3)
    if not static:
        frames = rng.integers(0, 2, (3, 5, 64)).astype(float)
    apply = [convolution(4, 8, 2, False), convolution(4, 8, 5, True), pooled_dense]
    check(network, apply, 0.05, frames, rng.integers(0, 3, 5))


def test_membranes_by_hand() -> None:
    """One neuron, weight 1, inputs 0.75: U = 0.75, 1.125 (spike), 0.8125, 1.15625 (spike)."""
    network = perceptron([1, 1, 1], np.random.default_rng(0))
    network.theta[:] = [1, 0, 2, 0.5]
    state = network.rest(1)
    seen: list[tuple[float, float, float]] = []
    for _ in range(4):
        state = network.step(state, np.array([[0.75]]))
        seen.append(
            (state.membranes[0].item(), state.spikes[0].item(), state.output.item()),
        )
    assert seen == [(0.75, 0, 0.5), (1.125, 1, 2.5), (0.8125, 0, 0.5), (1.15625, 1, 2.5)]
