"""Hidden layers at dual inputs: rates, and their derivatives along a direction of the input.

The second half of the rows x [1, 2 P, n_in] are directions e of the inputs in the first half: with
z = W x + b of an input and z' = W e of its direction, a layer that is fed z at every step answers

    rate r(z)    and    rate' r'(z) z',

rows of the same halves. Derivatives along parameters are tangents of tangents: d r = r' dz, and
d (r' z') = r'' dz z' + r' dz'. Spikes have neither r' nor r''; both follow the membrane, with the
surrogate f in place of H' and its own derivative f' in place of H'',

    p[t] = dU[t]/dz     = leak k[t-1] p[t-1] + 1                     r'  = mean over t of f p
    q[t] = d^2U[t]/dz^2 = leak (k[t-1] q[t-1] + k'[t-1] p[t-1])      r'' = mean of f' p^2 + f q

with k = 1 - threshold f, k' = -threshold f' p for an attached reset and k = 1 for a detached one.

With an attached reset and no leak, tangents sum up as spikes do: r = (z - U[T] / T) / threshold,
with U[T] after its reset, and r' = (1 - k[T] p[T] / T) / threshold. So r' is the slope of the
rate's own course under its steps. A detached reset has no such law: p[t] = t, whatever fired.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from dualspike.golden.float.hidden import Scope
from dualspike.golden.float.layout import Parameters
from dualspike.golden.float.surrogate import Slope
from dualspike.golden.jit import njit
from dualspike.golden.numeric import Floats
from dualspike.model.description.network import Network
from dualspike.model.errors import BadInput


class Response(NamedTuple):
    """A rate [P, n] and its first and second derivative by the constant current."""

    rate: Floats
    first: Floats
    second: Floats


def spiking(z: Floats, network: Network) -> Response:
    """The response of neurons of the first hidden layer that are fed z [P, n] at every step."""
    sigma, threshold = network.surrogate.sigma, network.thresholds[0]
    sums = Response(np.zeros_like(z), np.zeros_like(z), np.zeros_like(z))
    attached = network.reset == "attached"
    _respond(
        z.reshape(-1),
        network.time_steps,
        network.leak,
        threshold,
        sigma,
        attached,
        *(one.reshape(-1) for one in sums),
    )
    return Response(*(one / network.time_steps for one in sums))


@njit()
def _respond(
    z: Floats,
    steps: int,
    leak: float,
    threshold: float,
    sigma: float,
    attached: bool,
    rate: Floats,
    first: Floats,
    second: Floats,
) -> None:
    """Sums over the steps for z [M]: of spikes, f p and f' p^2 + f q."""
    peak = 1 / (math.sqrt(2 * math.pi) * sigma)
    for m in range(len(z)):
        u = p = q = 0.0
        kept, moved = 1.0, 0.0
        for _ in range(steps):
            q = leak * (kept * q + moved * p)
            p = leak * kept * p + 1
            far = leak * u + z[m] - threshold
            f = peak * math.exp(-far * far / (2 * sigma * sigma))
            slope = -far / (sigma * sigma) * f
            fired = 1.0 if far > 0 else 0.0
            u = far + threshold * (1 - fired)
            rate[m] += fired
            first[m] += f * p
            second[m] += slope * p * p + f * q
            if attached:
                kept, moved = 1 - threshold * f, -threshold * slope * p


def tanh(z: Floats, network: Network) -> Response:
    """That of neurons that do not spike."""
    rate = np.tanh(z)
    first = 1 - rate**2
    return Response(rate, first, -2 * rate * first)


class DualHidden:
    """See `golden.float.hidden.Hidden`, for one hidden layer and rows as above.

    Raises BadInput for more hidden layers, a coding over time, and a surrogate without f'.
    """

    def __init__(
        self,
        network: Network,
        dtype: np.dtype[np.floating[Any]],
        response: Callable[[Floats, Network], Response] = spiking,
    ) -> None:
        if len(network.layers) != 3:
            raise BadInput(f"layers must have one hidden layer, not {len(network.layers) - 2}")
        if network.coding != "direct":
            raise BadInput(f"coding must be direct, not {network.coding}")
        if network.surrogate.kind != "gaussian":
            raise BadInput(f"surrogate.kind must be gaussian, not {network.surrogate.kind}")
        self._network = network
        self._response = response

    def rates(self, params: Parameters, x: Floats) -> list[Floats]:
        """See Hidden.rates."""
        return [self._at(params, x)[0]]

    def tangents(
        self, params: Parameters, x: Floats, v: Parameters, scope: Scope, slope: Slope
    ) -> tuple[list[Floats], list[Floats]]:
        """See Hidden.tangents; with one layer both scopes are the same."""
        dz = x[0] @ v.weights[0].swapaxes(1, 2)
        dz[:, : len(x[0]) // 2] += v.biases[0][:, None]
        return self.neuron_tangents(params, x, [dz], slope)

    def neuron_tangents(
        self, params: Parameters, x: Floats, v: list[Floats], slope: Slope
    ) -> tuple[list[Floats], list[Floats]]:
        """See Hidden.neuron_tangents; those of the second half move z'."""
        rates, response, along = self._at(params, x)
        dz, moved = np.split(v[0], 2, axis=1)
        lanes = [response.first * dz, response.second * along * dz + response.first * moved]
        return [rates], [np.concatenate(lanes, axis=1)]

    def reverse(
        self, params: Parameters, x: Floats, slope: Slope
    ) -> tuple[list[Floats], Callable[[list[Floats]], Parameters]]:
        """See Hidden.reverse."""
        rates, response, along = self._at(params, x)

        def vjp(back: list[Floats]) -> Parameters:
            by_rate, by_slope = np.split(back[0], 2)
            q = by_rate * response.first + by_slope * response.second * along
            moved = np.concatenate([q, by_slope * response.first])
            return Parameters((moved.T @ x[0],), (q.sum(axis=0),))

        return [rates], vjp

    def _at(self, params: Parameters, x: Floats) -> tuple[Floats, Response, Floats]:
        """Both halves of the rates, the response, and z'."""
        points, directions = np.split(x[0], 2)
        w, b = params.weights[0], params.biases[0]
        response, along = self._response(points @ w.T + b, self._network), directions @ w.T
        return np.concatenate([response.rate, response.first * along]), response, along
