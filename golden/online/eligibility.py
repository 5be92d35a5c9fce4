"""Traces of what every layer is sent, and the gradient that errors make of them."""

from typing import Any

import numpy as np

from dualspike.golden.numeric import Floats
from dualspike.golden.online.kernels import follow
from dualspike.golden.online.network import OnlineNetwork


class Eligibility:
    """a_l[t] = leak a_l[t-1] + sent_l[t] and, for biases, c[t] = leak c[t-1] + 1, from 0.

    Errors delta_l of a step add delta_l a_l^T to ``gradient`` [N], and c delta_l for biases. With
    ``constant`` inputs, the same at every step, a_0 = c x: so c delta_0 alone is summed up, and
    multiplied with x once, by `finish`. Source: Xiao et al., "Online training through time", 2022.
    """

    def __init__(self, network: OnlineNetwork, batch: int, *, constant: bool) -> None:
        self.gradient = np.zeros_like(network.theta)
        self._network = network
        self._parts = network.parts(self.gradient)
        self._first = int(constant)  # the first layer that has a trace
        self._traces = [network.zeros(batch, n) for n in network.layers[self._first : -2]]
        self._summed = network.zeros(batch, network.layers[1] if constant else 0)
        self._c = 0.0

    def follow(self, sent: list[Floats]) -> None:
        """Take in what the hidden layers are sent in this step, [B, n] each."""
        leak: Any = self._network.theta.dtype.type(self._network.neuron.leak)
        self._c = self._network.neuron.leak * self._c + 1
        for trace, new in zip(self._traces, sent[self._first :], strict=True):
            follow(trace.ravel(), leak, new.ravel())

    def add(self, deltas: list[Floats]) -> None:
        """The errors of the hidden layers' currents, [B, n] each."""
        if self._first:
            self._summed += self._c * deltas[0]
        for layer, trace in enumerate(self._traces, self._first):
            self._add(layer, deltas[layer], trace, self._c)

    def read(self, error: Floats, spikes: Floats) -> None:
        """The error of the readout, which has no leak and so no trace: it takes S and 1."""
        self._add(-1, error, spikes, 1)

    def finish(self, x: Floats) -> Floats:
        """The whole gradient; ``x`` are the inputs, should they be constant."""
        if self._first:
            self._add(0, self._summed, x, 1)
        return self.gradient

    def _add(self, layer: int, delta: Floats, trace: Floats, constant: float) -> None:
        own, part = self._network.own[layer], self._parts[layer]
        self._network.synapses[layer].add_gradient(own, part, delta, trace, constant)
