"""Estimators beyond the paper, to be compared; none of them is a rule to train by."""

from dataclasses import dataclass

import numpy as np

from dualspike.golden.float.estimators.forward_gradient import ForwardGradient
from dualspike.golden.float.estimators.neuron_gradient import NeuronGradient
from dualspike.golden.float.model import Inputs, Key, Model
from dualspike.golden.keys import Purpose, generator
from dualspike.golden.numeric import Floats
from dualspike.model.ceil_div import ceil_div


@dataclass(frozen=True)
class Antithetic(ForwardGradient):
    """Every direction with its opposite, an even K: a slope is linear, both estimate the same."""

    def draw(self, model: Model, key: Key) -> Floats:
        """See ForwardGradient.draw."""
        half = super().draw(model, key)[: self.directions // 2]
        return np.concatenate([half, -half])


@dataclass(frozen=True)
class Orthogonal(ForwardGradient):
    """The K directions of a layer are rows of a Hadamard matrix, see `walsh`."""

    def draw(self, model: Model, key: Key) -> Floats:
        """See ForwardGradient.draw."""
        rng = generator(key, Purpose.DIRECTIONS)
        v = np.empty((self.directions, model.layout.size), model.dtype)
        for slot in model.layout.layers:
            v[:, slot.slice] = walsh(self.directions, slot.end - slot.begin, rng)
        return v


@dataclass(frozen=True)
class OrthogonalNeurons(NeuronGradient):
    """RFG-N whose directions, sample by sample and in each all K, are rows of a Hadamard matrix."""

    def draw(self, model: Model, inputs: Inputs, key: Key) -> list[Floats]:
        """See NeuronGradient.draw."""
        rng = generator(key, Purpose.DIRECTIONS)
        drawn: list[Floats] = []
        for slot in model.hidden_slots:
            rows = len(inputs[slot.part])
            v = walsh(rows * self.directions, slot.n_out, rng)
            v = v.reshape(rows, self.directions, slot.n_out).swapaxes(0, 1)
            drawn.append(np.ascontiguousarray(v, model.dtype))
        return drawn


@dataclass(frozen=True, eq=False)
class FreshSigns:
    """Signs of its own for every row of a part: the sum of j_b v_b, j_b = <G_b, v_b>.

    ``rows``: what each row adds to a layer's gradient, G [B, N_l], by layer. Slopes are products
    with these, which is what forward mode finds.
    """

    directions: int
    rows: list[Floats]

    def gradient(
        self, model: Model, theta: Floats, inputs: Inputs, target: Floats, key: Key
    ) -> tuple[float, Floats]:
        """See Estimator.gradient; the loss is not found."""
        rng = generator(key, Purpose.DIRECTIONS)
        g = np.zeros_like(theta)
        for slot, rows in zip(model.layout.layers, self.rows, strict=True):
            for _ in range(self.directions):
                v = 1.0 - 2.0 * rng.integers(0, 2, rows.shape, np.int8)
                g[slot.slice] += np.einsum("bn,bn->b", rows, v) @ v / self.directions
        return np.nan, g


@dataclass(frozen=True, eq=False)
class Controlled:
    """c + the mean of <grad - c, v> v: what an estimate of another batch says is not drawn again.

    c is the ``rule``'s estimate from the batch ``before``, or its gradient itself where ``exact``,
    times a share for every layer.
    """

    rule: ForwardGradient
    before: tuple[Inputs, Floats]
    shares: list[float]
    exact: bool

    def gradient(
        self, model: Model, theta: Floats, inputs: Inputs, target: Floats, key: Key
    ) -> tuple[float, Floats]:
        """See Estimator.gradient."""
        held = theta, *self.before, (*key, 1)
        control = model.gradient(*held)[1] if self.exact else self.rule.gradient(model, *held)[1]
        v = self.rule.draw(model, key)
        loss, slopes = self.rule.slopes(model, theta, inputs, target, v, key)
        for column, (slot, share) in enumerate(zip(model.layout.layers, self.shares, strict=True)):
            control[slot.slice] *= share
            slopes[:, column] -= v[:, slot.slice] @ control[slot.slice]
        return loss, control + self.rule.combine(model, v, slopes)


def walsh(rows: int, width: int, rng: np.random.Generator) -> Floats:
    """Signs [rows, width] from the Hadamard matrix of order m, the power of two from ``width`` on.

    H[h, i] = (-1)^(ones in the bits of h and i). m rows make a block: rows of H in random order,
    every column turned by a sign of its own. The mean of v v^T over a whole block is the identity;
    of two rows of a block E[v_i v_j v'_i v'_j] = -1 / (m - 1) for i other than j.
    """
    order = block_of(width)
    blocks = ceil_div(rows, order)
    picked = np.concatenate([rng.permutation(order) for _ in range(blocks)])[:rows]
    odd = np.bitwise_count(picked[:, None] & np.arange(width)) & 1
    turned = rng.integers(0, 2, (blocks, width)).repeat(order, axis=0)[:rows]
    return 1.0 - 2.0 * (odd ^ turned)


def block_of(width: int) -> int:
    """The order of the Hadamard matrix for that many signs."""
    return 1 << (width - 1).bit_length()
