"""Options that choose a folding: ``--fit`` with a target rate, a device, or both."""

from dataclasses import dataclass
from typing import Annotated, Protocol, TypeVar

import typer

from dualspike.model.description import Description
from dualspike.model.devices import Device, device_named
from dualspike.model.errors import BadInput
from dualspike.model.estimate import core_area
from dualspike.model.fit import REFERENCE, Search, Target, check_fits
from dualspike.model.operator_chip import OperatorDescription
from dualspike.model.operator_estimate import operator_area
from dualspike.model.operator_fit import OperatorSearch

BUDGET = 0.8

FitFlag = Annotated[
    bool, typer.Option("--fit", help="Choose pe and simd for a rate, for a device, or for both.")
]
RateOption = Annotated[
    float | None, typer.Option("--samples-per-second", metavar="N", help="The rate to reach.")
]
ClockOption = Annotated[float | None, typer.Option(metavar="MHZ", help="The clock it is for.")]
DeviceOption = Annotated[
    str | None, typer.Option(metavar="NAME", help="The FPGA that has to hold the core.")
]
BudgetOption = Annotated[
    float | None, typer.Option(metavar="SHARE", help="Share of the FPGA to use; 0.8 if not given.")
]


Folded_co = TypeVar("Folded_co", covariant=True)


class _Search(Protocol[Folded_co]):
    def reaching(self, target: Target, budget: float | None = None) -> Folded_co: ...
    def fastest(self, budget: float) -> Folded_co: ...


@dataclass(frozen=True)
class Wanted:
    """What the options ask for, checked: BadInput where they do not go together."""

    fit: bool
    rate: float | None
    clock: float | None
    device: str | None
    budget: float | None

    def __post_init__(self) -> None:
        rate, clock = self.rate is not None, self.clock is not None
        for given, name, wanted, other in (
            (rate, "--samples-per-second", self.fit and clock, "--fit and --clock"),
            (clock, "--clock", rate, "--samples-per-second"),
            (self.budget is not None, "--budget", self.fit and self.device, "--fit and --device"),
            (self.fit, "--fit", rate or self.device, "--samples-per-second or --device"),
        ):
            if given and not wanted:
                raise BadInput(f"{name} must come with {other}")
        for name, value in (("--samples-per-second", self.rate), ("--clock", self.clock)):
            if value is not None and not 1e-6 <= value <= 1e12:
                raise BadInput(f"{name} must be in [1e-06, 1e+12], not {value:g}")
        if self.budget is not None and not 0 < self.budget <= 1:
            raise BadInput(f"--budget must be in (0, 1], not {self.budget:g}")

    @property
    def on(self) -> Device | None:
        """The device, if one was named."""
        return None if self.device is None else device_named(self.device)

    def folded(self, d: Description) -> Description:
        """``d`` with the folding that was asked for; BadInput says why there is none."""
        if not self.fit:
            if self.on:
                check_fits(core_area(d, self.on.family), self.on)
            return d
        return self._chosen(Search(d, self.on or REFERENCE)).of(d)

    def folded_operator(self, d: OperatorDescription) -> OperatorDescription:
        """The same for an operator chip; a sample is a function of a batch."""
        if not self.fit:
            if self.on:
                check_fits(operator_area(d, self.on.family), self.on)
            return d
        return self._chosen(OperatorSearch(d, self.on or REFERENCE))

    def _chosen(self, search: _Search[Folded_co]) -> Folded_co:
        budget = (self.budget or BUDGET) if self.on else None
        if self.rate is not None and self.clock is not None:
            return search.reaching(Target(self.rate, self.clock), budget)
        return search.fastest(budget or BUDGET)
