"""What a chip is trained and run with: weights, data of a description or others in their place."""

from pathlib import Path

from dualspike.golden.data.fitting import scaling
from dualspike.golden.data.load import load_problem
from dualspike.golden.data.problem import Problem
from dualspike.golden.data.warnings.lacking import lacks
from dualspike.golden.data.warnings.precision import (
    lost_columns,
    lost_functions,
    lost_parameters,
    lost_settings,
)
from dualspike.golden.data.warnings.vanishing import PrecisionLoss
from dualspike.golden.float.layout import Parameters, start
from dualspike.golden.training.weights_file import read_weights
from dualspike.model.description.data import FROM_FILES, OF_FILES, SOURCES, Data
from dualspike.model.description.description import Description
from dualspike.model.description.load import describe, revised
from dualspike.model.errors import BadInput
from dualspike.output import warn


def with_data(d: Description, data: str | None) -> Description:
    """The same description with other data; see `description`."""
    if data is None:
        return d
    tables, keys = d.model_dump(), data_keys(data)
    file = data.endswith((".npz", ".csv"))
    if d.data.known in FROM_FILES and keys["source"] == data and not file:
        keys = {"source": d.data.source, "folder": data}
    dropped = {"source", "folder"}
    if Data(source=keys["source"]).known is not None:
        dropped |= set(OF_FILES)
    tables["data"] = {key: one for key, one in tables["data"].items() if key not in dropped} | keys
    return describe(tables, "--data")


def rescaled(d: Description) -> Description:
    """With the offset and scale that bring the training inputs of its file to [-1, 1]."""
    if d.kind != "mlp":
        raise BadInput(f"--scale must be left out with operator.kind {d.kind}: it is for samples x")
    return revised(d, "data", **scaling(d.data))


def data_keys(data: str) -> dict[str, str]:
    """Keys of ``[data]`` for a file, or for the name of a data set with a folder or without."""
    name, given, folder = data.partition("=")
    if name.replace("_", "-") not in SOURCES:
        return {"source": data}
    return {"source": name, **({"folder": folder} if given else {})}


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
    """The problem of a description; warns of what it lacks, and of what is lost in the formats."""
    problem, f = load_problem(d), d.formats
    for line in lacks(problem):
        warn(f"{problem.name}: {line}")
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
