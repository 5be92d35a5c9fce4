"""Options that choose a folding: ``--fit`` with a target rate, a device, or both."""

from dataclasses import dataclass
from typing import Annotated

import typer

from dualspike.model.cost.advice import advice
from dualspike.model.cost.devices import Device, device_named
from dualspike.model.cost.estimate import chip_area
from dualspike.model.cost.folding import REFERENCE
from dualspike.model.cost.network_fit import Target, check_fits
from dualspike.model.cost.operator_fit import search
from dualspike.model.description.description import Description
from dualspike.model.errors import BadInput

BUDGET = 0.8

FitFlag = Annotated[
    bool, typer.Option("--fit", help="Choose pe and simd for a rate, for a device, or for both.")
]
RateOption = Annotated[
    float | None, typer.Option("--samples-per-second", metavar="N", help="The rate to reach.")
]
BudgetOption = Annotated[
    float | None, typer.Option(metavar="SHARE", help="Share of the FPGA to use; 0.8 if not given.")
]


@dataclass(frozen=True)
class FoldingRequest:
    """What is asked for, checked: BadInput where it does not go together.

    ``clock`` and ``device`` are those of the description or the options.
    """

    fit: bool
    rate: float | None
    clock: float | None
    device: str | None
    budget: float | None

    def __post_init__(self) -> None:
        rate, clock = self.rate is not None, self.clock is not None
        for given, name, wanted, other in (
            (rate, "--samples-per-second", self.fit and clock, "--fit and --clock"),
            (self.budget is not None, "--budget", self.fit and self.device, "--fit and --device"),
            (self.fit, "--fit", rate or self.device, "--samples-per-second or --device"),
        ):
            if given and not wanted:
                raise BadInput(f"{name} must come with {other}")
        if self.rate is not None and not 1e-6 <= self.rate <= 1e12:
            raise BadInput(f"--samples-per-second must be in [1e-06, 1e+12], not {self.rate:g}")
        if self.budget is not None and not 0 < self.budget <= 1:
            raise BadInput(f"--budget must be in (0, 1], not {self.budget:g}")

    @property
    def on(self) -> Device | None:
        """The device, if one is named."""
        return None if self.device is None else device_named(self.device)

    def folded(self, d: Description) -> Description:
        """``d`` with the folding that was asked for; BadInput says why there is none.

        A sample of an operator network is a function of a batch.
        """
        if not self.fit:
            if self.on:
                check_fits(chip_area(d, self.on.family), self.on)
            return d
        foldings = search(d, self.on or REFERENCE)
        budget = (self.budget or BUDGET) if self.on else None
        try:
            if self.rate is not None and self.clock is not None:
                return foldings.reaching(Target(self.rate, self.clock), budget)
            return foldings.fastest(budget or BUDGET)
        except BadInput as error:
            more = advice(d, self.on, budget) if self.on and budget else ""
            raise BadInput(f"{error}{more}") from error
