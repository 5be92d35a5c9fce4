"""Where the perturbation's signs come from: polynomials, seeding, and the order of drawing.

A Fibonacci shift register of ``length`` bits holds the next ``length`` output bits, the very
next one in bit 0. One step outputs bit 0, shifts right and enters the XOR of the ``taps`` at the
top: b[n + length] = XOR over t in taps of b[n + t]. Tap 0 is always there.

Two registers are used. The *drawer* is one for the whole chip, is seeded once and runs on for
ever, 32 bits at a time (a word: output bit n in bit n). The *sign* registers, one for each layer
and lane, are restarted from a drawn word for every pass over the weights, so a weight keeps its
sign for a whole batch without storing it.

Before every batch the drawer draws, for each lane in order and inside it each layer in order:

- structure ``independent``: ceil(n_out / 32) words of bias signs (neuron 0 in bit 0 of the first
  word), then one word, the start state of the sign register. Weight (neuron i, input j) takes
  output bit j * n_out + i of that register.
- structure ``factored``: ceil(n_out / 32) words of row signs r, then ceil((n_in + 1) / 32) words
  of column signs c, c_0 for the bias first. Weight (i, j) takes r_i XOR c_{j+1}, the bias
  r_i XOR c_0.

With stochastic rounding it also draws one word for every lane and layer, in the same order, when
the samples are through and their steps are made.

Left-over bits of a word are thrown away. A bit of 1 means a perturbation of -1, a 0 means +1.
All of it is drawn whatever the lane masks say, and none of it depends on the folding.

With coding bernoulli a third register, the *coder*, runs on for ever: for every sample, in it for
every step, in this for every input, it gives as many bits as the format input has after the
binary point, the least significant first. This number r is compared with |x|.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from dualspike.model.ceil_div import ceil_div

WORD = 32


@dataclass(frozen=True)
class Lfsr:
    """A Fibonacci register: ``length`` bits, feedback from the given ``taps``."""

    length: int
    taps: tuple[int, ...]


# x^64 + x^63 + x^61 + x^60 + 1 and x^32 + x^30 + x^26 + x^25 + 1, both primitive; all taps lie
# within the oldest bits, so 60 and 25 steps at once need one 4-input XOR for each new bit.
DRAWER = Lfsr(64, (0, 1, 3, 4))
SIGNS = Lfsr(32, (0, 2, 6, 7))
CODER = DRAWER
DITHER = 24
"""Bits of a number that rounds a change of the online learner at random."""


def seed_state(seed: int) -> int:
    """Start state of the drawer: the first output of SplitMix64 seeded with ``seed``.

    Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014. Spreads a
    small seed over all 64 bits. ``seed`` in [1, 2**32); the result is never 0 there.
    """
    return _split_mix(seed, 1)


def coder_state(seed: int) -> int:
    """Start state of the coder: the second output of SplitMix64 seeded with ``seed``."""
    return _split_mix(seed, 2)


def feedback_state(seed: int) -> int:
    """State from which fixed signs of feedback start: the third output, likewise."""
    return _split_mix(seed, 3)


def _split_mix(seed: int, output: int) -> int:
    mask = (1 << 64) - 1
    z = (seed + output * 0x9E3779B97F4A7C15) & mask
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
    return z ^ (z >> 31)


@dataclass(frozen=True)
class Draw:
    """One drawn word: word ``index`` of ``kind`` ("row", "column" or "start") for lane, layer."""

    lane: int
    layer: int
    kind: str
    index: int


def draw_order(structure: str, lanes: int, shapes: list[tuple[int, int]]) -> list[Draw]:
    """The words of one batch in drawing order; ``shapes`` are (n_in, n_out) of each layer.

    "row" words hold the bias signs of structure independent and the row signs of factored.
    """
    order: list[Draw] = []
    for lane in range(lanes):
        for layer, (n_in, n_out) in enumerate(shapes):
            order += [Draw(lane, layer, "row", i) for i in range(ceil_div(n_out, WORD))]
            if structure == "factored":
                order += [Draw(lane, layer, "column", i) for i in range(ceil_div(n_in + 1, WORD))]
            else:
                order.append(Draw(lane, layer, "start", 0))
    return order


@dataclass(frozen=True)
class OnlineDraw:
    """One drawn word of the online learner: of a layer's "rows" or "columns", or of a lane."""

    kind: str
    layer: int
    lane: int = 0


def online_draws(parts: Sequence[int], lanes: int) -> list[OnlineDraw]:
    """The words of one batch in drawing order; ``parts`` have so many layers, the last a readout.

    Layers are counted through all parts; every hidden one has so many ``lanes``.
    """
    order: list[OnlineDraw] = []
    for layer in range(sum(parts)):
        order += [OnlineDraw("rows", layer), OnlineDraw("columns", layer)]
    readouts = [end - 1 for end in accumulate(parts)]
    hidden = (layer for layer in range(sum(parts)) if layer not in readouts)
    return order + [OnlineDraw("lane", layer, lane) for layer in hidden for lane in range(lanes)]
