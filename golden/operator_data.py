"""The learning problem that the description of an operator chip names."""

from dualspike.golden.problems.functions import read_functions
from dualspike.golden.problems.poisson import PoissonSettings
from dualspike.golden.problems.problem import Problem, Settings, build
from dualspike.golden.problems.random_field import RandomField
from dualspike.golden.problems.reaction_diffusion import ReactionDiffusionSettings
from dualspike.golden.rounding import quantise
from dualspike.golden.vanishing import judge
from dualspike.model.errors import BadInput
from dualspike.model.operator_chip import OperatorDescription


def operator_settings(description: OperatorDescription) -> Settings:
    """Settings of a built-in problem with the chip's sensors, points and random field."""
    data, sensors = description.data, description.parts[0].layers[0]
    field = RandomField("gaussian", data.length)
    if data.source == "poisson":
        return PoissonSettings(field=field, sensors=sensors)
    return ReactionDiffusionSettings(field=field, sensors=sensors)


def load_operator_data(description: OperatorDescription) -> Problem:
    """The problem of ``description.data``, its batches as large as the chip's.

    Raises BadInput for a kind or sizes that the chip does not have, and for samples outside the
    formats of inputs and targets, or 0 in them everywhere.
    """
    path = description.data.path
    problem = read_functions(path) if path else build(operator_settings(description))
    return fitted(description, problem)


def fitted(description: OperatorDescription, problem: Problem) -> Problem:
    """The problem with the chip's batch sizes; raises BadInput as ``load_operator_data`` does."""
    kind = description.operator.kind
    if problem.kind != kind:
        raise BadInput(f"operator.kind must be {problem.kind} for {problem.name}, not {kind}")
    if len(problem.n_in) != len(description.parts):
        raise BadInput(
            f"operator.parts must be {len(problem.n_in)} for {problem.name} (branch and"
            f" {len(problem.n_in) - 1} trunks), not {len(description.parts)}"
        )
    for part, (n_in, network) in enumerate(zip(problem.n_in, description.parts, strict=True)):
        if network.layers[0] != n_in:
            raise BadInput(
                f"operator.parts[{part}].layers must begin with {n_in} for {problem.name},"
                f" not {network.layers[0]}"
            )
    f = description.formats
    for samples in (problem.train, problem.validation, problem.test):
        for rows in samples.inputs:
            quantise(rows, f.input, f"inputs of {problem.name}")
    quantise(problem.train.target, f.target, f"targets of {problem.name}")
    of = problem.name
    inputs = [(f"inputs {n} of {of}", rows, f.input) for n, rows in enumerate(problem.train.inputs)]
    for name, values, form in (*inputs, (f"targets of {of}", problem.train.target, f.target)):
        loss = judge(name, values, form)
        if loss and loss.nothing:
            raise BadInput(loss.text)
    sizes = tuple(description.learning.batch)
    return Problem(
        problem.name, problem.kind, problem.train, problem.validation, problem.test, sizes
    )
