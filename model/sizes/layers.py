"""One weight layer of a part: its kind, its folding, and widths that make every sum exact.

Each layer multiplies a weight matrix with values a and their tangents da, whatever they are:

| kind    | values a                     | tangents da                   | once per |
|---------|------------------------------|-------------------------------|----------|
| direct  | inputs x                     | none (0)                      | sample   |
| coded   | spikes of inputs, -1, 0 or 1 | none (0)                      | step     |
| frames  | numbers in every step        | none (0)                      | step     |
| spiking | spikes, 0 or 1               | spike tangents dS             | step     |
| readout | spike counts, 0 to T         | sums of dS over T steps       | sample   |
| local   | the same, of a hidden layer  | the same                      | sample   |
| output  | spikes, 0 or 1               | spike tangents dS             | step     |

An output layer is the readout of a chip that learns online in every step. With that learner every
layer has tangent lanes of its own (``lanes_in``): those that begin in the neurons of the layers
before it. Where it learns in every step those of the last of these are -1, 0 or 1; others are
numbers in the tangent format.
"""

import math
from dataclasses import dataclass, replace
from typing import Literal

from dualspike.model.ceil_div import ceil_div
from dualspike.model.description.format import signed_bits, unsigned_bits
from dualspike.model.description.part import Part
from dualspike.model.interface.ecc import code_of
from dualspike.model.sizes.depth import LONG, is_deep

Kind = Literal["direct", "coded", "frames", "spiking", "readout", "local", "output"]
STEPWISE = ("spiking", "coded", "frames", "output")
"""Kinds of layers that pass over their weights at every step."""
SPIKES = ("spiking", "coded", "output")
"""Those that do so for spikes; the values of others are numbers, and weights times these."""
SAMPLE_LAG = 2
"""Samples after which a change of a layer lands that works once a sample."""
LEAST_PASS = 4
"""Clocks from a row of weights that changes to the same row in the next pass, at least."""
ROWS_APART = 3
"""Rows from which on a membrane is not needed again before it was written a clock late."""
PLACES = 32
"""More registers and buffers than a layer has in which a frame of one chunk can wait."""


@dataclass(frozen=True)
class Layer:
    """One weight layer. Widths in bits; ``*_fraction`` are bits after the binary point.

    ``source`` is the layer whose neurons it reads, -1 for the inputs.
    ``feedback`` is the number of clocks after which its neurons can take the next step of a row,
    0 where they need not wait.
    ``multiply`` is the number of clocks that its products take, whichever they are, ``derive`` that
    of the products f dU of its neurons. ``integrate`` is 1 where a membrane's sum has a clock for
    itself. ``requantize`` clocks pass from a row of sums to its result. ``ahead``: what block RAMs
    give comes through a register of theirs, so they are read a clock ahead; ``fetch`` is 1 where a
    chunk waits a clock for its weights because of that. ``spread`` is that of `Depth`.
    ``lanes_in`` are the tangent lanes of an online learner that come in, the last ``own_lanes`` of
    them as numbers of two bits; ``lag`` is how many passes late a change of its weights lands, or
    how many samples where it changes once a sample.
    ``skips``: a `hw.layer.zero_skipper` leaves out its silent chunks. Never in the direct layer,
    whose inputs are no spikes, and not with one group, which takes each chunk in the clock that
    brings it. Where weights change in their pass a `hw.layer.online.skipper` does so, with
    `LEAST_PASS` groups and more, so that a row has been written before it comes again.
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
    derive: int = 1
    integrate: int = 0
    requantize: int = 2
    ahead: bool = False
    fetch: int = 0
    spread: bool = False
    skips: bool = False
    lanes_in: int = 0
    own_lanes: int = 0
    lag: int = 0

    @property
    def reads_out(self) -> bool:
        """Whether it reads means over T and no neurons are after it."""
        return self.kind in ("readout", "local")

    @property
    def every_step(self) -> bool:
        """Whether it passes over its weights at every step."""
        return self.kind in STEPWISE

    @property
    def numbers(self) -> bool:
        """Whether its values are numbers that weights are multiplied by, and not spikes."""
        return self.kind not in SPIKES

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
        """Rows in its buffer: one more than are on their way as a group's last chunk comes.

        From there to where a row leaves the buffer it is 4 + ``fetch`` + ``multiply`` clocks.
        Weights that change on the way make it longer. One place takes no row in every clock.
        """
        way = 4 + self.fetch + self.multiply + (6 + self.multiply if self.lag else 0)
        return max(1 + self._under_way(way, 0), min(self.group_rows, 2))

    @property
    def result_places(self) -> int:
        """Rows that may be in its requantizer: one more than are on their way as one is taken.

        It is ``requantize`` + 1 clocks.
        """
        return 1 + self._under_way(1 + self.requantize, self.group_rows - 1)

    def _under_way(self, clocks: int, place: int) -> int:
        """Most rows that were taken in the ``clocks`` before row ``place`` of a group.

        A group of r rows, one a clock, comes every I = max(``chunks``, r) clocks, so the clock k
        before had a row if (place - k) mod I < r. One a clock is the most there can be: so it is
        counted where a skipper leaves out chunks, where weights change in their pass, and in a
        ``spread`` chip.
        """
        rows, every = self.group_rows, max(self.chunks, self.group_rows)
        if self.spread or self.skips or self.lag:
            return clocks
        return sum((place - k) % every < rows for k in range(1, clocks + 1))

    @property
    def fire_cycles(self) -> int:
        """Clocks in which its neurons turn a row of results into spikes and their tangents."""
        return 3 + self.integrate + self.derive

    @property
    def spike_places(self) -> int:
        """Rows that may be in its neurons: 2 more than one is clocks on its way to the end."""
        return 2 + self.fire_cycles

    @property
    def holds_chunks(self) -> bool:
        """Whether what keeps something for each of its chunks is a block RAM with a register."""
        return self.ahead and self.chunks >= LONG

    @property
    def holds_rows(self) -> bool:
        """Whether what keeps something for each of its rows is a block RAM with a register."""
        return self.ahead and self.rows >= LONG

    @property
    def registers(self) -> int:
        """Clocks that registers and buffers add to a row's way, in the layer and all around it."""
        repeaters = (self.groups > 1 and self.holds_chunks) + (
            self.kind == "direct" and self.holds_rows
        )
        return 14 + self.fetch + self.multiply + self.integrate + self.derive + repeaters

    @property
    def frame_cycles(self) -> int:
        """Least cycles from one step of the layer's neurons to the next: max(rows, feedback)."""
        return max(self.rows, self.feedback)

    @property
    def cycles(self) -> int:
        """Cycles of one pass over the weights: ceil(n_out / pe) * ceil(n_in / simd)."""
        return self.groups * self.chunks

    @property
    def pass_cycles(self) -> int:
        """Cycles from one pass to the next: weights that change must have been written back."""
        return max(self.cycles, LEAST_PASS) if self.lag else self.cycles

    @property
    def least_cycles(self) -> int:
        """Cycles of a pass whose inputs are all silent; ``pass_cycles`` without a zero skipper."""
        return max(self.groups, self.chunks) if self.skips else self.pass_cycles


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
    given = kind in ("direct", "frames")
    highest = -f.input.lowest if given else steps if reads_out else 1
    signed = given or kind == "coded"
    value_bits = f.input.bits if given else signed + unsigned_bits(highest)
    factor_bits = {"spiking": 0, "coded": 1, "output": 0}.get(kind, value_bits)
    tangent_bits = 0 if signed else f.tangent.bits
    if reads_out:
        tangent_bits += math.ceil(math.log2(steps))
    mean = reads_out and steps & (steps - 1) != 0
    multiplies = kind not in SPIKES or (d.lanes > 0 and not signed) or d.by_sample
    factors = (
        f.weight.bits,
        value_bits + (not signed),
        tangent_bits if d.lanes or d.by_sample else 0,
    )
    derive = d.depth.product(f.tangent.bits, f.surrogate.bits + 1)
    apart = not (d.online or reads_out) and ceil_div(shape[1], next_simd) >= ROWS_APART
    integrate = d.depth.membrane if apart else 0
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
        feedback=4 + integrate + derive if attached and not reads_out else 0,
        source=source,
        multiply=d.depth.product(*factors) if multiplies else 1,
        derive=derive if (d.lanes or d.by_sample) and not reads_out else 1,
        integrate=integrate,
        requantize=3 if mean else 2,
        spread=d.depth.spread,
    )
    if d.online:
        spaced = layer.groups >= LEAST_PASS and layer.chunks > 1
        skips = d.skip and layer.every_step and spaced
        return replace(layer, skips=skips, **_online(d, layer))
    many = layer.groups > 1 and layer.chunks > 1
    skips = d.skip and kind in ("spiking", "readout") and many
    deep = is_deep(code_of(d.protection, f.weight.bits).bits, layer.cycles) and not skips
    ahead = d.depth.fetch > 0
    return replace(layer, skips=skips, ahead=ahead, fetch=d.depth.fetch if deep else 0)


def _online(d: Part, layer: Layer) -> dict[str, int]:
    """Lanes and lag of a layer of an online learner.

    A layer that works once a sample is two samples late; another one as many steps as there are
    layers from it to the output, and one more, so that nothing waits for what comes back. Where
    layers change once a sample all are two samples late, in a part of an operator chip as late as
    a batch has rows.
    """
    if d.by_sample:
        return {"lanes_in": layer.index * d.own_lanes, "lag": d.rows or SAMPLE_LAG}
    own = d.own_lanes if layer.index else 0
    lag = len(d.shapes) + 1 - layer.index if layer.every_step else SAMPLE_LAG
    return {"lanes_in": layer.index * d.own_lanes, "own_lanes": own, "lag": lag}


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
