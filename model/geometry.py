"""Derived sizes of every layer: folding, and widths that make every sum inside the chip exact.

Each layer multiplies a weight matrix with values a and their tangents da, whatever they are:

| kind    | values a                     | tangents da                   | once per |
|---------|------------------------------|-------------------------------|----------|
| direct  | inputs x                     | none (0)                      | sample   |
| coded   | spikes of inputs, -1, 0 or 1 | none (0)                      | step     |
| spiking | spikes, 0 or 1               | spike tangents dS             | step     |
| readout | spike counts, 0 to T         | sums of dS over T steps       | sample   |
"""

import math
from dataclasses import dataclass
from typing import Literal

from dualspike.model.description import Description
from dualspike.model.errors import BadInput
from dualspike.model.formats import signed_bits, unsigned_bits

Kind = Literal["direct", "coded", "spiking", "readout"]
WIDEST_SUM = 62
RECIPROCAL_BITS = 11
FACTOR_BITS = 18
"""Bits of a factor that the multipliers of most FPGAs take."""
FEEDBACK = 5
"""Clocks from a row of neurons to its next step where the reset is attached."""
PLACES = 32
"""More registers and buffers than a layer has in which a frame of one chunk can wait."""


@dataclass(frozen=True)
class Layer:
    """One weight layer. Widths in bits; ``*_fraction`` are bits behind the binary point.

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
    skips: bool = False

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
    """All layers, and the widths after the last one."""

    layers: tuple[Layer, ...]
    lanes: int
    error_bits: int
    loss_bits: int
    jvp_bits: int
    reciprocal: int
    reciprocal_shift: int
    time_steps: int

    @property
    def error_half(self) -> int:
        """Bits of the lower half of an error that is too wide to be squared at once, or 0."""
        return self.error_bits // 2 if self.error_bits > FACTOR_BITS else 0

    @property
    def limits(self) -> list[tuple[str, int]]:
        """What may set the pace, and the clocks of a sample it takes.

        The direct pass, T * each spiking pass, the readout pass, T * each layer's frame of rows,
        one clock for each output.
        """
        steps = self.time_steps
        limits = [
            (f"layer {layer.index} ({layer.kind})", self.sample_cycles(layer))
            for layer in self.layers
        ]
        for layer in self.layers[:-1]:
            limits.append((f"rows of layer {layer.index}", steps * layer.frame_cycles))
        return [*limits, ("outputs", self.layers[-1].n_out)]

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
    def least_interval(self) -> int:
        """`interval` of samples so silent that layers which skip take `least_cycles` a pass."""
        passes = [self.sample_cycles(layer) // layer.cycles for layer in self.layers]
        others = [clocks for _, clocks in self.limits[len(self.layers) :]]
        least = [n * layer.least_cycles for n, layer in zip(passes, self.layers, strict=True)]
        return max(*others, *least)


def _fold(d: Description, name: Literal["pe", "simd"]) -> list[int | None]:
    given = d.hardware.pe if name == "pe" else d.hardware.simd
    if given is None:
        return [None] * d.n_layers
    if len(given) != d.n_layers:
        raise BadInput(f"hardware.{name} must have {d.n_layers} entries, not {len(given)}")
    for layer, (value, shape) in enumerate(zip(given, d.shapes, strict=True)):
        highest = shape[0] if name == "simd" else shape[1]
        if value > highest:
            raise BadInput(f"hardware.{name}[{layer}] must be in [1, {highest}], not {value}")
    return list(given)


def geometry(d: Description) -> Geometry:
    """Sizes of every layer of ``d``; raises BadInput where a folding or a sum does not fit."""
    f, steps = d.formats, d.network.time_steps
    simd = [s or 1 for s in _fold(d, "simd")]
    pe = _fold(d, "pe")
    attached = d.network.reset == "attached" and d.lanes > 0
    coded = d.network.coding != "direct"
    budget = steps * max(
        -(-n_in // s) * -(-n_out // (p or n_out))
        for (n_in, n_out), s, p in list(zip(d.shapes, simd, pe, strict=True))[not coded :]
    )
    layers: list[Layer] = []
    for index, (n_in, n_out) in enumerate(d.shapes):
        kind: Kind = "spiking"
        if index in (0, d.n_layers - 1):
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
        highest = {"direct": -f.input.lowest, "readout": steps}.get(kind, 1)
        signed = kind in ("direct", "coded")
        value_bits = f.input.bits if kind == "direct" else signed + unsigned_bits(highest)
        factor_bits = {"spiking": 0, "coded": 1}.get(kind, value_bits)
        tangent_bits = 0 if signed else f.tangent.bits
        if kind == "readout":
            tangent_bits += math.ceil(math.log2(steps))
        grow = math.ceil(math.log2(n_in))
        layer = Layer(
            index=index,
            kind=kind,
            n_in=n_in,
            n_out=n_out,
            pe=width,
            simd=simd[index],
            next_simd=next_simd,
            value_bits=value_bits,
            value_signed=signed,
            value_fraction=f.input.fraction if kind == "direct" else 0,
            tangent_in_bits=tangent_bits,
            value_sum_bits=f.weight.bits + factor_bits + grow,
            tangent_sum_bits=f.weight.bits + tangent_bits + grow if tangent_bits else 0,
            sign_sum_bits=signed_bits(highest * n_in),
            feedback=FEEDBACK if attached and kind != "readout" else 0,
            skips=d.hardware.skip and not signed and width < n_out and chunks > 1,
        )
        layers.append(layer)
    power = steps & (steps - 1) == 0
    shift = math.ceil(math.log2(steps)) + (0 if power else RECIPROCAL_BITS)
    target = f.target.bits + f.membrane.fraction - f.target.fraction
    error_bits = max(f.membrane.bits, target) + 1
    grow = math.ceil(math.log2(d.learning.batch * d.network.layers[-1]))
    result = Geometry(
        layers=tuple(layers),
        lanes=d.lanes_built,
        error_bits=error_bits,
        loss_bits=2 * error_bits + grow,
        jvp_bits=error_bits + f.tangent.bits + grow,
        reciprocal=round(2**shift / steps),
        reciprocal_shift=shift,
        time_steps=steps,
    )
    _check_widths(d, result)
    return result


def aligned_sum(d: Description, layer: Layer) -> tuple[int, int, int]:
    """How a layer's tangent sums meet: (width, fraction, left shift of the sign sum).

    Weight times tangent has weight + tangent fraction bits, sign times value the value's own.
    """
    f = d.formats
    if not layer.tangent_in_bits:
        return layer.sign_sum_bits, layer.value_fraction, 0
    fraction = f.weight.fraction + f.tangent.fraction
    shift = fraction - layer.value_fraction
    return max(layer.tangent_sum_bits, layer.sign_sum_bits + shift) + 1, fraction, shift


def _check_widths(d: Description, g: Geometry) -> None:
    f = d.formats
    sums: list[tuple[str, int, str]] = []
    if d.learns:
        sums = [
            ("loss accumulator", g.loss_bits, "membrane or target, or the batch"),
            ("jvp accumulators", g.jvp_bits + 1, "membrane, target or tangent, or the batch"),
        ]
    for layer in g.layers:
        scale = g.reciprocal.bit_length() if layer.kind == "readout" else 0
        left = max(0, f.membrane.fraction - f.weight.fraction - layer.value_fraction)
        moved = aligned_sum(d, layer)[0] if d.learns else 0
        bits = max(layer.value_sum_bits + left, moved) + scale + 1
        sums.append((f"sums of layer {layer.index}", bits, "weight, tangent, membrane or input"))
    for name, bits, narrow in sums:
        if bits > WIDEST_SUM:
            raise BadInput(
                f"formats must keep the {name} within {WIDEST_SUM} bits, these need {bits}:"
                f" narrow {narrow}"
            )
