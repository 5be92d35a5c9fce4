"""The +1/-1 perturbations of one batch, from the very bits the chip draws."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.lfsr import Drawer, bits
from dualspike.model.description import Description
from dualspike.model.lfsr import SIGNS, WORD, Draw, draw_order

Signs = NDArray[np.int64]


@dataclass(frozen=True)
class Perturbation:
    """Signs of every layer: weights [K, n_out, n_in], biases [K, n_out]; 0 where masked."""

    weights: list[Signs]
    biases: list[Signs]


def draw(description: Description, drawer: Drawer) -> Perturbation:
    """Draw the signs of the next batch, in the order of `model.lfsr`; moves ``drawer`` on."""
    structure, lanes = description.learning.structure, description.lanes
    order = draw_order(structure, lanes, description.shapes)
    words = dict(zip(order, drawer.words(len(order)), strict=True))
    weights: list[Signs] = []
    biases: list[Signs] = []
    for layer, (n_in, n_out) in enumerate(description.shapes):
        row = _fields(words, lanes, layer, "row", n_out)
        if structure == "factored":
            column = _fields(words, lanes, layer, "column", n_in + 1)
            weight = row[:, :, None] ^ column[:, None, 1:]
            bias = row ^ column[:, :1]
        else:
            starts = [words[Draw(lane, layer, "start", 0)] for lane in range(lanes)]
            stream = bits(SIGNS, starts, n_in * n_out)
            weight = stream.reshape(lanes, n_in, n_out).swapaxes(1, 2)
            bias = row
        on = np.array([mask >> layer & 1 for mask in description.masks], np.int64)
        weights.append((1 - 2 * weight.astype(np.int64)) * on[:, None, None])
        biases.append((1 - 2 * bias.astype(np.int64)) * on[:, None])
    return Perturbation(weights, biases)


def _fields(
    words: dict[Draw, int], lanes: int, layer: int, kind: str, count: int
) -> NDArray[np.uint8]:
    rows = np.zeros((lanes, count), np.uint8)
    for lane in range(lanes):
        for n in range(count):
            rows[lane, n] = words[Draw(lane, layer, kind, n // WORD)] >> (n % WORD) & 1
    return rows
