"""The +1/-1 perturbations of one batch, from the very bits the chip draws."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.integer.lfsr import Bits, RandomWords, bits
from dualspike.model.ceil_div import ceil_div
from dualspike.model.interface.lfsr import SIGNS, WORD, Draw, draw_order

Signs = NDArray[np.int64]


@dataclass(frozen=True)
class Perturbation:
    """Signs of every layer: weights [K, n_out, n_in], biases [K, n_out]; 0 where masked."""

    weights: list[Signs]
    biases: list[Signs]


def sign_bits(
    structure: str, lanes: int, shapes: list[tuple[int, int]], drawer: RandomWords
) -> list[tuple[Bits, Bits]]:
    """Sign bits of every layer for one batch, 1 for -1: weights [K, n_out, n_in], then biases.

    ``shapes`` are (n_in, n_out) of each layer, biases are [K, n_out]; moves ``drawer`` on.
    """
    order = draw_order(structure, lanes, shapes)
    words = dict(zip(order, drawer.words(len(order)), strict=True))
    drawn: list[tuple[Bits, Bits]] = []
    for layer, (n_in, n_out) in enumerate(shapes):
        row = _fields(words, lanes, layer, "row", n_out)
        if structure == "factored":
            column = _fields(words, lanes, layer, "column", n_in + 1)
            drawn.append((row[:, :, None] ^ column[:, None, 1:], row ^ column[:, :1]))
        else:
            starts = [words[Draw(lane, layer, "start", 0)] for lane in range(lanes)]
            stream = bits(SIGNS, starts, n_in * n_out)
            drawn.append((stream.reshape(lanes, n_in, n_out).swapaxes(1, 2), row))
    return drawn


def _fields(words: dict[Draw, int], lanes: int, layer: int, kind: str, count: int) -> Bits:
    """The first ``count`` bits of one kind of words of a layer, [K, count]."""
    size = ceil_div(count, WORD)
    drawn = [[words[Draw(lane, layer, kind, n)] for n in range(size)] for lane in range(lanes)]
    stored = np.array(drawn, "<u4").reshape(lanes, size).view(np.uint8)
    return np.unpackbits(stored, axis=1, count=count, bitorder="little")
