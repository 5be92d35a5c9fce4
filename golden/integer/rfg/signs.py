"""The +1/-1 perturbations of an operator chip, for all lanes and layers at once.

Bits and their order are those of `model.interface.lfsr`, with the layers of all parts in a row.
Output bits of a register are sums modulo 2 of its start state's bits: they are found here with one
matrix product for all of them, exactly, from what the register puts out for each single bit.
"""

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.integer.lfsr import RandomWords, bits
from dualspike.golden.integer.perturbation import Perturbation
from dualspike.model.description.description import Description
from dualspike.model.interface.lfsr import DRAWER, SIGNS, WORD, Lfsr, draw_order

Bits = NDArray[np.float32]


def _matrix(lfsr: Lfsr, count: int) -> Bits:
    """Output bits [length, count] for the start states with one bit set."""
    return bits(lfsr, [1 << n for n in range(lfsr.length)], count).astype(np.float32)


def _output(states: Bits, matrix: Bits) -> Bits:
    """Output bits [..., count] of registers in states [..., length]."""
    sums = states @ matrix
    return sums - 2 * np.floor(sums / 2)


class SignDrawer:
    """Draws the signs of batch after batch; ``state`` is the drawer's, an integer."""

    def __init__(self, description: Description, state: int) -> None:
        self.state = state
        self._lanes, self._shapes = description.lanes, description.shapes
        self._carried = [description.lanes_of(part) for part in range(len(description.parts))]
        self._parts = [
            [(layer, part.lanes_on(depth)) for depth, layer in enumerate(description.layers_of(n))]
            for n, part in enumerate(description.parts)
        ]
        shapes, self._structure = description.shapes, description.learning.structure
        order = draw_order(self._structure, description.lanes, shapes)
        self._count = len(order) * WORD
        lane = order[: len(order) // max(1, description.lanes)]
        places = {(draw.layer, draw.kind): n for n, draw in reversed(list(enumerate(lane)))}
        self._places = {key: n * WORD for key, n in places.items()}
        self._drawer = _matrix(DRAWER, self._count + DRAWER.length)
        self._signs = _matrix(SIGNS, max(n_in * n_out for n_in, n_out in shapes))

    def draw(self) -> list[Perturbation]:
        """The signs of the next batch, by part, of the lanes that the part carries."""
        now = np.array([self.state >> n & 1 for n in range(DRAWER.length)], np.float32)
        stream = _output(now, self._drawer)
        after = np.packbits(stream[self._count :].astype(np.uint8), bitorder="little")
        self.state = int.from_bytes(after.tobytes(), "little")
        words = stream[: self._count].reshape(self._lanes, -1)
        parts: list[Perturbation] = []
        for carried, layers in zip(self._carried, self._parts, strict=True):
            found = [self._layer(words[carried], layer, on) for layer, on in layers]
            parts.append(Perturbation([w for w, _ in found], [b for _, b in found]))
        return parts

    def words(self, count: int) -> list[int]:
        """The next words of the drawer, which moves on after them."""
        drawer = RandomWords(self.state)
        drawn = drawer.words(count)
        self.state = drawer.state
        return drawn

    def _layer(
        self, words: Bits, layer: int, on: list[int]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Signs of weights [lanes, n_out, n_in] and biases [lanes, n_out]; 0 but for lanes on."""
        n_in, n_out = self._shapes[layer]
        weights = np.zeros((len(words), n_out, n_in), np.int64)
        biases = np.zeros((len(words), n_out), np.int64)
        mine = words[on]
        first = self._places[layer, "row"]
        row = mine[:, first : first + n_out]
        if self._structure == "factored":
            first = self._places[layer, "column"]
            column = mine[:, first : first + n_in + 1]
            weight = (row[:, :, None] + column[:, None, 1:]) % 2
            bias = (row + column[:, :1]) % 2
        else:
            first = self._places[layer, "start"]
            stream = _output(mine[:, first : first + WORD], self._signs[:, : n_in * n_out])
            weight = stream.reshape(-1, n_in, n_out).swapaxes(1, 2)
            bias = row
        weights[on] = 1 - 2 * weight
        biases[on] = 1 - 2 * bias
        return weights, biases
