"""What a command works on: a TOML file or a preset, with the options that override it."""

from pathlib import Path
from typing import Annotated, Any

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
from dualspike.model.cost.devices import device_named
from dualspike.model.description.data import FROM_FILES, SOURCES, Data
from dualspike.model.description.description import Description
from dualspike.model.description.hardware import CLOCKS
from dualspike.model.description.load import describe, load, load_preset, revised
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
ClockOption = Annotated[
    float | None,
    typer.Option(
        metavar="MHZ",
        help="The clock to ask for, which decides how deep pipelines are; else the description's.",
    ),
]
DeviceOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", help="The FPGA it is for, whose delays count; else the description's."
    ),
]
FolderOption = Annotated[
    Path, typer.Option("-o", "--output", metavar="DIR", help="The folder to write.")
]


DataOption = Annotated[
    str | None,
    typer.Option(
        "--data",
        metavar="FILE|NAME[=FOLDER]|FOLDER",
        help="An .npz, a data set, or where the files of the description's data set are.",
    ),
]


def description(
    net: Path | None,
    preset: str | None,
    data: str | None = None,
    *,
    clock: float | None = None,
    device: str | None = None,
    **learning: int | None,
) -> Description:
    """The description that was asked for, for another clock and device if they are given.

    Checked again with the ``learning`` keys replaced, and with other ``data``: an ``.npz``, the
    name of a data set, with a folder or without, or the folder of the data set that the
    description names.
    """
    if (net is None) == (preset is None):
        raise BadInput("give either NET.toml or --preset NAME, one of the two")
    least, most = CLOCKS
    if clock is not None and not least <= clock <= most:
        raise BadInput(f"--clock must be in [{least}, {most}], not {clock:g}")
    if device is not None:
        device_named(device)
    d = load(net) if net else load_preset(preset or "")
    d = revised(d, "learning", **learning)
    return with_data(revised(d, "hardware", clock=clock, device=device), data)


def with_data(d: Description, data: str | None) -> Description:
    """The same description with other data; see `description`."""
    if data is None:
        return d
    tables, keys = d.model_dump(), data_keys(data)
    if d.data.known in FROM_FILES and keys["source"] == data and not data.endswith(".npz"):
        keys = {"source": d.data.source, "folder": data}
    dropped = {"source", "folder"}
    if Data(source=keys["source"]).known is not None:
        dropped |= {"offset", "scale", "bin"}
    tables["data"] = {key: one for key, one in tables["data"].items() if key not in dropped} | keys
    return describe(tables, "--data")


def data_keys(data: str) -> dict[str, str]:
    """Keys of ``[data]`` for a file, or for the name of a data set with a folder or without."""
    name, given, folder = data.partition("=")
    if name.replace("_", "-") not in SOURCES:
        return {"source": data}
    return {"source": name, **({"folder": folder} if given else {})}


def perceptron(net: Path | None, preset: str | None, what: str, **keys: Any) -> Description:
    """As `description`, for ``what`` only perceptrons can have."""
    d = description(net, preset, **keys)
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
        if not d.classes:
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
