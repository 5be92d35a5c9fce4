"""One weight layer of a part: its kind, its folding, and widths that make every sum exact.

Each layer multiplies a weight matrix with values a and their tangents da, whatever they are:

| kind    | values a                     | tangents da                   | once per |
|---------|------------------------------|-------------------------------|----------|
| direct  | inputs x                     | none (0)                      | sample   |
| coded   | spikes of inputs, -1, 0 or 1 | none (0)                      | step     |
| spiking | spikes, 0 or 1               | spike tangents dS             | step     |
| readout | spike counts, 0 to T         | sums of dS over T steps       | sample   |
| local   | the same, of a hidden layer  | the same                      | sample   |
"""

import math
from dataclasses import dataclass, replace
from typing import Literal

from dualspike.model.ceil_div import ceil_div
from dualspike.model.description.format import signed_bits, unsigned_bits
from dualspike.model.description.part import Part

Kind = Literal["direct", "coded", "spiking", "readout", "local"]
FEEDBACK = 5
"""Clocks from a row of neurons to its next step where the reset is attached."""
PLACES = 32
"""More registers and buffers than a layer has in which a frame of one chunk can wait."""


@dataclass(frozen=True)
class Layer:
    """One weight layer. Widths in bits; ``*_fraction`` are bits after the binary point.

    ``source`` is the layer whose neurons it reads, -1 for the inputs.
    ``feedback`` is the number of clocks after which its neurons can take the next step of a row,
    0 where they need not wait.
    ``multiply`` is the number of clocks that its products take, whichever they are.
    ``skips``: a `hw.layer.zero_skipper` leaves out its silent chunks. Never in the direct layer,
    whose inputs are no spikes, and not with one group, which takes each chunk in the clock that
    brings it.
    """

    index: int
    kind: Kind
    n_in: int
    n_out: int
    pe: int
    simd: int
    next_simd: int
    value_bits: int
    value_signed: bool
    value_fraction: int
    tangent_in_bits: int
    value_sum_bits: int
    tangent_sum_bits: int
    sign_sum_bits: int
    feedback: int
    source: int
    multiply: int = 1
    skips: bool = False

    @property
    def reads_out(self) -> bool:
        """Whether it reads means over T and no neurons are after it."""
        return self.kind in ("readout", "local")

    @property
    def every_step(self) -> bool:
        """Whether it passes over its weights at every step, and so for spikes."""
        return self.kind in ("spiking", "coded")

    @property
    def groups(self) -> int:
        """Groups of ``pe`` neurons computed one after the other."""
        return ceil_div(self.n_out, self.pe)

    @property
    def chunks(self) -> int:
        """Chunks of ``simd`` inputs taken one after the other."""
        return ceil_div(self.n_in, self.simd)

    @property
    def rows(self) -> int:
        """Rows of ``next_simd`` neurons in which the layer's results leave it."""
        return ceil_div(self.n_out, self.next_simd)

    @property
    def group_rows(self) -> int:
        """Rows in which the results of a group leave the layer."""
        return ceil_div(min(self.pe, self.n_out), self.next_simd)

    @property
    def last_group_rows(self) -> int:
        """Rows of the last group of a frame."""
        return ceil_div(self.n_out - (self.groups - 1) * self.pe, self.next_simd)

    @property
    def row_places(self) -> int:
        """Rows in its buffer: one more than enter it from a chunk's way in to its row's out."""
        return 5 + self.multiply

    @property
    def frame_cycles(self) -> int:
        """Least cycles from one step of the layer's neurons to the next: max(rows, feedback)."""
        return max(self.rows, self.feedback)

    @property
    def cycles(self) -> int:
        """Cycles of one pass over the weights: ceil(n_out / pe) * ceil(n_in / simd)."""
        return self.groups * self.chunks

    @property
    def least_cycles(self) -> int:
        """Cycles of a pass whose inputs are all silent; ``cycles`` without a zero skipper."""
        return max(self.groups, self.chunks) if self.skips else self.cycles


def most_inside(layers: int) -> int:
    """Samples that a chain of so many weight layers holds at most.

    A sample waits in the registers and buffers of streams: with a single step and layers of one
    chunk in one place, else in more. A layer has fewer than `PLACES`, with its neurons and all
    that is around it.
    """
    return PLACES * (layers + 1)


def make_layer(
    d: Part,
    index: int,
    kind: Kind,
    source: int,
    shape: tuple[int, int],
    pe: int,
    simd: int,
    next_simd: int,
) -> Layer:
    """A layer with its widths."""
    f, steps, n_in = d.formats, d.network.time_steps, shape[0]
    attached = d.network.reset == "attached" and d.lanes > 0
    reads_out = kind in ("readout", "local")
    highest = -f.input.lowest if kind == "direct" else steps if reads_out else 1
    signed = kind in ("direct", "coded")
    value_bits = f.input.bits if kind == "direct" else signed + unsigned_bits(highest)
    factor_bits = {"spiking": 0, "coded": 1}.get(kind, value_bits)
    tangent_bits = 0 if signed else f.tangent.bits
    if reads_out:
        tangent_bits += math.ceil(math.log2(steps))
    multiplies = kind not in ("spiking", "coded") or (d.lanes > 0 and not signed)
    grow = math.ceil(math.log2(n_in))
    layer = Layer(
        index=index,
        kind=kind,
        n_in=n_in,
        n_out=shape[1],
        pe=pe,
        simd=simd,
        next_simd=next_simd,
        value_bits=value_bits,
        value_signed=signed,
        value_fraction=f.input.fraction if kind == "direct" else 0,
        tangent_in_bits=tangent_bits,
        value_sum_bits=f.weight.bits + factor_bits + grow,
        tangent_sum_bits=f.weight.bits + tangent_bits + grow if tangent_bits else 0,
        sign_sum_bits=signed_bits(highest * n_in),
        feedback=FEEDBACK if attached and not reads_out else 0,
        source=source,
        multiply=d.depth.multiply if multiplies else 1,
    )
    many = layer.groups > 1 and layer.chunks > 1
    return replace(layer, skips=d.skip and kind in ("spiking", "readout") and many)


def local_readout(d: Part, layer: Layer) -> Layer:
    """The readout of a hidden layer's own loss.

    It takes the layer's rows as they come, with the least pe that makes it no slower than T
    frames of these: ceil(n_out / pe) <= T.
    """
    n_out, place = d.network.layers[-1], len(d.network.shapes) + layer.index
    pe = ceil_div(n_out, d.network.time_steps)
    return make_layer(d, place, "local", layer.index, (layer.n_out, n_out), pe, layer.next_simd, 1)


def aligned_sum(d: Part, layer: Layer) -> tuple[int, int, int]:
    """How a layer's tangent sums meet: (width, fraction, left shift of the sign sum).

    Weight times tangent has weight + tangent fraction bits, sign times value the value's own.
    """
    f = d.formats
    if not layer.tangent_in_bits:
        return layer.sign_sum_bits, layer.value_fraction, 0
    fraction = f.weight.fraction + f.tangent.fraction
    shift = fraction - layer.value_fraction
    return max(layer.tangent_sum_bits, layer.sign_sum_bits + shift) + 1, fraction, shift
