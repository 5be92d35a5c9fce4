"""The cheapest folding of a part that keeps an interval.

A layer's clocks and area depend on its own pe and simd and on the next layer's simd, and nothing
else of a chip depends on the folding; a local readout goes with the layer that it reads. So the
cheapest folding that keeps an interval is a shortest path through the layers, from simd to simd,
and is found exactly. What counts as cheap is the sum of the shares that a chip takes of a device's
look-up tables, flip-flops, multipliers and block RAMs.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from dualspike.model.ceil_div import ceil_div
from dualspike.model.cost.area import Area
from dualspike.model.cost.devices import DEVICES, Device
from dualspike.model.cost.estimate import uses
from dualspike.model.cost.layer_area import layer_area
from dualspike.model.description.part import Part
from dualspike.model.sizes.geometry import geometry
from dualspike.model.sizes.layers import Layer, local_readout

REFERENCE = DEVICES["ecp5-85f"]
_WIDEST = 128  # wider layers are split into powers of two only: fewer foldings to look at
RESOURCES = range(4)
"""Places in `model.cost.estimate.uses`."""


@dataclass(frozen=True)
class Folding:
    """``pe`` and ``simd`` of every layer of a part, and the estimated area of these layers."""

    pe: list[int]
    simd: list[int]
    area: Area


@dataclass(frozen=True)
class _Option:
    """One layer in one folding; ``shares`` of a device, in the order of `uses`."""

    layer: Layer
    clocks: int
    area: Area
    shares: list[float]


_Paths = dict[int, tuple[tuple[float, float], list[_Option]]]


class PartSearch:
    """All foldings of a part, counted in the blocks of ``device``."""

    def __init__(self, part: Part, device: Device = REFERENCE) -> None:
        self._part = replace(part, pe=None, simd=None)
        self._g, self._device = geometry(self._part), device
        self._options = [list(self._foldings(layer)) for layer in self._g.chain]

    def _foldings(self, layer: Layer) -> Iterable[_Option]:
        g, last = self._g, layer is self._g.chain[-1]
        family = self._device.family
        for next_simd in [1] if last else split(layer.n_out):
            parts = split(ceil_div(layer.n_out, next_simd))
            for pe in sorted({min(layer.n_out, next_simd * part) for part in parts}):
                for simd in split(layer.n_in):
                    one = replace(layer, pe=pe, simd=simd, next_simd=next_simd)
                    every = g.time_steps if layer.every_step else self._part.readouts
                    outputs = layer.n_out * every
                    rest = outputs if last else g.time_steps * one.frame_cycles
                    area = layer_area(self._part, g, one, family)
                    if self._part.learning.local and not last:
                        own = local_readout(self._part, one)
                        area += layer_area(self._part, g, own, family)
                    shares = [use.share for use in uses(area, self._device)]
                    yield _Option(one, max(g.sample_cycles(one), rest), area, shares)

    def intervals(self) -> list[int]:
        """All intervals that a folding may have, in order."""
        fastest = max(min(option.clocks for option in options) for options in self._options)
        found = {option.clocks for options in self._options for option in options}
        return sorted(clocks for clocks in found if clocks >= fastest)

    def cheapest(self, interval: int, least: int | None = None) -> Folding | None:
        """The cheapest folding that takes at most ``interval`` clocks a sample, None without one.

        ``least``, a place in `uses`, makes that resource the first thing to save.
        """
        best: _Paths = {1: ((0.0, 0.0), [])}
        for options in reversed(self._options):
            reached: _Paths = {}
            for option in options:
                if option.clocks > interval or option.layer.next_simd not in best:
                    continue
                (first, second), path = best[option.layer.next_simd]
                saved = 0.0 if least is None else option.shares[least]
                cost = (first + saved, second + sum(option.shares))
                simd = option.layer.simd
                if simd not in reached or cost < reached[simd][0]:
                    reached[simd] = cost, [option, *path]
            best = reached
        if not best:
            return None
        path = min(best.values(), key=lambda found: found[0])[1]
        area = sum((option.area for option in path), Area())
        return Folding([o.layer.pe for o in path], [o.layer.simd for o in path], area)


def split(n: int) -> list[int]:
    """Sizes worth splitting ``n`` things into: the least for each number of parts."""
    parts = range(1, n + 1) if n <= _WIDEST else [1 << power for power in range(n.bit_length())]
    return sorted({ceil_div(n, part) for part in parts} | {1})
