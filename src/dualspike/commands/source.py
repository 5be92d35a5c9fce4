"""What a command works on: a TOML file or a preset, with the options that override it."""

from pathlib import Path
from typing import Annotated

import typer

from dualspike.golden.data.load import load_problem
from dualspike.golden.data.precision import (
    lost_columns,
    lost_functions,
    lost_parameters,
    lost_settings,
)
from dualspike.golden.data.problem import Problem
from dualspike.golden.data.vanishing import PrecisionLoss
from dualspike.golden.float.layout import Parameters, start
from dualspike.golden.training.weights_file import read_weights
from dualspike.model.description.description import Description
from dualspike.model.description.load import describe, load, load_preset
from dualspike.model.errors import BadInput
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


def perceptron(
    net: Path | None, preset: str | None, what: str, **learning: int | None
) -> Description:
    """As `description`, for ``what`` only perceptrons can have."""
    d = description(net, preset, **learning)
    if d.kind != "mlp":
        raise BadInput(f"{what} must be that of a perceptron, [network], not of a {d.kind}")
    return d


def initial(weights: Path | None, d: Description) -> Parameters | None:
    """The parameters in a file of weights, if one was given.

    Warns of what is lost in the formats: of them or those of the seed, and of settings.
    """
    given = None if weights is None else read_weights(weights, d)
    source = f"start weights of seed {d.learning.seed}: " if given is None else f"{weights}: "
    first = start(d, d.learning.seed) if given is None else given
    _warn(source, lost_parameters(first, d.formats.weight))
    _warn("", lost_settings(d))
    return given


def problem_of(d: Description) -> Problem:
    """The problem of a description; warns of what is lost of it in the formats."""
    problem, f = load_problem(d), d.formats
    if d.kind == "mlp":
        source = f"{d.data.source}: "
        _warn(source, lost_columns("values of x", problem.train.inputs[0], f.input))
        _warn(source, lost_columns("values of y", problem.train.target, f.target))
        return problem
    for n, rows in enumerate(problem.train.inputs):
        _warn("", lost_columns(f"inputs {n} of {problem.name}", rows, f.input))
    functions = problem.train.target.reshape(len(problem.train.target), -1).T
    _warn("", lost_columns(f"targets of {problem.name}", functions, f.target))
    _warn("", lost_functions(d, problem))
    return problem


def _warn(source: str, losses: list[PrecisionLoss]) -> None:
    for loss in losses:
        warn(f"{source}{loss.text}")


def override(d: Description, **learning: int | None) -> Description:
    """The same description with other values for ``learning`` keys; None leaves one alone."""
    given = {key: value for key, value in learning.items() if value is not None}
    if not given:
        return d
    tables = d.model_dump()
    tables["learning"] |= given
    return describe(tables, "options")
