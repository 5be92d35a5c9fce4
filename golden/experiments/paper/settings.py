"""The validated settings of an experiment: what a TOML file says, and nothing else."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, fields
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar, cast

from pydantic import InstanceOf, PlainSerializer, ValidationError, model_validator

from dualspike.golden.data.problems.hat import HAT_POINTS, HatSettings
from dualspike.golden.data.problems.poisson import PoissonSettings
from dualspike.golden.data.problems.random_field import RandomField
from dualspike.golden.data.problems.reaction_diffusion import ReactionDiffusionSettings
from dualspike.golden.experiments.paper.methods import METHODS, Experiment, Method
from dualspike.golden.float.estimators.directions import Distribution, Structure
from dualspike.golden.training.optimisers import Adam, Momentum, Optimiser, Sgd
from dualspike.golden.training.schedules import Constant, Cosine, Halving, Schedule, Warmup
from dualspike.model.description.load import mistake, tables_of
from dualspike.model.description.network import Section, within
from dualspike.model.description.operator import Operator
from dualspike.model.errors import BadInput
from dualspike.model.system.text import read_text

ProblemSettings = HatSettings | PoissonSettings | ReactionDiffusionSettings

PROBLEMS: dict[Experiment, type[ProblemSettings]] = {
    "hat": HatSettings,
    "poisson": PoissonSettings,
    "reaction-diffusion": ReactionDiffusionSettings,
}


Count = Annotated[int, within(1, 10**8)]
Rate = Annotated[float, within(1e-9, 10)]
Decay = Annotated[float, within(0, 0.999999)]
T = TypeVar("T")
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


class QuickSettings(Section):
    """What a smoke run does instead."""

    updates: Count
    batch: list[Rows]


class PaperSettings(Section):
    """One experiment: the problem, the network and how it is trained.

    ``seeds``: how many seeds, from 1 on, a command runs that does not say.
    """

    experiment: Experiment
    problem: Annotated[
        InstanceOf[HatSettings]
        | InstanceOf[PoissonSettings]
        | InstanceOf[ReactionDiffusionSettings],
        PlainSerializer(asdict),
    ]
    operator: Operator
    training: TrainingSettings
    quick: QuickSettings
    seeds: Count = 3

    @model_validator(mode="before")
    @classmethod
    def _build_problem(cls, tables: dict[str, Any]) -> dict[str, Any]:
        """The problem's own settings are of the experiment's kind."""
        named = tables.get("experiment")
        kind = PROBLEMS.get(cast(Experiment, named)) if isinstance(named, str) else None
        if kind is None or not isinstance(tables.get("problem"), dict):
            return tables
        return tables | {"problem": _problem(kind, tables["problem"])}

    @model_validator(mode="after")
    def _check(self) -> Self:
        rows = METHODS[self.experiment]
        rules = list(dict.fromkeys(row.rule for row in rows if row.published is not None))
        given = list(self.training.rates)
        if not set(rules) <= set(given) <= {row.rule for row in rows}:
            came = ", ".join(given) or "nothing"
            raise ValueError(f"training.rates must be given for {', '.join(rules)}, not {came}")
        kind, parts = self.operator.kind, len(self.operator.parts)
        if kind != self.problem.kind:
            raise ValueError(f"operator.kind must be {self.problem.kind}, not {kind}")
        if kind == "mlp" and self.training.floor is not None:
            raise ValueError("training.floor must be left out where nothing maps functions")
        for name, batch in (("training", self.training.batch), ("quick", self.quick.batch)):
            if len(batch) != parts:
                raise ValueError(f"{name}.batch must have {parts} entries, not {len(batch)}")
            for part, (rows, most) in enumerate(zip(batch, _rows(self.problem), strict=True)):
                if rows != "all" and rows > most:
                    raise ValueError(f"{name}.batch[{part}] must be in [1, {most}], not {rows}")
        for part, n_in in enumerate(_widths(self.problem)):
            given = self.operator.parts[part].layers[0]
            if given != n_in:
                raise ValueError(
                    f"operator.parts[{part}].layers must begin with the problem's {n_in},"
                    f" not {given}"
                )
        return self

    def tables(self) -> dict[str, Any]:
        """Everything that changes the numbers of a run, as plain data."""
        return self.model_dump(mode="json", exclude={"quick", "seeds"})

    @property
    def identity(self) -> str:
        """SHA-256, as hex, of the tables."""
        text = json.dumps(self.tables(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def batch_rows(self) -> list[int]:
        """Rows of each part of the network in a batch."""
        most = _rows(self.problem)
        return [m if n == "all" else n for n, m in zip(self.training.batch, most, strict=True)]

    def network(self, method: Method) -> Operator:
        """The network with the method's surrogate in every part."""
        parts = [
            part.model_copy(
                update={"surrogate": part.surrogate.model_copy(update={"kind": method.surrogate})}
            )
            for part in self.operator.parts
        ]
        return self.operator.model_copy(update={"parts": parts})

    def with_training(self, updates: int | None, quick: bool) -> "PaperSettings":
        """The same with the smoke run's training if ``quick``, and with ``updates`` if given."""
        changed: dict[str, Any] = self.quick.model_dump() if quick else {}
        if updates is not None:
            changed["updates"] = updates
        return describe(
            self.model_dump() | {"training": self.training.model_dump() | changed}, "options"
        )


def load_settings(name: Experiment) -> PaperSettings:
    """The built-in settings of an experiment."""
    file = f"{name.replace('-', '_')}.toml"
    folder = resources.files("dualspike.golden.experiments.paper").joinpath("presets")
    return parse(folder.joinpath(file).read_text("utf-8"), file)


def read_settings(path: Path) -> PaperSettings:
    """Settings from a file; raises BadInput with the file's name in the line."""
    return parse(read_text(path), str(path))


def parse(text: str, where: str) -> PaperSettings:
    """Check a TOML text; ``where`` begins every error line."""
    return describe(tables_of(text, where), where)


def describe(tables: dict[str, Any], where: str) -> PaperSettings:
    """Check plain tables; the first mistake becomes one BadInput line."""
    try:
        return PaperSettings.model_validate(tables)
    except ValidationError as error:
        raise BadInput(f"{where}: {mistake(error.errors()[0])}") from error


def _problem(kind: type[ProblemSettings], table: dict[str, Any]) -> ProblemSettings:
    """The dataclass from its table, the random field in it from its own."""
    values = dict(table)
    if isinstance(values.get("field"), dict):
        values["field"] = _from_table(RandomField, "problem.field", values["field"])
    return _from_table(kind, "problem", values)


def _from_table(kind: Callable[..., T], where: str, table: dict[str, Any]) -> T:
    """A dataclass from a table of its fields; it checks the values itself."""
    known = {field.name for field in fields(cast(Any, kind))}
    for name in table:
        if name not in known:
            raise ValueError(f"{where}.{name} is not a known key")
    try:
        return kind(**table)
    except BadInput as error:
        raise ValueError(f"{where}.{error}") from error


def _rows(problem: ProblemSettings) -> tuple[int, ...]:
    """How many training rows each part of the network has."""
    match problem:
        case HatSettings():
            return (HAT_POINTS,)
        case PoissonSettings():
            return problem.train, problem.points
        case ReactionDiffusionSettings():
            return problem.train, problem.points, problem.times


def _widths(problem: ProblemSettings) -> tuple[int, ...]:
    """The inputs of each part of the network."""
    match problem:
        case HatSettings():
            return (2,)
        case PoissonSettings():
            return problem.sensors, 1
        case ReactionDiffusionSettings():
            return problem.sensors, 1, 1
