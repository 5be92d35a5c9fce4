"""The integer model of an operator chip that learns online: its parts, and the product between.

Equations, random words and the moment at which changes land: docs/online_chip.md.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from dualspike.golden.integer.lfsr import bits
from dualspike.golden.integer.online.arrays import Setup, State
from dualspike.golden.integer.online.chip import OnlineChip
from dualspike.golden.integer.online.samples import change_rows, run_rows
from dualspike.golden.integer.online.seen import room, seen_in
from dualspike.golden.integer.online.setup import NOTHING, setup_of, state_of, unpack
from dualspike.golden.integer.part import Forward
from dualspike.golden.integer.product import IntegerProduct
from dualspike.golden.integer.rfg.shallow import ShallowNetwork
from dualspike.golden.numeric import Ints, Matrix
from dualspike.model.description.description import Description
from dualspike.model.interface.lfsr import SIGNS
from dualspike.model.sizes.geometry import geometry


class _Rows(NamedTuple):
    """A part after its rows: outputs [B, p], tangents, and the signs of its neurons."""

    setup: Setup
    state: State
    y: Matrix
    dy: Matrix
    own: Matrix


class OnlineOperatorChip(OnlineChip):
    """See `OnlineChip`; a change for every row of every part lands at the end of a batch."""

    def follow(
        self, inputs: Sequence[Ints], target: Ints | None = None, stage: int = 0
    ) -> list[Forward]:
        """See `OnlineChip.follow`."""
        seen = [room(part, len(x)) for part, x in zip(self.d.parts, inputs, strict=True)]
        ran = self.copy()._rows(inputs, self.copy()._words(target), stage, target is not None, seen)
        return [
            seen_in(part, one.y, shown)
            for part, one, shown in zip(self.d.parts, ran, seen, strict=True)
        ]

    def _run(
        self,
        inputs: Sequence[Ints],
        target: Ints | None,
        stage: int,
        scale: Ints | None = None,
        seen: Sequence[Matrix] = (),
    ) -> tuple[int, Matrix]:
        """Run a batch and, with a target, learn from it; the loss, and outputs [B_0, B_1, ...]."""
        d, learn = self.d, target is not None
        shown = seen or [NOTHING] * len(d.parts)
        ran = self._rows(inputs, self._words(target), stage, learn, shown)
        product = IntegerProduct(d, [Forward(one.y, one.y[None][:0]) for one in ran])
        loss = 0
        if target is not None:
            errors = product.errors(target, scale)
            loss = errors.loss
            for one, part, error in zip(ran, range(len(d.parts)), errors.of_outputs, strict=True):
                change_rows(one.setup, one.state, error.values, one.dy, one.own)
                self._land(part, one.state)
        for one in ran:
            self.flags |= int(one.state.flags[0])
        self.flags |= product.flags
        return loss, product.y

    def _rows(
        self,
        inputs: Sequence[Ints],
        words: list[int],
        stage: int,
        learn: bool,
        seen: Sequence[Matrix],
    ) -> list[_Rows]:
        """All parts, each with its rows, as far as their outputs."""
        ran: list[_Rows] = []
        for n, (part, x) in enumerate(zip(self.d.parts, inputs, strict=True)):
            layers, hidden, lanes = self.d.layers_of(n), len(part.shapes) - 1, part.own_lanes
            mine = slice(layers.start, layers.stop)
            own = [
                word for word, one in zip(words, self._draws, strict=True) if one.layer in layers
            ]
            state = state_of(part, self.weights[mine], self.biases[mine], own, (), seen[n])
            setup = setup_of(part, stage, self._fixed)
            rows, widest = len(x), max(part.network.layers)
            y = np.zeros((rows, self.d.basis), np.int64)
            dy = np.zeros((rows * learn, hidden, lanes, self.d.basis), np.int64)
            signs = np.zeros((rows * learn, hidden, lanes, widest), np.int64)
            one = _Rows(setup, state, y, dy, signs)
            if ShallowNetwork.serves(part) and not seen[n].size:
                self._shallow(n, x, one)
            else:
                run_rows(setup, state, self._frames(x), learn, y, dy, signs)
            ran.append(one)
        return ran

    def _shallow(self, n: int, x: Ints, ran: _Rows) -> None:
        """What `run_rows` leaves behind, for a part of one hidden layer: much sooner."""
        part, layers, state = self.d.parts[n], self.d.layers_of(n), ran.state
        mine, width = slice(layers.start, layers.stop), part.network.layers[1]
        v = np.zeros((0, len(x), width), np.int64)
        if len(ran.own):
            drawn = bits(SIGNS, state.signs[0].tolist(), len(x) * width)
            v = 1 - 2 * drawn.astype(np.int64).reshape(-1, len(x), width)
        network = ShallowNetwork(part, geometry(part))
        found, count = network.along(self.weights[mine], self.biases[mine], x, v)
        ran.y[:] = found.y
        state.flags[0] |= found.flags
        if len(ran.own):
            ran.dy[:, 0] = found.dy.swapaxes(0, 1)
            ran.own[:, 0, :, :width] = v.swapaxes(0, 1)
            state.trace_ring[0, : len(x), : x.shape[1]] = x
            state.trace_ring[1, : len(x), :width] = count

    def _land(self, part: int, state: State) -> None:
        """Weights and biases of a part as its batch has left them."""
        layers = self.d.layers_of(part)
        mine = slice(layers.start, layers.stop)
        weights, biases = self.weights[mine], self.biases[mine]
        unpack(self.d.parts[part], state, weights, biases)
        self.weights[mine], self.biases[mine] = weights, biases


def online_chip(
    description: Description, weights: Sequence[Matrix], biases: Sequence[Matrix]
) -> OnlineChip:
    """A chip that learns online, of one part or of several."""
    kind = OnlineChip if description.kind == "mlp" else OnlineOperatorChip
    return kind(description, weights, biases)
