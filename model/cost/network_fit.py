"""The folding of every layer, chosen for a target rate or for a device."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from dualspike.model.cost.area import Area
from dualspike.model.cost.devices import Device
from dualspike.model.cost.estimate import Use, chip_area, uses
from dualspike.model.cost.folding import REFERENCE, RESOURCES, Folding, PartSearch
from dualspike.model.cost.head_area import shared_area
from dualspike.model.description.description import Description
from dualspike.model.errors import BadInput
from dualspike.model.sizes.geometry import geometry
from dualspike.model.sizes.online import learning_interval


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


class Search(Protocol):
    """All foldings of a description."""

    def reaching(self, target: Target, budget: float | None = None) -> Description:
        """The cheapest folding that reaches a rate, within a share of the device if one is given.

        Raises BadInput with how far one gets, or with what is short.
        """
        ...

    def fastest(self, budget: float) -> Description:
        """The fastest folding within a share of the device; BadInput says what is short."""
        ...


class NetworkSearch:
    """All foldings of a perceptron, counted in the blocks of ``device``; see `Search`."""

    def __init__(self, d: Description, device: Device = REFERENCE) -> None:
        self._d, self._device = d, device
        self._part = PartSearch(d.parts[0], device)
        self._shared = shared_area(d, device.family)

    def fitting(self, interval: int, budget: float) -> Folding | None:
        """A folding of at most ``interval`` clocks within ``budget``, a share of each resource.

        The cheapest, or else the one that saves most of a single resource.
        """
        for least in (None, *RESOURCES):
            folding = self._part.cheapest(interval, least)
            if folding and not excess(self._area(folding), self._device, budget):
                return folding
        return None

    def reaching(self, target: Target, budget: float | None = None) -> Description:
        """See `Search.reaching`."""
        found = self._keeping(target, self._part.cheapest) or self._unrolled(target)
        if budget is None:
            return found
        fitting = self._keeping(target, lambda interval: self.fitting(interval, budget))
        return fitting or self._checked(found, target, budget)

    def _keeping(
        self, target: Target, choose: Callable[[int], Folding | None]
    ) -> Description | None:
        """The folding of an interval that keeps a target.

        Where layers that learn online wait for their changes, one that is faster by as much.
        """
        limit = target.interval
        while folding := choose(limit):
            d = folded(self._d, pe=folding.pe, simd=folding.simd)
            part = d.parts[0]
            over = learning_interval(part) - target.interval if d.online else 0
            if over <= 0:
                return d
            limit = min(limit, geometry(part).interval) - over
        return None

    def _unrolled(self, target: Target) -> Description:
        """Nothing folded; BadInput where even that does not keep a target."""
        n_in, n_out = zip(*self._d.shapes, strict=True)
        d = folded(self._d, pe=[*n_out], simd=[*n_in])
        least = learning_interval(d.parts[0]) if d.online else self._part.intervals()[0]
        if least > target.interval:
            raise BadInput(
                f"no folding reaches {target}: full unrolling takes {least:,} clocks a sample,"
                f" {int(target.clock * 1e6 / least):,}"
            )
        return d

    def _checked(self, found: Description, target: Target, budget: float) -> Description:
        """One that keeps a target and may fit where no other was found; else what is short."""
        what = f"a folding for {target}"
        if not found.online:
            raise BadInput(self._short(target.interval, budget, what))
        over = excess(chip_area(found, self._device.family), self._device, budget)
        if over:
            raise BadInput(shortage(over[0], self._device, budget, what))
        return found

    def fastest(self, budget: float) -> Description:
        """See `Search.fastest`."""
        intervals = self._part.intervals()
        low, high = 0, len(intervals) - 1
        found = self.fitting(intervals[high], budget)
        if found is None:
            raise BadInput(self._short(intervals[high], budget, "the smallest folding"))
        while low < high:
            middle = (low + high) // 2
            folding = self.fitting(intervals[middle], budget)
            found, low, high = (folding, low, middle) if folding else (found, middle + 1, high)
        return folded(self._d, pe=found.pe, simd=found.simd)

    def _area(self, folding: Folding) -> Area:
        return (folding.area + self._shared).rounded()

    def _short(self, interval: int, budget: float, what: str) -> str:
        """A resource of which no folding saves enough, else one that the cheapest is short of."""
        for least in (*RESOURCES, None):
            folding = self._part.cheapest(interval, least)
            area = self._area(folding) if folding else Area()
            over = excess(area, self._device, budget)
            if least is not None:
                over = [use for use in over if use == uses(area, self._device)[least]]
            if over:
                return shortage(over[0], self._device, budget, what)
        raise ValueError("a folding fits")


def folded(d: Description, **folding: int | list[int]) -> Description:
    """The same description with a folding that is known to be allowed."""
    return d.model_copy(update={"hardware": d.hardware.model_copy(update=folding)})


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
