"""Gradients of L = 1/2 mean over the batch of sum over outputs (y - target)^2, found two ways.

Back-propagation through time needs the whole trace and a second pass. The randomized forward
gradient (RFG) needs one forward pass with dual numbers: for signs v with E[v v^T] = I,

    E[<grad L, v> v] = grad L

so <grad L, v> v, from one directional derivative, is unbiased for the surrogate gradient.
Source: Wan, Zhang, Karniadakis, arXiv 2411.07057 (2024).
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.network import Parameters, forward, jvp
from dualspike.golden.surrogate import gaussian
from dualspike.model.description import Network

Floats = NDArray[np.float64]


def half_squared_error(y: Floats, target: Floats) -> float:
    """L for outputs and targets [B, n_y]."""
    error = y - target
    return 0.5 * float(np.vdot(error, error)) / len(error)


def backpropagation(
    params: Parameters, x: Floats, target: Floats, network: Network
) -> tuple[float, Parameters]:
    """(L, grad L) by reverse mode through time, surrogate for H', reset detached.

    With G[t] = dL/dS[t] of a hidden layer: dL/dZ[t] = sum over s >= t of G[s] f(U[s] - threshold).
    """
    steps = network.time_steps
    y, trace = forward(params, x, steps, network.threshold)
    error = (y - target) / len(y)
    weights = [error.T @ trace.rate]
    biases = [error.sum(axis=0)]
    back = np.broadcast_to(error @ params.weights[-1] / steps, trace.distance[-1].shape)
    for layer in range(len(trace.distance) - 1, -1, -1):
        n_out = len(params.biases[layer])
        dz = gaussian(trace.distance[layer], network.surrogate.sigma)
        dz *= back
        for t in range(steps - 2, -1, -1):
            dz[t] += dz[t + 1]
        if layer:
            rows, inputs = dz.reshape(-1, n_out), trace.spikes[layer - 1]
            back = (rows @ params.weights[layer]).reshape(inputs.shape)
            inputs = inputs.reshape(len(rows), -1)
        else:
            rows, inputs = dz.sum(axis=0), x
        weights.append(rows.T @ inputs)
        biases.append(rows.sum(axis=0))
    gradient = Parameters(tuple(reversed(weights)), tuple(reversed(biases)))
    return half_squared_error(y, target), gradient


def draw_directions(
    rng: np.random.Generator,
    structure: Literal["independent", "factored"],
    lanes: int,
    shapes: list[tuple[int, int]],
) -> Parameters:
    """Signs (+1.0 or -1.0) for ``lanes`` directions; ``shapes`` are (n_in, n_out) of each layer.

    ``independent``: every weight and bias has a sign of its own (the paper's choice). Drawn layer
    by layer, in each all weights [lanes, n_out, n_in], then all biases [lanes, n_out].
    ``factored``: v_ij = r_i c_j, the bias r_i c_0. Drawn layer by layer, in each all row signs r
    [lanes, n_out], then all column signs c [lanes, 1 + n_in], c_0 first. E[v v^T] is the identity
    for both.
    """

    def signs(*shape: int) -> Floats:
        return 1.0 - 2.0 * rng.integers(0, 2, shape).astype(np.float64)

    weights: list[Floats] = []
    biases: list[Floats] = []
    for n_in, n_out in shapes:
        if structure == "factored":
            rows, columns = signs(lanes, n_out, 1), signs(lanes, 1, 1 + n_in)
            weights.append(rows * columns[..., 1:])
            biases.append(rows[..., 0] * columns[..., 0])
        else:
            weights.append(signs(lanes, n_out, n_in))
            biases.append(signs(lanes, n_out))
    return Parameters(tuple(weights), tuple(biases))


def masked(directions: Parameters, masks: list[int]) -> Parameters:
    """Directions with lane k zero wherever bit l of ``masks[k]`` is 0 (see Description.masks)."""
    kept = np.array(masks)
    keep = [((kept >> layer) & 1).astype(np.float64) for layer in range(len(directions.weights))]
    return Parameters(
        tuple(m[:, None, None] * w for m, w in zip(keep, directions.weights, strict=True)),
        tuple(m[:, None] * b for m, b in zip(keep, directions.biases, strict=True)),
    )


def rfg(
    params: Parameters,
    x: Floats,
    target: Floats,
    directions: Parameters,
    masks: list[int],
    network: Network,
) -> tuple[float, Parameters]:
    """(L, g) with g = sum over lanes k of v_k <grad L, v_k>, v_k being lane k after its mask.

    Every mask with all bits set is global RFG, masks of one bit are layer-wise RFG.
    The lanes are SUMMED, not averaged: where K lanes perturb the same layer, E[g] there is K
    times the gradient. That is this project's convention (``Learning.directions``): the chip adds
    one step for each lane, and the rate stands for one direction.
    """
    v = masked(directions, masks)
    y, dy = jvp(params, x, v, network)
    slopes = dy.reshape(len(dy), -1) @ (y - target).reshape(-1) / len(y)
    gradient = Parameters(
        tuple(np.tensordot(slopes, w, 1) for w in v.weights),
        tuple(np.tensordot(slopes, b, 1) for b in v.biases),
    )
    return half_squared_error(y, target), gradient
