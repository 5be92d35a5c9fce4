"""Derived sizes of the layers of a part: folding, and widths that make every sum exact.

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

from dualspike.model.errors import BadInput
from dualspike.model.formats import signed_bits, unsigned_bits
from dualspike.model.once import once
from dualspike.model.part import Part

Kind = Literal["direct", "coded", "spiking", "readout", "local"]
WIDEST_SUM = 62
RECIPROCAL_BITS = 11
FEEDBACK = 5
"""Clocks from a row of neurons to its next step where the reset is attached."""
PLACES = 32
"""More registers and buffers than a layer has in which a frame of one chunk can wait."""


@dataclass(frozen=True)
class Layer:
    """One weight layer. Widths in bits; ``*_fraction`` are bits behind the binary point.

    ``source`` is the layer whose neurons it reads, -1 for the inputs.
    ``feedback`` is the number of clocks after which its neurons can take the next step of a row,
    0 where they need not wait.
    ``skips``: a `hw.sieve` leaves out its silent chunks. Never in the direct layer, whose inputs
    are no spikes, and not with one group, which takes each chunk in the clock that brings it.
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
    skips: bool = False

    @property
    def reads_out(self) -> bool:
        """Whether it reads means over T and no neurons are behind it."""
        return self.kind in ("readout", "local")

    @property
    def every_step(self) -> bool:
        """Whether it passes over its weights at every step, and so for spikes."""
        return self.kind in ("spiking", "coded")

    @property
    def groups(self) -> int:
        """Groups of ``pe`` neurons computed one after the other."""
        return -(-self.n_out // self.pe)

    @property
    def chunks(self) -> int:
        """Chunks of ``simd`` inputs taken one after the other."""
        return -(-self.n_in // self.simd)

    @property
    def rows(self) -> int:
        """Rows of ``next_simd`` neurons in which the layer's results leave it."""
        return -(-self.n_out // self.next_simd)

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
        """Cycles of a pass whose inputs are all silent; the same as ``cycles`` without a sieve."""
        return max(self.groups, self.chunks) if self.skips else self.cycles


def most_inside(layers: int) -> int:
    """Samples that a chain of so many weight layers holds at most.

    A sample waits in the registers and buffers of streams: with a single step and layers of one
    chunk in one place, else in more. A layer has fewer than `PLACES`, with its neurons and all
    that is around it.
    """
    return PLACES * (layers + 1)


@dataclass(frozen=True)
class Geometry:
    """All layers of a part, local readouts last; a mean over T is times reciprocal / 2^shift."""

    layers: tuple[Layer, ...]
    lanes: int
    reciprocal: int
    reciprocal_shift: int
    time_steps: int

    @property
    def chain(self) -> tuple[Layer, ...]:
        """The layers of the network itself, its readout last."""
        return tuple(layer for layer in self.layers if layer.kind != "local")

    @property
    def local(self) -> tuple[Layer, ...]:
        """The local readouts, by depth."""
        return self.layers[len(self.chain) :]

    @property
    def limits(self) -> list[tuple[str, int]]:
        """What may set the pace, and the clocks of a sample it takes.

        The direct pass, T * each spiking pass, the readout passes, T * each layer's frame of rows,
        one clock for each output of each readout.
        """
        return self._limits(self.layers)

    def _limits(self, layers: tuple[Layer, ...]) -> list[tuple[str, int]]:
        steps, chain = self.time_steps, self.chain
        limits = [
            (f"layer {layer.index} ({layer.kind})", self.sample_cycles(layer)) for layer in layers
        ]
        for layer in chain[:-1]:
            limits.append((f"rows of layer {layer.index}", steps * layer.frame_cycles))
        return [*limits, ("outputs", chain[-1].n_out * sum(layer.reads_out for layer in layers))]

    def sample_cycles(self, layer: Layer) -> int:
        """Clocks in which a layer's multipliers are at work for one sample."""
        return layer.cycles * (self.time_steps if layer.every_step else 1)

    @property
    def interval(self) -> int:
        """Clocks from one sample to the next, when no stream stalls: the highest of `limits`.

        Where layers skip this is the most, and `least_interval` the least.
        """
        return max(clocks for _, clocks in self.limits)

    @property
    def inference_interval(self) -> int:
        """`interval` while nothing is learned, when the local readouts stand still."""
        return max(clocks for _, clocks in self._limits(self.chain))

    @property
    def least_interval(self) -> int:
        """`interval` of samples so silent that layers which skip take `least_cycles` a pass."""
        passes = [self.sample_cycles(layer) // layer.cycles for layer in self.layers]
        others = [clocks for _, clocks in self.limits[len(self.layers) :]]
        least = [n * layer.least_cycles for n, layer in zip(passes, self.layers, strict=True)]
        return max(*others, *least)

    @property
    def targets_kept(self) -> int:
        """Targets that wait on the chip for the readouts of a sample, where there are local ones.

        Those of all samples that may be between the first hidden layer and the readout at once,
        whatever the folding, as a power of two. A sample is in a layer for no more than cycles +
        frame_cycles + chunks + 16 clocks (`model.cycles`); each of the first three is within the
        interval / T but for the readout, where it is within the interval.
        """
        samples = 6 + 19 * len(self.chain[1:]) // self.time_steps
        return 1 << (samples * self.chain[-1].n_out - 1).bit_length()


def _fold(d: Part, name: Literal["pe", "simd"]) -> list[int | None]:
    given = d.pe if name == "pe" else d.simd
    if given is None:
        return [None] * len(d.network.shapes)
    if len(given) != len(d.network.shapes):
        raise BadInput(
            f"hardware.{name} must have {len(d.network.shapes)} entries, not {len(given)}"
        )
    for layer, (value, shape) in enumerate(zip(given, d.network.shapes, strict=True)):
        highest = shape[0] if name == "simd" else shape[1]
        if value > highest:
            raise BadInput(f"hardware.{name}[{layer}] must be in [1, {highest}], not {value}")
    return list(given)


@once
def geometry(d: Part) -> Geometry:
    """Sizes of every layer of a part; raises BadInput where a folding or a sum does not fit."""
    steps = d.network.time_steps
    simd = [s or 1 for s in _fold(d, "simd")]
    pe = _fold(d, "pe")
    coded = d.network.coding != "direct"
    budget = steps * max(
        -(-n_in // s) * -(-n_out // (p or n_out))
        for (n_in, n_out), s, p in list(zip(d.network.shapes, simd, pe, strict=True))[not coded :]
    )
    layers: list[Layer] = []
    last = len(d.network.shapes) - 1
    for index, (n_in, n_out) in enumerate(d.network.shapes):
        kind: Kind = "spiking"
        if index in (0, last):
            kind = "readout" if index else "coded" if coded else "direct"
        next_simd = 1 if kind == "readout" else simd[index + 1]
        chunks = -(-n_in // simd[index])
        width = pe[index]
        if width is None:
            fits = max(1, budget // chunks)
            width = n_out if kind in ("spiking", "coded") else -(-n_out // fits)
            width = min(n_out, -(-width // next_simd) * next_simd)
        if width != n_out and width % next_simd:
            raise BadInput(
                f"hardware.pe[{index}] must be {n_out} or a multiple of the next layer's simd"
                f" {next_simd}, not {width}"
            )
        layer = _layer(d, index, kind, index - 1, (n_in, n_out), width, simd[index], next_simd)
        layers.append(layer)
    layers += [local_readout(d, layer) for layer in layers[:-1]] if d.local else []
    power = steps & (steps - 1) == 0
    shift = math.ceil(math.log2(steps)) + (0 if power else RECIPROCAL_BITS)
    result = Geometry(
        layers=tuple(layers),
        lanes=d.lanes,
        reciprocal=round(2**shift / steps),
        reciprocal_shift=shift,
        time_steps=steps,
    )
    _check_widths(d, result)
    return result


def _layer(
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
    )
    many = layer.groups > 1 and layer.chunks > 1
    return replace(layer, skips=d.skip and kind in ("spiking", "readout") and many)


def local_readout(d: Part, layer: Layer) -> Layer:
    """The readout of a hidden layer's own loss.

    It takes the layer's rows as they come, with the least pe that makes it no slower than T
    frames of these: ceil(n_out / pe) <= T.
    """
    n_out, place = d.network.layers[-1], len(d.network.shapes) + layer.index
    pe = -(-n_out // d.network.time_steps)
    return _layer(d, place, "local", layer.index, (layer.n_out, n_out), pe, layer.next_simd, 1)


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


def _check_widths(d: Part, g: Geometry) -> None:
    f = d.formats
    for layer in g.layers:
        scale = g.reciprocal.bit_length() if layer.reads_out else 0
        left = max(0, f.membrane.fraction - f.weight.fraction - layer.value_fraction)
        moved = aligned_sum(d, layer)[0] if d.lanes else 0
        bits = max(layer.value_sum_bits + left, moved) + scale + 1
        narrow = "weight, tangent, membrane or input"
        check_sum(f"sums of layer {layer.index}", bits, narrow)


def check_sum(name: str, bits: int, narrow: str) -> None:
    """Raise BadInput where a sum is wider than `WIDEST_SUM`; ``narrow`` names the formats in it."""
    if bits > WIDEST_SUM:
        raise BadInput(
            f"formats must keep the {name} within {WIDEST_SUM} bits, these need {bits}:"
            f" narrow {narrow}"
        )
