"""How runs of an experiment are trained: the tables of its settings that say so."""

from typing import Annotated, Literal

from dualspike.golden.experiments.cost.equal import Equal
from dualspike.golden.float.estimators.directions import Distribution, Structure
from dualspike.golden.training.optimisers import Adam, Momentum, Optimiser, Sgd
from dualspike.golden.training.schedules import Constant, Cosine, Halving, Schedule, Warmup
from dualspike.model.description.network import Section, within

Count = Annotated[int, within(1, 10**8)]
Rate = Annotated[float, within(1e-9, 10)]
Decay = Annotated[float, within(0, 0.999999)]
Rows = Count | Literal["all"]


class OptimiserSettings(Section):
    """Plain gradient descent, with momentum ``beta``, or Adam with its three numbers."""

    kind: Literal["sgd", "momentum", "adam"]
    beta: Decay = 0.9
    beta1: Decay = 0.9
    beta2: Decay = 0.999
    eps: Annotated[float, within(1e-16, 1)] = 1e-8

    def build(self) -> Optimiser:
        """The optimiser."""
        match self.kind:
            case "sgd":
                return Sgd()
            case "momentum":
                return Momentum(self.beta)
            case "adam":
                return Adam(self.beta1, self.beta2, self.eps)


class ScheduleSettings(Section):
    """How the rate goes: constant, along half a cosine down to 0, or halved in equal ``stages``.

    It rises from 0 in the first ``warmup`` updates.
    """

    kind: Literal["constant", "cosine", "halving"] = "cosine"
    stages: Annotated[int, within(1, 64)] = 5
    warmup: Annotated[int, within(0, 10**8)] = 0

    def build(self, peak: float) -> Schedule:
        """The schedule with this highest rate."""
        match self.kind:
            case "constant":
                schedule = Constant(peak)
            case "cosine":
                schedule = Cosine(peak)
            case "halving":
                schedule = Halving(peak, self.stages)
        return Warmup(schedule, self.warmup) if self.warmup else schedule


class TrainingSettings(Section):
    """The same for every method but for the ``rates``, one for each of the paper's rules.

    Others may have one: without it they are not run.
    ``batch``: rows of each part of the network. ``directions``: K of the forward gradients;
    ``distribution``, ``structure``: how they are drawn, see `golden.float.estimators.directions`;
    neurons have no structure.
    ``validations``: how often the error on the validation samples is measured. ``floor``: of the
    weights of functions in the loss, see `golden.float.combine`; left out, all weigh the same.
    """

    updates: Count
    batch: list[Rows]
    directions: Annotated[int, within(1, 4096)] = 1
    distribution: Distribution = "rademacher"
    structure: Structure = "independent"
    optimiser: OptimiserSettings
    schedule: ScheduleSettings = ScheduleSettings()
    validations: Annotated[int, within(1, 1000)] = 10
    floor: Annotated[float, within(1e-6, 1e6)] | None = None
    rates: dict[str, Rate]


class ColumnSettings(Section):
    """Another way to train the same network, beside `training`; what is left out is as there.

    ``weighted``: false where all functions weigh the same in the loss. ``equal``: as many updates
    as cost what those of back-propagation do, see `golden.experiments.cost.equal`. ``rates``: of
    the rules that are run.
    """

    directions: Annotated[int, within(1, 4096)] | None = None
    optimiser: OptimiserSettings | None = None
    schedule: ScheduleSettings | None = None
    weighted: bool = True
    equal: Equal | None = None
    rates: dict[str, Rate]


class QuickSettings(Section):
    """What a smoke run does instead."""

    updates: Count
    batch: list[Rows]
