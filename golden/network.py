"""The spiking network in float64: its output, and its output's derivatives along K directions.

Direct input: z_1 = W_1 x + b_1 is the same at every step. Integrate and fire, t = 1..T:

    Z[t] = W S_in[t] + b        U[t] = U[t-1] + Z[t]
    S[t] = H(U[t] - threshold)  H(x) = 1 if x > 0 else 0
    U[t] <- U[t] - S[t] * threshold                             (soft reset)

Readout: y = W mean_t S[t] + b, without spikes. Derivatives are those of the surrogate network
(f in place of H'), with the reset detached (not differentiated):

    dZ = W dS_in + dW S_in + db    dU[t] = dU[t-1] + dZ[t]    dS[t] = f(U[t] - threshold) dU[t]

Source: Wan, Zhang, Karniadakis, arXiv 2411.07057 (2024).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.surrogate import gaussian
from dualspike.model.description import Description, Network

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Parameters:
    """Weights and biases of every layer, readout last; also directions and gradients.

    Layer l has a weight matrix [n_out, n_in] and a bias [n_out]. K directions at once have the
    lane as an axis in front: [K, n_out, n_in] and [K, n_out].
    """

    weights: tuple[Floats, ...]
    biases: tuple[Floats, ...]

    def copy(self) -> "Parameters":
        """The same values in arrays of their own."""
        return Parameters(
            tuple(w.copy() for w in self.weights), tuple(b.copy() for b in self.biases)
        )


@dataclass(frozen=True, eq=False)
class Trace:
    """What the hidden layers did, one entry for each.

    ``distance``: U[t] - threshold before the reset, [T, B, n]. ``spikes``: 0.0 or 1.0, [T, B, n].
    ``rate``: mean spikes of the last hidden layer, [B, n].
    """

    distance: tuple[Floats, ...]
    spikes: tuple[Floats, ...]
    rate: Floats


def start(description: Description, seed: int) -> Parameters:
    """Start values, uniform in [-a, a) with a = 1 / sqrt(n_in).

    Drawn from ``numpy.random.default_rng(seed)`` (PCG64), layer by layer from the input on, in
    each layer the weights row by row (all inputs of neuron 0 first), then the biases.
    """
    rng = np.random.default_rng(seed)
    weights: list[Floats] = []
    biases: list[Floats] = []
    for n_in, n_out in description.shapes:
        a = n_in**-0.5
        weights.append(rng.uniform(-a, a, (n_out, n_in)))
        biases.append(rng.uniform(-a, a, n_out))
    return Parameters(tuple(weights), tuple(biases))


def _affine(values: Floats, w: Floats, b: Floats) -> Floats:
    """W v + b for values [..., n_in] as one product with all leading axes as rows."""
    out = values.reshape(-1, values.shape[-1]) @ w.T
    out += b
    return out.reshape(*values.shape[:-1], len(b))


def _affine_tangents(values: Floats, dw: Floats, db: Floats) -> Floats:
    """dW_k v + db_k of every lane for values [..., n_in]: [K, ..., n_out]."""
    out = values.reshape(-1, values.shape[-1]) @ dw.swapaxes(1, 2)
    out += db[:, None]
    return out.reshape(len(dw), *values.shape[:-1], db.shape[-1])


def _integrate(current: Floats, threshold: float) -> tuple[Floats, Floats]:
    """Integrate and fire over currents [T, B, n]: (U - threshold before the reset, spikes)."""
    distance = np.empty(current.shape)
    spikes = np.empty(current.shape)
    membrane = np.zeros(current.shape[1:])
    for now, far, fired in zip(current, distance, spikes, strict=True):
        membrane += now
        np.subtract(membrane, threshold, out=far)
        np.greater(far, 0, out=fired)
        membrane -= threshold * fired
    return distance, spikes


def forward(
    params: Parameters, x: Floats, time_steps: int, threshold: float
) -> tuple[Floats, Trace]:
    """Outputs y [B, n_y] for inputs x [B, n_x], and what the hidden layers did."""
    distances: list[Floats] = []
    trains: list[Floats] = []
    values = x
    for w, b in zip(params.weights[:-1], params.biases[:-1], strict=True):
        current = _affine(values, w, b)
        if not trains:
            current = np.broadcast_to(current, (time_steps, *current.shape))
        distance, values = _integrate(current, threshold)
        distances.append(distance)
        trains.append(values)
    rate = values.mean(axis=0)
    y = _affine(rate, params.weights[-1], params.biases[-1])
    return y, Trace(tuple(distances), tuple(trains), rate)


def _lane_order(directions: Parameters) -> tuple[NDArray[np.intp], list[int]]:
    """Lanes sorted by the first layer they move, and how many of them have moved by each layer.

    A lane carries no tangents through the layers before the first one that it perturbs.
    """
    moved = np.array(
        [
            dw.any(axis=(1, 2)) | db.any(axis=1)
            for dw, db in zip(directions.weights, directions.biases, strict=True)
        ]
    )
    first = np.where(moved.any(axis=0), moved.argmax(axis=0), len(moved))
    counts = [int(np.count_nonzero(first <= layer)) for layer in range(len(moved))]
    return np.argsort(first, kind="stable"), counts


def jvp(
    params: Parameters, x: Floats, directions: Parameters, network: Network
) -> tuple[Floats, Floats]:
    """Forward mode: outputs y [B, n_y] and their derivatives dy [K, B, n_y] along K directions.

    ``directions`` hold dW_l [K, n_out, n_in] and db_l [K, n_out]. One layer runs for all steps
    before the next begins: products have T * B rows, and with the reset detached the tangent
    recursion is a running sum over t.
    """
    steps = network.time_steps
    y, trace = forward(params, x, steps, network.threshold)
    order, counts = _lane_order(directions)
    values = x
    tangents = np.empty((0, *trace.distance[0].shape))
    for layer, distance in enumerate(trace.distance):
        lanes = order[: counts[layer]]
        dw, db = directions.weights[layer][lanes], directions.biases[layer][lanes]
        dz = _affine_tangents(values, dw, db)
        slope = gaussian(distance, network.surrogate.sigma)
        if layer == 0:
            slope *= np.arange(1.0, steps + 1)[:, None, None]  # dU[t] = t dz
            tangents = slope * dz[:, None]
        else:
            moving = dz[: len(tangents)]
            rows = tangents.reshape(-1, tangents.shape[-1])
            moving += (rows @ params.weights[layer].T).reshape(moving.shape)
            for t in range(1, steps):
                dz[:, t] += dz[:, t - 1]
            dz *= slope
            tangents = dz
        values = trace.spikes[layer]
    dy = _affine_tangents(trace.rate, directions.weights[-1][order], directions.biases[-1][order])
    dy[: len(tangents)] += tangents.mean(axis=1) @ params.weights[-1].T
    unsorted = np.empty_like(dy)
    unsorted[order] = dy
    return y, unsorted
