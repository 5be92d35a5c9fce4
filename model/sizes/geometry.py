"""Derived sizes of a part: its layers, what sets their pace, and checks that every sum fits."""

import math
from dataclasses import dataclass
from typing import Literal

from dualspike.model.ceil_div import ceil_div
from dualspike.model.description.part import Part
from dualspike.model.errors import BadInput
from dualspike.model.once import once
from dualspike.model.sizes.layers import (
    STEPWISE,
    Kind,
    Layer,
    aligned_sum,
    local_readout,
    make_layer,
)

WIDEST_SUM = 62
RECIPROCAL_BITS = 11


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
        outputs = sum(layer.reads_out for layer in layers) + steps * (chain[-1].kind == "output")
        return [*limits, ("outputs", chain[-1].n_out * outputs)]

    def sample_cycles(self, layer: Layer) -> int:
        """Clocks in which a layer's multipliers are at work for one sample."""
        return layer.pass_cycles * (self.time_steps if layer.every_step else 1)

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
        passes = [self.time_steps if layer.every_step else 1 for layer in self.layers]
        others = [clocks for _, clocks in self.limits[len(self.layers) :]]
        least = [n * layer.least_cycles for n, layer in zip(passes, self.layers, strict=True)]
        return max(*others, *least)

    @property
    def targets_kept(self) -> int:
        """Targets that wait on the chip for the readouts of a sample, where there are local ones.

        Those of all samples that may be between the first hidden layer and the readout at once,
        whatever the folding, as a power of two. A sample is in a layer for no more than cycles +
        frame_cycles + chunks + registers clocks (`model.sizes.cycles`); each of the first three
        is within the interval / T but for the readout, where it is within the interval.
        """
        clocks = 3 + max(layer.registers for layer in self.layers)
        samples = 6 + clocks * len(self.chain[1:]) // self.time_steps
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
        ceil_div(n_in, s) * ceil_div(n_out, p or n_out)
        for (n_in, n_out), s, p in list(zip(d.network.shapes, simd, pe, strict=True))[not coded :]
    )
    layers: list[Layer] = []
    last = len(d.network.shapes) - 1
    for index, (n_in, n_out) in enumerate(d.network.shapes):
        kind: Kind = "spiking"
        if index in (0, last):
            last_kind: Kind = "output" if d.online and not d.by_sample else "readout"
            first_kind: Kind = "frames" if d.numbers else "coded" if coded else "direct"
            kind = last_kind if index else first_kind
        next_simd = 1 if index == last else simd[index + 1]
        chunks = ceil_div(n_in, simd[index])
        width = pe[index]
        if width is None:
            # A change of a sample takes a pass of it and all its steps, which go two samples on.
            fits = max(1, budget // (2 if d.online else 1) // chunks)
            width = n_out if kind in STEPWISE else ceil_div(n_out, fits)
            width = min(n_out, ceil_div(width, next_simd) * next_simd)
        if width != n_out and width % next_simd:
            raise BadInput(
                f"hardware.pe[{index}] must be {n_out} or a multiple of the next layer's simd"
                f" {next_simd}, not {width}"
            )
        layer = make_layer(d, index, kind, index - 1, (n_in, n_out), width, simd[index], next_simd)
        layers.append(layer)
    layers += [local_readout(d, layer) for layer in layers[:-1]] if d.learning.local else []
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
