"""What would make a core fit: each way by itself, with the numbers of the forecast.

Ways: folding (``hardware.pe`` and ``simd``), factored signs, tangents of fewer bits, passes
(``hardware.lanes``: a batch is taken several times), fewer directions. Of each the mildest step
that fits is told, else the hardest. Where none fits alone, each is looked at with the smallest
folding, and where that is not enough either, all of them together, one after the other.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from dualspike.model.cost.devices import Device
from dualspike.model.cost.estimate import Use, chip_area, learning_clocks, uses
from dualspike.model.cost.network_fit import excess, folded
from dualspike.model.cost.operator_fit import search
from dualspike.model.description.description import Description
from dualspike.model.description.format import Format
from dualspike.model.description.load import revised
from dualspike.model.errors import BadInput
from dualspike.model.sizes.cycles import batch_cycles
from dualspike.model.sizes.geometry import geometry

LEAST_TANGENT = 8
"""Bits of a tangent below which nothing is proposed: too few to learn with."""

Changes = dict[str, dict[str, Any]]
Steps = Callable[[Description, Device, float], Iterator[Changes]]


@dataclass(frozen=True)
class Way:
    """One way to take less: the keys to set by section, and the forecast with them.

    ``clocks``: a sample in learning, or a function of a batch, at most; in inference its interval.
    """

    changes: Changes
    uses: list[Use]
    clocks: float
    fits: bool

    def __str__(self) -> str:
        return ", ".join(
            f"{section}.{key} = {_toml(value)}"
            for section, keys in self.changes.items()
            for key, value in keys.items()
        )


def ways_to_fit(d: Description, device: Device, budget: float) -> list[Way]:
    """Every way by itself; where none fits, those that do with a folding, or all together.

    A core fits that takes no more than the share ``budget`` of anything.
    """
    alone = _each(_Judge(d, device, budget), (_foldings, *_OTHERS))
    if any(way.fits for way in alone):
        return alone
    both = [way for way in ways_when_folded(d, device, budget) if way.fits]
    return [*alone, *(_unfolded(d, way, device, budget) for way in both)]


def ways_when_folded(d: Description, device: Device, budget: float) -> list[Way]:
    """Every other way with one weight at a time; where none fits, as many as it takes together."""
    judge = _Judge(_smallest(d), device, budget)
    alone = _each(judge, _OTHERS)
    if any(way.fits for way in alone):
        return alone
    together = _together(judge, alone)
    return [*alone, *([together] if together else [])]


def advice(d: Description, device: Device, budget: float) -> str:
    """The end of a line that says that nothing fits, however folded: what would; else nothing."""
    smallest = chip_area(_smallest(d), device.family)
    if not excess(smallest, device, budget):
        return ""
    fitting = [way for way in ways_when_folded(d, device, budget) if way.fits]
    with_numbers = (
        f"{way} ({', '.join(f'{use.needed:,.0f} {use.name}' for use in way.uses)})"
        for way in fitting
    )
    return f"; it would fit with {', or with '.join(with_numbers)}" if fitting else ""


class _Judge:
    """Looks at a description with changes."""

    def __init__(self, d: Description, device: Device, budget: float) -> None:
        self.d, self.device, self.budget = d, device, budget

    def way(self, changes: Changes) -> Way | None:
        """A way, if such a description may stand."""
        try:
            d = _changed(self.d, changes)
        except BadInput:
            return None
        area = chip_area(d, self.device.family)
        fits = not excess(area, self.device, self.budget)
        return Way(changes, uses(area, self.device), clocks(d), fits)


def _each(judge: _Judge, kinds: Iterable[Steps]) -> list[Way]:
    """Of every kind the first step that fits, else the last."""
    found: list[Way] = []
    for steps in kinds:
        last = None
        for change in steps(judge.d, judge.device, judge.budget):
            last = judge.way(change) or last
            if last and last.fits:
                break
        found += [last] if last else []
    return found


def _together(judge: _Judge, found: list[Way]) -> Way | None:
    """As many ways at once, one after the other, as it takes to fit; None if all are too few."""
    changes: Changes = {}
    for way in found:
        changes = _both(changes, way.changes)
        if (both := judge.way(changes)) and both.fits:
            return both
    return None


def _both(one: Changes, other: Changes) -> Changes:
    sections = [*one, *(section for section in other if section not in one)]
    return {section: one.get(section, {}) | other.get(section, {}) for section in sections}


def _changed(d: Description, changes: Changes) -> Description:
    for section, keys in changes.items():
        d = revised(d, section, **keys)
    return d


def _smallest(d: Description) -> Description:
    """One weight, and one term, at a time."""
    ones = [1] * len(d.shapes)
    return folded(d, pe=ones, simd=ones, **({} if d.kind == "mlp" else {"terms": 1}))


def _unfolded(d: Description, way: Way, device: Device, budget: float) -> Way:
    """A way that fits with the smallest folding, with the fastest that fits in its place."""
    judge = _Judge(d, device, budget)
    (folding,) = _foldings(_changed(d, way.changes), device, budget)
    return judge.way(_both(way.changes, folding)) or way


def clocks(d: Description) -> float:
    """Most clocks that a sample takes, or a function of an operator network's batch."""
    if d.kind == "mlp":
        return learning_clocks(d) if d.learns else geometry(d.parts[0]).inference_interval
    return batch_cycles(d)[1] / d.batch[0]


def _foldings(d: Description, device: Device, budget: float) -> Iterator[Changes]:
    """The fastest folding that fits, else the smallest."""
    try:
        hardware = search(d, device).fastest(budget).hardware
    except BadInput:
        hardware = _smallest(d).hardware
    keys: dict[str, Any] = {"pe": hardware.pe, "simd": hardware.simd}
    yield {"hardware": keys if d.kind == "mlp" else keys | {"terms": hardware.terms}}


def _structures(d: Description, device: Device, budget: float) -> Iterator[Changes]:
    if d.learns and not d.online and d.learning.structure != "factored":
        yield {"learning": {"structure": "factored"}}


def _tangents(d: Description, device: Device, budget: float) -> Iterator[Changes]:
    """Two bits fewer at a time: of the fraction down to two, then of the range."""
    form = d.formats.tangent
    while d.lanes_built and form.bits - 2 >= LEAST_TANGENT:
        fraction = max(min(form.fraction, 2), form.fraction - 2)
        form = Format(form.signed, form.integer - 2 + form.fraction - fraction, fraction)
        yield {"formats": {"tangent": str(form)}}


def _lanes(d: Description, device: Device, budget: float) -> Iterator[Changes]:
    """Fewer lanes than the rule uses: passes."""
    if d.kind == "mlp" and d.learns and not d.online:
        for lanes in range(d.lanes_built - 1, 0, -1):
            yield {"hardware": {"lanes": lanes}}


def _directions(d: Description, device: Device, budget: float) -> Iterator[Changes]:
    """Fewer directions, which learn more slowly."""
    for count in range(d.learning.directions - 1, 0, -1) if d.learns else ():
        yield {"learning": {"directions": count}}


def _toml(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)


_OTHERS: tuple[Steps, ...] = (_structures, _tangents, _lanes, _directions)
