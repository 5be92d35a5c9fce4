"""What a command works on: a TOML file or a preset, with the options that override it."""

from pathlib import Path
from typing import Annotated, Any

import typer

from dualspike.golden.network import Parameters
from dualspike.golden.weights import read_weights
from dualspike.model.description import Description
from dualspike.model.errors import BadInput
from dualspike.model.load import describe, load, load_preset
from dualspike.model.operator_chip import OperatorDescription
from dualspike.model.operator_load import describe_operator, load_any, load_any_preset

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
    """The parameters in a file of weights, if one was given."""
    return None if weights is None else read_weights(weights, d)


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
