"""What a command works on: a TOML file or a preset, with the options that override it."""

from pathlib import Path
from typing import Annotated, Any

import typer

from dualspike.golden.data import Dataset, load_data
from dualspike.golden.network import Layout, Parameters, start
from dualspike.golden.operator_data import load_operator_data
from dualspike.golden.precision import (
    lost_columns,
    lost_functions,
    lost_parameters,
    lost_settings,
)
from dualspike.golden.problems.problem import Problem
from dualspike.golden.vanishing import Loss
from dualspike.golden.weights import read_weights
from dualspike.model.description import Description
from dualspike.model.errors import BadInput
from dualspike.model.load import describe, load, load_preset
from dualspike.model.operator_chip import OperatorDescription
from dualspike.model.operator_load import describe_operator, load_any, load_any_preset
from dualspike.output import warn

NetArgument = Annotated[
    Path | None, typer.Argument(metavar="[NET.toml]", help="The description; or give --preset.")
]
PresetOption = Annotated[str | None, typer.Option(help="A built-in description instead.")]
UpdatesOption = Annotated[
    int | None, typer.Option(metavar="N", help="Updates to run; the rate schedule spans them.")
]
SeedOption = Annotated[
    int | None, typer.Option(metavar="S", help="Seed of weights, samples and signs.")
]
WeightsOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE.npz", help="Weights to start from, as train writes them; else the seed's."
    ),
]
FolderOption = Annotated[
    Path, typer.Option("-o", "--output", metavar="DIR", help="The folder to write.")
]


def description(net: Path | None, preset: str | None, **learning: int | None) -> Description:
    """The description that was asked for, checked again with the ``learning`` keys replaced."""
    if (net is None) == (preset is None):
        raise BadInput("give either NET.toml or --preset NAME, one of the two")
    d = load(net) if net else load_preset(preset or "")
    return override(d, **learning)


def any_description(
    net: Path | None, preset: str | None, **learning: int | None
) -> Description | OperatorDescription:
    """As `description`, of a perceptron or of an operator chip."""
    if (net is None) == (preset is None):
        raise BadInput("give either NET.toml or --preset NAME, one of the two")
    d = load_any(net) if net else load_any_preset(preset or "")
    if isinstance(d, Description):
        return override(d, **learning)
    return describe_operator(_overridden(d, learning), "options")


def initial(weights: Path | None, d: Description | OperatorDescription) -> Parameters | None:
    """The parameters in a file of weights, if one was given.

    Warns of what is lost in the formats: of them or those of the seed, and of settings.
    """
    given = None if weights is None else read_weights(weights, d)
    first, source = given, f"{weights}: "
    if first is None:
        source = f"start weights of seed {d.learning.seed}: "
        if isinstance(d, Description):
            first = start(d, d.learning.seed)
        else:
            layout = Layout(d.operator)
            first = layout.whole(layout.start(d.learning.seed))
    _warn(source, lost_parameters(first, d.formats.weight))
    _warn("", lost_settings(d))
    return given


def samples_of(d: Description) -> Dataset:
    """The data of a description; warns of what is lost of them in the formats."""
    dataset, f = load_data(d), d.formats
    for name, values, form in (("x", dataset.x, f.input), ("y", dataset.y, f.target)):
        _warn(f"{d.data.source}: ", lost_columns(f"values of {name}", values, form))
    return dataset


def problem_of(d: OperatorDescription) -> Problem:
    """The problem of an operator chip; warns of what is lost of it in the formats."""
    problem, f = load_operator_data(d), d.formats
    for n, rows in enumerate(problem.train.inputs):
        _warn("", lost_columns(f"inputs {n} of {problem.name}", rows, f.input))
    functions = problem.train.target.reshape(len(problem.train.target), -1).T
    _warn("", lost_columns(f"targets of {problem.name}", functions, f.target))
    _warn("", lost_functions(d, problem))
    return problem


def _warn(source: str, losses: list[Loss]) -> None:
    for loss in losses:
        warn(f"{source}{loss.text}")


def override(d: Description, **learning: int | None) -> Description:
    """The same description with other values for ``learning`` keys; None leaves one alone."""
    if all(value is None for value in learning.values()):
        return d
    return describe(_overridden(d, learning), "options")


def _overridden(
    d: Description | OperatorDescription, learning: dict[str, int | None]
) -> dict[str, Any]:
    tables = d.model_dump()
    tables["learning"] |= {k: v for k, v in learning.items() if v is not None}
    return tables
