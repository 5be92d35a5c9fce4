"""A fully connected network of LIF neurons, one time step at a time."""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.online.neuron import Neuron
from dualspike.model.errors import BadInput

Floats = NDArray[np.floating[Any]]
Position = Literal["after", "before"]


@dataclass(frozen=True, eq=False)
class Injection:
    """Noise added to the hidden layers, [B, n_l] each, already scaled by alpha.

    ``after``: added to the spikes that the next layer receives; the neuron's own reset and trace
    know nothing of it. ``before``: added to the current, so that it stays in the membrane.
    """

    values: list[Floats]
    position: Position = "after"


@dataclass(frozen=True, eq=False)
class Activity:
    """Membranes and spikes of the hidden layers, [B, n_l] each, and the output [B, n_out]."""

    membranes: list[Floats]
    spikes: list[Floats]
    output: Floats


class OnlineNetwork:
    """Hidden layers of LIF neurons and a readout o[t] = W S[t] + b that neither leaks nor fires.

    ``layers``: neurons of every layer from the inputs to the outputs, three or more. All
    parameters are views of one vector ``theta`` [N]: W_l [n_l, n_{l-1}], then b_l [n_l], layer by
    layer. W starts uniform in +-sqrt(3 / fan_in), of variance 1 / fan_in; b at 0.
    What the network answers is the sum of o[t] over the steps, the readout's potential.
    """

    def __init__(
        self, layers: list[int], rng: np.random.Generator, neuron: Neuron | None = None
    ) -> None:
        if len(layers) < 3 or min(layers) < 1:
            raise BadInput(f"layers must be three or more numbers from 1 up, not {layers}")
        self.layers = list(layers)
        self.neuron = neuron or Neuron()
        self.theta: Floats = np.zeros(sum((a + 1) * b for a, b in pairwise(layers)))
        self.weights, self.biases = self.views(self.theta)
        for W in self.weights:
            W[:] = rng.uniform(-1, 1, W.shape) * math.sqrt(3 / W.shape[1])

    @property
    def hidden(self) -> list[int]:
        """Neurons of every hidden layer."""
        return self.layers[1:-1]

    def views(self, vector: Floats) -> tuple[list[Floats], list[Floats]]:
        """Weights and biases as views of a vector [N] laid out like theta."""
        weights: list[Floats] = []
        biases: list[Floats] = []
        start = 0
        for n_in, n_out in pairwise(self.layers):
            end = start + n_in * n_out
            weights.append(vector[start:end].reshape(n_out, n_in))
            start = end + n_out
            biases.append(vector[end:start])
        return weights, biases

    def rest(self, batch: int) -> Activity:
        """The state before the first step: nothing charged, nothing fired."""
        silent: list[Floats] = [np.zeros((batch, n)) for n in self.hidden]
        return Activity(silent, silent, np.zeros((batch, self.layers[-1])))

    def step(self, before: Activity, x: Floats, injection: Injection | None = None) -> Activity:
        """One time step from ``before`` with inputs x [B, n_in]; ``before`` is left as it is."""
        neuron = self.neuron
        membranes: list[Floats] = []
        spikes: list[Floats] = []
        for layer in range(len(self.hidden)):
            membrane = before.membranes[layer] - neuron.threshold * before.spikes[layer]
            membrane *= neuron.leak
            membrane += x @ self.weights[layer].T
            membrane += self.biases[layer]
            if injection is not None and injection.position == "before":
                membrane += injection.values[layer]
            S = neuron.fire(membrane - neuron.threshold)
            membranes.append(membrane)
            spikes.append(S)
            x = S
            if injection is not None and injection.position == "after":
                x = S + injection.values[layer]
        return Activity(membranes, spikes, x @ self.weights[-1].T + self.biases[-1])
