"""The validated settings of an experiment: what a TOML file says, and nothing else."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, fields
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar, cast

from pydantic import Field, InstanceOf, PlainSerializer, ValidationError, model_validator

from dualspike.golden.data.problems.hat import HAT_POINTS, HatSettings
from dualspike.golden.data.problems.poisson import PoissonSettings
from dualspike.golden.data.problems.random_field import RandomField
from dualspike.golden.data.problems.reaction_diffusion import ReactionDiffusionSettings
from dualspike.golden.experiments.cost.equal import equal_updates
from dualspike.golden.experiments.paper.methods import Experiment, Method, every
from dualspike.golden.experiments.paper.training import (
    ColumnSettings,
    Count,
    QuickSettings,
    TrainingSettings,
)
from dualspike.model.description.load import mistake, tables_of
from dualspike.model.description.network import Section
from dualspike.model.description.operator import Operator
from dualspike.model.errors import BadInput
from dualspike.model.system.text import read_text

ProblemSettings = HatSettings | PoissonSettings | ReactionDiffusionSettings

PROBLEMS: dict[Experiment, type[ProblemSettings]] = {
    "hat": HatSettings,
    "poisson": PoissonSettings,
    "reaction-diffusion": ReactionDiffusionSettings,
}


OURS = "ours"
"""The column that `training` makes."""

T = TypeVar("T")


class PaperSettings(Section):
    """One experiment: the problem, the network and how it is trained.

    ``columns``: the same trained in other ways, by name. ``seeds``: how many seeds, from 1 on, a
    command runs that does not say.
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
    columns: dict[str, ColumnSettings] = Field(default_factory=dict[str, ColumnSettings])
    seeds: Count = 5

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
        self._check_rates()
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

    def _check_rates(self) -> None:
        """Every rule of the paper has one; others may; a column has some of these."""
        rows = every(self.experiment)
        rules = list(dict.fromkeys(row.rule for row in rows if row.published is not None))
        known = list(dict.fromkeys(row.rule for row in rows))
        given = list(self.training.rates)
        if not set(rules) <= set(given) <= set(known):
            came = ", ".join(given) or "nothing"
            raise ValueError(f"training.rates must be given for {', '.join(rules)}, not {came}")
        for name, column in self.columns.items():
            if name == OURS or not name.replace("_", "").isalnum():
                raise ValueError(f"columns must have names of letters, digits and _, not {name!r}")
            wrong = [rule for rule in column.rates if rule not in known]
            if wrong or not column.rates:
                came = wrong[0] if wrong else "nothing"
                raise ValueError(f"columns.{name}.rates must be of {', '.join(known)}, not {came}")

    def column(self, name: str, method: Method) -> "PaperSettings":
        """The settings by which a column trains a method that it has a rate for."""
        if name == OURS:
            return self
        column, training = self.columns[name], self.training
        changed: dict[str, Any] = {"rates": column.rates}
        for key in ("directions", "optimiser", "schedule"):
            if getattr(column, key) is not None:
                changed[key] = getattr(column, key)
        if not column.weighted:
            changed["floor"] = None
        made = training.model_copy(update=changed)
        if column.equal is not None and method.forward:
            cost = self.operator, self.batch_rows, method.scope, made.directions
            weighted = made.floor is not None
            updates = equal_updates(column.equal, made.updates, *cost, weighted=weighted)
            made = made.model_copy(update={"updates": updates})
        return self.model_copy(update={"training": made})

    def departures(self, method: Method) -> list[str]:
        """In what training differs from what the paper prints: theta less rate times g, K = 1."""
        training = self.training
        found = [f"K = {training.directions}"] if method.forward and training.directions > 1 else []
        if training.optimiser.kind != "sgd":
            found.append(training.optimiser.kind.capitalize())
        if training.floor is not None:
            found.append("weighted loss")
        return found

    def tables(self) -> dict[str, Any]:
        """Everything that changes the numbers of a run, as plain data."""
        return self.model_dump(mode="json", exclude={"quick", "columns", "seeds"})

    @property
    def of_paper(self) -> bool:
        """Whether the equation and its random field are the built-in ones, whatever the samples."""
        theirs = load_settings(self.experiment).problem
        return all(
            getattr(self.problem, name, None) == getattr(theirs, name, None)
            for name in ("field", "diffusion", "reaction")
        )

    @property
    def identity(self) -> str:
        """SHA-256, as hex, of the tables."""
        text = json.dumps(self.tables(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def of_rule(self, rule: str) -> "PaperSettings":
        """The same with the rate of one rule alone: what the numbers of its runs depend on."""
        rates = {rule: self.training.rates[rule]}
        return self.model_copy(
            update={"training": self.training.model_copy(update={"rates": rates})}
        )

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


def load_settings(name: str) -> PaperSettings:
    """The built-in settings of an experiment, or further ones that lie next to them."""
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
