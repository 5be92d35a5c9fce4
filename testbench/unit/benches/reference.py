"""What the components compute, one number at a time, in fractions: slow and plain on purpose."""

import math
import random
from fractions import Fraction
from typing import Any

import numpy as np

from dualspike.golden.integer.lfsr import RandomWords
from dualspike.golden.integer.perturbation import Perturbation
from dualspike.golden.integer.rfg.signs import SignDrawer
from dualspike.model.description.description import Description
from dualspike.model.description.format import Format
from dualspike.model.interface.lfsr import draw_order, seed_state
from dualspike.model.sizes.geometry import Geometry
from dualspike.model.sizes.layers import Layer

Rows = list[list[int]]


def rounded(value: Fraction, form: Format) -> tuple[int, bool]:
    """``value`` as a stored integer, halves up, clipped to the format; whether it was clipped."""
    return clipped(math.floor(value / form.lsb + Fraction(1, 2)), form.bits)


def clipped(number: int, bits: int) -> tuple[int, bool]:
    """``number`` clipped to ``bits`` bits of two's complement, and whether that changed it."""
    half = 1 << (bits - 1)
    inside = max(-half, min(half - 1, number))
    return inside, inside != number


def weighted(
    d: Description,
    g: Geometry,
    layer: Layer,
    sums: tuple[int, list[int], list[int]],
    bias: int,
    bias_signs: list[int],
) -> tuple[int, list[int], bool, bool]:
    """One neuron's (z, dz of every lane), and whether z and whether a dz was clipped.

    ``sums`` are sum W a, and for every lane sum W da and sum V a, in units of their last bits;
    ``bias_signs`` are C: +1, -1, or 0 where the lane does not perturb the layer.
    """
    f = d.formats
    mean = Fraction(1)
    if layer.reads_out:
        mean = Fraction(g.reciprocal, 1 << g.reciprocal_shift)
    unit = Fraction(1, 1 << layer.value_fraction)
    value, tangents, signs = sums
    z, over = rounded(value * unit * f.weight.lsb * mean + bias * f.weight.lsb, f.membrane)
    dz: list[int] = []
    over_tangent = False
    for tangent, sign, c in zip(tangents, signs, bias_signs, strict=True):
        total = tangent * f.tangent.lsb * f.weight.lsb + sign * unit
        one, clips = rounded(total * mean + c, f.tangent)
        over_tangent |= clips
        dz.append(one)
    return z, dz, over, over_tangent


def check_rows(taken: list[Any], expected: list[Any]) -> None:
    """Compare the (z, dz) of every neuron that exists, row by row, with results of `weighted`."""
    assert len(taken) == len(expected)
    for payload, neurons in zip(taken, expected, strict=True):
        for slot, (z, dz, _, _) in enumerate(neurons):
            assert payload["value"][slot] == z
            assert not dz or payload["tangent"][slot] == dz


def overflow_of(neurons: list[Any]) -> int:
    """What a row of results of `weighted` shows in ``overflow``: bit 0 a z, bit 1 a dz clipped."""
    return any(over for _, _, over, _ in neurons) + 2 * any(over for _, _, _, over in neurons)


def drawn(d: Description) -> Perturbation:
    """The signs of the first batch, as if every lane perturbed every layer."""
    if not d.learns:
        weights = [np.zeros((0, n_out, n_in), np.int64) for n_in, n_out in d.shapes]
        return Perturbation(weights, [one[:, :, 0] for one in weights])
    everywhere = {"scope": "global", "directions": d.lanes, "masks": None, "frozen": []}
    learning = d.learning.model_copy(update=everywhere)
    whole = d.model_copy(update={"learning": learning})
    return SignDrawer(whole, seed_state(d.learning.seed)).draw()[0]


def drawn_words(d: Description, layer: Layer) -> list[tuple[int, int]]:
    """(lane, word) of all words of the first pass that belong to ``layer``, in order."""
    order = draw_order(d.learning.structure, d.lanes, d.shapes)
    words = RandomWords(seed_state(d.learning.seed)).words(len(order))
    pairs = zip(order, words, strict=True)
    return [
        (one.lane, word)
        for one, word in pairs
        if one.layer == layer.index and one.lane < d.lanes_built
    ]


def matrix(rng: random.Random, form: Format, n_out: int, n_in: int) -> Rows:
    """Random stored integers over the whole format."""
    return [[rng.randint(form.lowest, form.highest) for _ in range(n_in)] for _ in range(n_out)]


def frame(rng: random.Random, layer: Layer, d: Description) -> tuple[list[int], Rows]:
    """Random inputs of a layer over their whole range: values, and tangents [n_in][lanes].

    Where the layer skips, many of them are silent, and sometimes all.
    """
    lowest, highest = {
        "direct": (d.formats.input.lowest, d.formats.input.highest),
        "coded": (-1, 1),
        "spiking": (0, 1),
        "readout": (0, d.network.time_steps),
        "local": (0, d.network.time_steps),
    }[layer.kind]
    values = [rng.randint(lowest, highest) for _ in range(layer.n_in)]
    half = 1 << (layer.tangent_in_bits - 1) if layer.tangent_in_bits else 0
    tangents = [
        [rng.randint(-half, half - 1) if half else 0 for _ in range(d.lanes_built)] for _ in values
    ]
    if layer.skips:
        silence = rng.choice([0.3, 0.8, 1.0])
        for j in range(layer.n_in):
            if rng.random() < silence:
                values[j], tangents[j] = 0, [0] * d.lanes_built
            elif rng.random() < 0.5:
                values[j] = 0  # a tangent without a spike
    return values, tangents


def chunks(layer: Layer, values: list[int], tangents: Rows) -> list[dict[str, Any]]:
    """A frame as the payloads of a layer's input stream; 0 fills up the last chunk."""
    padding = layer.chunks * layer.simd - layer.n_in
    values = values + [0] * padding
    tangents = tangents + [[0] * len(tangents[0])] * padding
    payloads: list[dict[str, Any]] = []
    for start in range(0, len(values), layer.simd):
        payload: dict[str, Any] = {"value": values[start : start + layer.simd]}
        if layer.tangent_in_bits and tangents[0]:
            payload["tangent"] = tangents[start : start + layer.simd]
        payloads.append(payload)
    return payloads


def kept(layer: Layer, payloads: list[dict[str, Any]], *, learn: bool = True) -> list[int]:
    """The numbers of a frame's chunks that a zero skipper keeps; the last if all are silent."""
    loud = [
        n
        for n, payload in enumerate(payloads)
        if any(payload["value"]) or (learn and any(map(any, payload.get("tangent", []))))
    ]
    return loud or [layer.chunks - 1]


def flat(rows: Rows) -> list[int]:
    """Row by row in one list."""
    return [number for row in rows for number in row]


def dot(a: list[int], b: list[int]) -> int:
    """Sum of products."""
    return sum(x * y for x, y in zip(a, b, strict=True))


def exact_sums(
    w: list[int], v: Rows, values: list[int], tangents: Rows
) -> tuple[int, list[int], list[int]]:
    """One neuron's sum W a, and for every lane k sum W da and sum V a; ``v`` is [lane][input]."""
    lanes = range(len(v))
    moved = [dot(w, [tangent[k] for tangent in tangents]) for k in lanes]
    return dot(w, values), moved, [dot(v[k], values) for k in lanes]
