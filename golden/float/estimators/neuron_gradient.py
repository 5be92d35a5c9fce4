"""Forward gradients along neurons (RFG-N): one number a sample and layer comes back.

Source: Ren, Kornblith, Liao, Hinton, "Scaling forward gradient with local losses", arXiv
2210.03310, who perturb activities of networks of rates in place of weights.
"""

from dataclasses import dataclass
from typing import get_args

import numpy as np

from dualspike.golden.float.estimators.directions import Distribution, draw_neurons
from dualspike.golden.float.layout import Slot
from dualspike.golden.float.model import Inputs, Key, Model
from dualspike.golden.keys import Purpose, generator
from dualspike.golden.numeric import Floats
from dualspike.model.errors import BadInput, not_one_of


@dataclass(frozen=True)
class NeuronGradient:
    """For every sample and hidden layer v is drawn for its neurons, dZ[t] = v at every step.

    Followed through the whole sample it gives j = sum over t of <dL/dZ[t], v>, and with s, the
    mean over the steps of what the layer is sent,

        dL/dW = sum over samples of j v s^T,    dL/db = sum over samples of j v,

    the mean over ``directions`` K in [1, 2^16]. Readouts have their gradient itself. Without bias
    where a layer is sent the same at every step. Spikes of each step are replaced by their
    rate: what dL/dZ[t] and S[t] share in their course over the steps is left out.

    E|g - E g|^2 = (1 / K) sum over layers and samples of (n - 1) |q|^2 (1 + |s|^2) for signs and
    n + 1 in place of n - 1 for gaussian ones, q = sum over t of dL/dZ[t] of the sample: it grows
    with the neurons of a layer, not with its weights, and samples are averaged.
    """

    directions: int = 1
    distribution: Distribution = "rademacher"

    def __post_init__(self) -> None:
        known = get_args(Distribution)
        if self.distribution not in known:
            raise BadInput(not_one_of("distribution", known, self.distribution))
        if not 1 <= self.directions <= 2**16:
            raise BadInput(f"directions must be in [1, {2**16}], not {self.directions}")

    def draw(self, model: Model, inputs: Inputs, key: Key) -> list[Floats]:
        """Directions [K, B, n] of every hidden layer from ``default_rng([*key, DIRECTIONS])``."""
        rng = generator(key, Purpose.DIRECTIONS)
        shapes = [(len(inputs[slot.part]), slot.n_out) for slot in model.hidden_slots]
        drawn = draw_neurons(shapes, self.directions, self.distribution, rng)
        return [v.astype(model.dtype, copy=False) for v in drawn]

    def gradient(
        self, model: Model, theta: Floats, inputs: Inputs, target: Floats, key: Key
    ) -> tuple[float, Floats]:
        """See Estimator.gradient."""
        return along(model, theta, inputs, target, self.draw(model, inputs, key), key)


def along(
    model: Model, theta: Floats, inputs: Inputs, target: Floats, v: list[Floats], key: Key
) -> tuple[float, Floats]:
    """(L, g [N]) from given directions [K, B, n] of the hidden layers' neurons."""
    loss, g, found = model.neuron_slopes(theta, inputs, target, v, key)
    for one, signs in zip(found, v, strict=True):
        q = np.einsum("kb,kbi->bi", one.slopes, signs) / len(signs)
        weights, biases = one.slot.split(g)
        np.matmul(q.T, one.sent, out=weights)
        np.sum(q[: one.biased], axis=0, out=biases)
    return loss, g


def each_neuron(
    model: Model, theta: Floats, inputs: Inputs, target: Floats, key: Key
) -> tuple[Floats, list[tuple[Slot, Floats, Floats]]]:
    """E g [N] for any distribution; for every hidden layer its place, q [B, n] and s [B, n_in].

    Exact, from as many directions as a layer has neurons, each along one of them.
    """
    slots = model.hidden_slots
    lanes = max(slot.n_out for slot in slots)
    units = [np.eye(lanes, slot.n_out, dtype=model.dtype)[:, None] for slot in slots]
    v = [
        np.repeat(unit, len(inputs[slot.part]), axis=1)
        for unit, slot in zip(units, slots, strict=True)
    ]
    _, g, found = model.neuron_slopes(theta, inputs, target, v, key)
    layers: list[tuple[Slot, Floats, Floats]] = []
    for one in found:
        q = one.slopes[: one.slot.n_out].T
        weights, biases = one.slot.split(g)
        np.matmul(q.T, one.sent, out=weights)
        np.sum(q[: one.biased], axis=0, out=biases)
        layers.append((one.slot, q, one.sent))
    return g, layers


def expectation(
    model: Model, theta: Floats, inputs: Inputs, target: Floats, key: Key
) -> tuple[Floats, float]:
    """E g [N] for any distribution, and for signs K times the variance E|g - E g|^2."""
    g, layers = each_neuron(model, theta, inputs, target, key)
    variance = 0.0
    for slot, q, sent in layers:
        sizes = np.square(q).sum(axis=1) * (1 + np.square(sent).sum(axis=1))
        variance += (slot.n_out - 1) * float(sizes.sum())
    return g, variance
