"""A network of LIF neurons, one time step at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from dualspike.golden.numeric import Floats
from dualspike.golden.online.neuron import LifNeuron
from dualspike.golden.online.synapses import Synapses

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

    ``synapses`` in front of every layer, the readout's last; ``layers`` counts the neurons from the
    inputs to the outputs. All parameters are one vector ``theta`` [N], of which every layer's
    synapses own a part, in that order; all that is computed has their type, ``dtype``.
    What the network answers is the sum of o[t] over the steps, the readout's potential.
    """

    def __init__(
        self,
        synapses: Sequence[Synapses],
        rng: np.random.Generator,
        neuron: LifNeuron | None = None,
        dtype: type[np.float64 | np.float32] = np.float64,
    ) -> None:
        self.synapses = list(synapses)
        self.layers = [synapses[0].n_in, *(one.n_out for one in synapses)]
        self.neuron = neuron or LifNeuron()
        self.theta: Floats = np.zeros(sum(one.size for one in synapses), dtype)
        self.own = self.parts(self.theta)
        self.weights, self.biases = self.views(self.theta)
        for one, own in zip(self.synapses, self.own, strict=True):
            one.start(own, rng)

    @property
    def hidden(self) -> list[int]:
        """Neurons of every hidden layer."""
        return self.layers[1:-1]

    def parts(self, vector: Floats) -> list[Floats]:
        """The part of each layer's synapses, as views of a vector [N] laid out like theta."""
        ends = np.cumsum([one.size for one in self.synapses])
        return np.split(vector, ends[:-1])

    def views(self, vector: Floats) -> tuple[list[Floats], list[Floats]]:
        """Weights and biases of every layer, as views of such a vector."""
        both = zip(self.synapses, self.parts(vector), strict=True)
        found = [one.split(part) for one, part in both]
        return [parts[0] for parts in found], [parts[1] for parts in found]

    def rest(self, batch: int) -> Activity:
        """The state before the first step: nothing charged, nothing fired."""
        silent = [self.zeros(batch, n) for n in self.layers[1:]]
        return Activity(silent[:-1], silent[:-1], silent[-1])

    def zeros(self, *shape: int) -> Floats:
        """Zeros of the network's type."""
        return np.zeros(shape, self.theta.dtype)

    def feed(self, layer: int, sent: Floats) -> Floats:
        """Currents [B, n_l] of a layer, the first hidden one being 0, from what is sent to it."""
        return self.synapses[layer].currents(self.own[layer], sent)

    def back(self, layer: int, delta: Floats) -> Floats:
        """dL/dsent of that layer from its dL/dcurrents."""
        return self.synapses[layer].back(self.own[layer], delta)

    def carry(self, layer: int, tangents: Floats) -> Floats:
        """Tangents of a layer's currents [..., n_l] from those of what is sent to it."""
        flat = tangents.reshape(-1, tangents.shape[-1])
        found = self.feed(layer, flat) - self.feed(layer, np.zeros_like(flat[:1]))
        return found.reshape(*tangents.shape[:-1], -1)

    def step(
        self,
        before: Activity,
        x: Floats,
        injection: Injection | None = None,
        fed: Floats | None = None,
    ) -> Activity:
        """One time step from ``before`` with inputs x [B, n_in]; ``before`` is left as it is.

        ``fed``: the first layer's currents, where they are known already.
        """
        membranes: list[Floats] = []
        spikes: list[Floats] = []
        for layer in range(len(self.hidden)):
            current = self.feed(layer, x) if layer or fed is None else fed.copy()
            if injection is not None and injection.position == "before":
                current += injection.values[layer]
            last = before.membranes[layer], before.spikes[layer]
            membrane, x = self.neuron.charge(*last, current)
            membranes.append(membrane)
            spikes.append(x)
            if injection is not None and injection.position == "after":
                x = x + injection.values[layer]
        return Activity(membranes, spikes, self.feed(-1, x))
