"""Fully connected layers."""

import math
from itertools import pairwise

import numpy as np

from dualspike.golden.numeric import Floats
from dualspike.golden.online.network import OnlineNetwork
from dualspike.golden.online.neuron import LifNeuron
from dualspike.model.errors import BadInput


class DenseSynapses:
    """See Synapses: W x + b, with W [n_out, n_in] and then b [n_out] in the vector.

    W starts uniform in +-sqrt(3 / n_in), of variance 1 / n_in; b at 0.
    """

    def __init__(self, n_in: int, n_out: int) -> None:
        self.n_in, self.n_out = n_in, n_out
        self.size = (n_in + 1) * n_out
        self.fan_out = float(n_out)

    def start(self, own: Floats, rng: np.random.Generator) -> None:
        """See Synapses.start."""
        W, b = self.split(own)
        W[:] = rng.uniform(-1, 1, W.shape) * math.sqrt(3 / self.n_in)
        b[:] = 0

    def split(self, own: Floats) -> tuple[Floats, Floats]:
        """See Synapses.split."""
        weights = self.n_in * self.n_out
        return own[:weights].reshape(self.n_out, self.n_in), own[weights:]

    def currents(self, own: Floats, sent: Floats) -> Floats:
        """See Synapses.currents."""
        W, b = self.split(own)
        found = sent @ W.T
        found += b
        return found

    def back(self, own: Floats, delta: Floats) -> Floats:
        """See Synapses.back."""
        return delta @ self.split(own)[0]

    def add_gradient(
        self, own: Floats, gradient: Floats, delta: Floats, trace: Floats, constant: float
    ) -> None:
        """See Synapses.add_gradient."""
        dW, db = self.split(gradient)
        dW += delta.T @ trace
        db += constant * delta.sum(axis=0)


def perceptron(
    layers: list[int],
    rng: np.random.Generator,
    neuron: LifNeuron | None = None,
    dtype: type[np.float64 | np.float32] = np.float64,
) -> OnlineNetwork:
    """A fully connected network; ``layers``: neurons from the inputs to the outputs, three up."""
    if len(layers) < 3 or min(layers) < 1:
        raise BadInput(f"layers must be three or more numbers from 1 up, not {layers}")
    return OnlineNetwork([DenseSynapses(a, b) for a, b in pairwise(layers)], rng, neuron, dtype)
