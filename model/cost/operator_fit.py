"""The folding of an operator chip, chosen for a target rate or for a device.

A batch takes the clocks ``fill`` for the trunks' rows, then ``interval`` clocks for each function,
and some around it (`model.sizes.cycles`). Once both are given, every part has its cheapest folding,
which `model.cost.folding` finds, and the product unit its fewest terms. So each interval that the
branch or the product unit can have is tried, and the fill that goes with it found by halving: a
longer one takes less hardware and more clocks. What is around, as the sweep that moves the weights,
depends on the folding a little as well and is not searched: on the small chips of the tests another
folding of the same size may be a hundredth faster. A sample, here, is a function.
"""

from collections.abc import Iterable
from functools import cache

from dualspike.model.cost.devices import Device
from dualspike.model.cost.estimate import chip_area, uses
from dualspike.model.cost.folding import REFERENCE, RESOURCES, PartSearch, split
from dualspike.model.cost.network_fit import NetworkSearch, Search, Target, excess, folded, shortage
from dualspike.model.description.description import Description
from dualspike.model.errors import BadInput
from dualspike.model.sizes.cycles import batch_cycles, function_cycles


class OperatorSearch:
    """All foldings of an operator chip, counted in the blocks of ``device``."""

    def __init__(self, d: Description, device: Device = REFERENCE) -> None:
        self._d, self._device = d, device
        self._functions, *self._rows = d.batch
        self._parts = [PartSearch(part, device) for part in d.parts]
        self._walks = {n: function_cycles(folded(self._d, terms=n)) for n in split(d.basis)}
        branch, *trunks = [one.intervals() for one in self._parts]
        self._intervals = _reachable([branch, list(self._walks.values())])
        self._fills = _reachable(
            [[rows * one for one in some] for rows, some in zip(self._rows, trunks, strict=True)]
        )
        self._folded = cache(self._fold)
        n_in, n_out = zip(*d.shapes, strict=True)
        self._unrolled = folded(self._d, pe=[*n_out], simd=[*n_in], terms=d.basis)

    def reaching(self, target: Target, budget: float | None = None) -> Description:
        """See `model.cost.network_fit.Search.reaching`."""
        limit = int(self._functions * target.clock * 1e6 / target.rate)
        self._check(target, limit)
        orders = (None,) if budget is None else (None, *RESOURCES)
        found = [self._unrolled]
        for interval in self._intervals:
            slowest = (self._slowest(interval, limit, least) for least in orders)
            found += [one for one in slowest if one]
        fitting = [one for one in found if budget is None or not self._over(one, budget)]
        if budget is not None and not fitting:
            raise BadInput(self._short(found, budget, f"a folding for {target}"))
        return min(fitting, key=self._cost)

    def fastest(self, budget: float) -> Description:
        """See `model.cost.network_fit.Search.fastest`."""
        best = None if self._over(self._unrolled, budget) else self._unrolled
        for interval in self._intervals:
            if best and self._functions * interval >= batch_cycles(best)[1]:
                break
            for least in (None, *RESOURCES):
                found = self._quickest(interval, budget, least)
                if found and (not best or batch_cycles(found)[1] < batch_cycles(best)[1]):
                    best = found
        if best is None:
            last = self._intervals[-1], self._fills[-1]
            smallest = [self._folded(*last, least) for least in (*RESOURCES, None)]
            raise BadInput(self._short(smallest, budget, "the smallest folding"))
        return best

    def _slowest(self, interval: int, limit: int, least: int | None) -> Description | None:
        """The folding with the longest fill whose batch takes at most ``limit`` clocks."""
        low, high = 0, len(self._fills)
        while low < high:
            middle = (low + high) // 2
            fits = batch_cycles(self._folded(interval, self._fills[middle], least))[1] <= limit
            low, high = (middle + 1, high) if fits else (low, middle)
        return self._folded(interval, self._fills[low - 1], least) if low else None

    def _quickest(self, interval: int, budget: float, least: int | None) -> Description | None:
        """The folding with the shortest fill that fits."""
        low, high = 0, len(self._fills)
        while low < high:
            middle = (low + high) // 2
            over = self._over(self._folded(interval, self._fills[middle], least), budget)
            low, high = (middle + 1, high) if over else (low, middle)
        there = low < len(self._fills)
        return self._folded(interval, self._fills[low], least) if there else None

    def _fold(self, interval: int, fill: int, least: int | None) -> Description:
        times = [interval, *(fill // rows for rows in self._rows)]
        found = [
            search.cheapest(time, least) for search, time in zip(self._parts, times, strict=True)
        ]
        parts = [one for one in found if one]
        return folded(
            self._d,
            pe=[pe for one in parts for pe in one.pe],
            simd=[simd for one in parts for simd in one.simd],
            terms=min(n for n, clocks in self._walks.items() if clocks <= interval),
        )

    def _check(self, target: Target, limit: int) -> None:
        least = batch_cycles(self._unrolled)[1]
        if least > limit:
            rate = int(self._functions * target.clock * 1e6 / least)
            raise BadInput(
                f"no folding reaches {target}: full unrolling takes {least:,} clocks for a batch of"
                f" {self._functions:,}, {rate:,} a second"
            )

    def _cost(self, d: Description) -> float:
        return sum(use.share for use in uses(chip_area(d, self._device.family), self._device))

    def _over(self, d: Description, budget: float) -> bool:
        return bool(excess(chip_area(d, self._device.family), self._device, budget))

    def _short(self, tried: Iterable[Description], budget: float, what: str) -> str:
        """What the nearest of the foldings is short of."""
        areas = [chip_area(d, self._device.family) for d in tried]
        over = [excess(area, self._device, budget) for area in areas]
        nearest = min(over, key=lambda some: max(use.share for use in some))
        worst = max(nearest, key=lambda use: use.share)
        return shortage(worst, self._device, budget, what)


def search(d: Description, device: Device = REFERENCE) -> Search:
    """The search through the foldings of a description of either kind."""
    return (NetworkSearch if d.kind == "mlp" else OperatorSearch)(d, device)


def _reachable(choices: list[list[int]]) -> list[int]:
    """All times that the slowest of several can take, in order."""
    fastest = max(min(some) for some in choices)
    return sorted({time for some in choices for time in some if time >= fastest})
