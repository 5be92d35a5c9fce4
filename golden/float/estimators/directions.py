"""Random directions v over all parameters or neurons, with E[v v^T] = I for any distribution.

- rademacher: +1 or -1, each as likely
- gaussian: standard normal
- lfsr: +1 or -1 from the shift registers of `model.interface.lfsr`, the bits that a chip would draw

Structure ``independent`` draws every weight and bias by itself. ``factored`` draws for every layer
row factors r [n_out] and column factors c [1 + n_in], and takes v_ij = r_i c_j, c_0 for the bias:
the same first two moments from n_out + n_in + 1 numbers.
"""

from typing import Literal

import numpy as np

from dualspike.golden.float.layout import Layout, Slot
from dualspike.golden.integer.lfsr import RandomWords, bits
from dualspike.golden.integer.perturbation import sign_bits
from dualspike.golden.numeric import Floats
from dualspike.model.interface.lfsr import SIGNS

Distribution = Literal["rademacher", "gaussian", "lfsr"]
Structure = Literal["independent", "factored"]


def draw(
    layout: Layout,
    lanes: int,
    distribution: Distribution,
    structure: Structure,
    rng: np.random.Generator,
) -> Floats:
    """Directions [lanes, N], drawn lane by lane.

    In each lane: independent, all N entries in the order of the parameters; factored, for every
    layer r, then c. For lfsr the register's start state is ``rng.integers(1, 2**64)``.
    """
    if distribution == "lfsr":
        state = int(rng.integers(1, 2**64, dtype=np.uint64))
        return _registers(layout, lanes, structure, RandomWords(state))
    if structure == "independent":
        return _numbers(distribution, (lanes, layout.size), rng)
    count = sum(slot.n_out + 1 + slot.n_in for slot in layout.layers)
    factors = _numbers(distribution, (lanes, count), rng)
    v = np.empty((lanes, layout.size))
    first = 0
    for slot in layout.layers:
        rows = factors[:, first : first + slot.n_out]
        first += slot.n_out + 1 + slot.n_in
        _outer(slot, v, rows, factors[:, first - 1 - slot.n_in : first])
    return v


def draw_neurons(
    shapes: list[tuple[int, int]], lanes: int, distribution: Distribution, rng: np.random.Generator
) -> list[Floats]:
    """Directions [lanes, B, n] for the neurons of every layer, of ``shapes`` (B, n), in turn.

    For lfsr a register starts from a word for every layer and lane, those of a layer in turn, and
    gives the signs sample by sample; the words' own register starts as in `draw`.
    """
    if distribution != "lfsr":
        return [_numbers(distribution, (lanes, *shape), rng) for shape in shapes]
    words = RandomWords(int(rng.integers(1, 2**64, dtype=np.uint64)))
    drawn = [bits(SIGNS, words.words(lanes), rows * n) for rows, n in shapes]
    return [
        1.0 - 2.0 * stream.reshape(lanes, *shape)
        for stream, shape in zip(drawn, shapes, strict=True)
    ]


def _numbers(distribution: str, shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
    if distribution == "gaussian":
        return rng.standard_normal(shape)
    return 1.0 - 2.0 * rng.integers(0, 2, shape, np.int8)


def _outer(slot: Slot, v: Floats, rows: Floats, columns: Floats) -> None:
    weights, biases = slot.split(v)
    np.multiply(rows[:, :, None], columns[:, None, 1:], out=weights)
    np.multiply(rows, columns[:, :1], out=biases)


def _registers(layout: Layout, lanes: int, structure: Structure, drawer: RandomWords) -> Floats:
    """Signs that a chip draws for a batch (`model.interface.lfsr`); moves ``drawer``."""
    shapes = [(slot.n_in, slot.n_out) for slot in layout.layers]
    v = np.empty((lanes, layout.size))
    for slot, drawn in zip(layout.layers, sign_bits(structure, lanes, shapes, drawer), strict=True):
        for part, signs in zip(slot.split(v), drawn, strict=True):
            part[:] = 1.0 - 2.0 * signs
    return v
