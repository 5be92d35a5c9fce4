"""The folding of every layer, chosen for a target rate or for a device.

A layer's clocks and area depend on its own pe and simd and on the next layer's simd, and nothing
else of a core depends on the folding; a local readout goes with the layer that it reads. So the
cheapest folding that keeps an interval is a shortest path through the layers, from simd to simd,
and is found exactly. What counts as cheap is the sum of the shares that a core takes of a device's
look-up tables, flip-flops, multipliers and block RAMs.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from dualspike.model.area import Area, layer_area, shared_area
from dualspike.model.description import Description
from dualspike.model.devices import DEVICES, Device
from dualspike.model.errors import BadInput
from dualspike.model.estimate import Use, uses
from dualspike.model.geometry import Layer, geometry, local_readout
from dualspike.model.load import describe

REFERENCE = DEVICES["ecp5-85f"]
_WIDEST = 128  # wider layers are split into powers of two only: fewer foldings to look at
RESOURCES = range(4)
"""Places in `model.estimate.uses`."""


@dataclass(frozen=True)
class Target:
    """``rate`` samples a second at ``clock`` MHz."""

    rate: float
    clock: float

    @property
    def interval(self) -> int:
        """Most clocks from one sample to the next; may be 0."""
        return int(self.clock * 1e6 / self.rate)

    def __str__(self) -> str:
        return f"{self.rate:,.10g} samples a second at {self.clock:g} MHz"


@dataclass(frozen=True)
class Folding:
    """``pe`` and ``simd`` of every layer, and the estimated area of the whole core."""

    pe: list[int]
    simd: list[int]
    area: Area

    def of(self, d: Description) -> Description:
        """The same description, folded like this."""
        tables = d.model_dump()
        tables["hardware"] |= {"pe": self.pe, "simd": self.simd}
        return describe(tables, "folding")


@dataclass(frozen=True)
class _Option:
    """One layer in one folding; ``shares`` of a device, in the order of `uses`."""

    layer: Layer
    clocks: int
    area: Area
    shares: list[float]


_Paths = dict[int, tuple[tuple[float, float], list[_Option]]]


class Search:
    """All foldings of a description, counted in the blocks of ``device``."""

    def __init__(self, d: Description, device: Device = REFERENCE) -> None:
        bare = d.hardware.model_copy(update={"pe": None, "simd": None})
        self._d = d.model_copy(update={"hardware": bare})
        self._g, self._device = geometry(self._d), device
        self._shared = shared_area(d, self._g, device.family)
        self._options = [list(self._foldings(layer)) for layer in self._g.chain]

    def _foldings(self, layer: Layer) -> Iterable[_Option]:
        g, last = self._g, layer.kind == "readout"
        family = self._device.family
        for next_simd in [1] if last else split(layer.n_out):
            parts = split(-(-layer.n_out // next_simd))
            for pe in sorted({min(layer.n_out, next_simd * part) for part in parts}):
                for simd in split(layer.n_in):
                    one = replace(layer, pe=pe, simd=simd, next_simd=next_simd)
                    outputs = layer.n_out * self._d.readouts
                    rest = outputs if last else g.time_steps * one.frame_cycles
                    area = layer_area(self._d, g, one, family)
                    if self._d.local and not last:
                        own = local_readout(self._d, one)
                        area += layer_area(self._d, g, own, family)
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
        area = sum((option.area for option in path), self._shared).rounded()
        return Folding([o.layer.pe for o in path], [o.layer.simd for o in path], area)

    def fitting(self, interval: int, budget: float) -> Folding | None:
        """A folding of at most ``interval`` clocks within ``budget``, a share of each resource.

        The cheapest, or else the one that saves most of a single resource.
        """
        for least in (None, *RESOURCES):
            folding = self.cheapest(interval, least)
            if folding and not excess(folding.area, self._device, budget):
                return folding
        return None

    def reaching(self, target: Target, budget: float | None = None) -> Folding:
        """The cheapest folding that reaches a rate, within a share of the device if one is given.

        Raises BadInput with how far one gets, or with what is short.
        """
        cheapest = self.cheapest(target.interval)
        if cheapest is None:
            least = self.intervals()[0]
            raise BadInput(
                f"no folding reaches {target}: full unrolling takes {least:,} clocks a sample,"
                f" {int(target.clock * 1e6 / least):,}"
            )
        if budget is None:
            return cheapest
        folding = self.fitting(target.interval, budget)
        if folding is None:
            raise BadInput(self._short(target.interval, budget, f"a folding for {target}"))
        return folding

    def fastest(self, budget: float) -> Folding:
        """The fastest folding within a share of the device; BadInput says what is short."""
        intervals = self.intervals()
        low, high = 0, len(intervals) - 1
        found = self.fitting(intervals[high], budget)
        if found is None:
            raise BadInput(self._short(intervals[high], budget, "the smallest folding"))
        while low < high:
            middle = (low + high) // 2
            folding = self.fitting(intervals[middle], budget)
            found, low, high = (folding, low, middle) if folding else (found, middle + 1, high)
        return found

    def _short(self, interval: int, budget: float, what: str) -> str:
        """A resource of which no folding saves enough, else one that the cheapest is short of."""
        for least in (*RESOURCES, None):
            folding = self.cheapest(interval, least)
            area = folding.area if folding else Area()
            over = excess(area, self._device, budget)
            if least is not None:
                over = [use for use in over if use == uses(area, self._device)[least]]
            if over:
                return shortage(over[0], self._device, budget, what)
        raise ValueError("a folding fits")


def split(n: int) -> list[int]:
    """Sizes worth splitting ``n`` things into: the least for each number of parts."""
    parts = range(1, n + 1) if n <= _WIDEST else [1 << power for power in range(n.bit_length())]
    return sorted({-(-n // part) for part in parts} | {1})


def excess(area: Area, device: Device, budget: float) -> list[Use]:
    """The resources of which an area takes more than this share of a device."""
    return [use for use in uses(area, device) if use.needed > budget * use.available]


def check_fits(area: Area, device: Device) -> None:
    """BadInput where a core of this area needs more of a resource than a device has."""
    over = excess(area, device, 1)
    if over:
        raise BadInput(shortage(over[0], device, 1, "this core"))


def shortage(use: Use, device: Device, budget: float, what: str) -> str:
    """One line: what a device, or a share of it, has too little of for something."""
    there = f"{device.name} has {use.available:,} {use.name}"
    share = f" ({100 * budget:g} % are {int(budget * use.available):,})" if budget < 1 else ""
    return f"{there}{share}, {what} needs about {use.needed:,}"
