"""The learning problem that a description names, checked against its parts and its formats."""

from dataclasses import replace

import numpy as np

from dualspike.golden.data.classes import class_problem, load_classes
from dualspike.golden.data.functions import read_functions
from dualspike.golden.data.measures import of_classes
from dualspike.golden.data.problem import Problem, Samples, Settings, build
from dualspike.golden.data.problems.hat import HAT_GRID, HatSettings
from dualspike.golden.data.problems.poisson import PoissonSettings
from dualspike.golden.data.problems.random_field import RandomField
from dualspike.golden.data.problems.reaction_diffusion import ReactionDiffusionSettings
from dualspike.golden.data.samples import check_source, first_place, read_samples
from dualspike.golden.data.warnings.vanishing import judge
from dualspike.golden.integer.rounding import quantise
from dualspike.golden.numeric import Doubles
from dualspike.model.description.description import Description
from dualspike.model.description.format import Format
from dualspike.model.errors import BadInput


def load_problem(description: Description) -> Problem:
    """The problem of ``description.data``, its batches as large as the chip's.

    ``hat``: 10,000 training points uniform on [-1, 1)^2, drawn from ``default_rng(0)`` whatever
    ``learning.seed`` is, so that runs with different seeds learn the same data; tested on the
    65 x 65 grid over [-1, 1]^2. A relative path counts from the current directory.
    Labels become a 1 for the output of their class, see `golden.data.classes`.
    Batches of samples are drawn with replacement, those of functions without.

    Raises BadInput for a file that cannot be used, for a kind or sizes that the chip does not have,
    and for samples outside the formats of inputs and targets, or 0 in them everywhere.
    """
    data, layers = description.data, description.network.layers
    if data.path is not None and description.kind != "mlp":
        return fitted(description, read_functions(data.path))
    if data.path is not None:
        check_source(data.path)
    labelled = load_classes(data, layers[0], layers[-1], description.network.time_steps)
    if labelled is not None:
        return fitted(description, class_problem(description, labelled))
    if data.path is None:
        problem = fitted(description, build(settings(description)))
    else:
        problem = fitted(description, read_samples(data, layers[0], layers[-1]))
    if description.classes:
        for name, samples in (("y", problem.train), ("test y", problem.test)):
            _check_classes(data.source, name, samples.target)
    return problem


def settings(description: Description) -> Settings:
    """Settings of a built-in problem with the chip's sensors, points and random field."""
    data, sensors = description.data, description.network.layers[0]
    if data.source == "hat":
        return HatSettings()
    field = RandomField("gaussian", data.length)
    if data.source == "poisson":
        return PoissonSettings(field=field, sensors=sensors)
    return ReactionDiffusionSettings(field=field, sensors=sensors)


def fitted(description: Description, problem: Problem) -> Problem:
    """The problem with the chip's batch sizes; raises BadInput as ``load_problem`` does."""
    check_fits(description, problem)
    sizes, mlp = tuple(description.batch), problem.kind == "mlp"
    return replace(
        problem,
        batch_sizes=sizes,
        replace=mlp,
        margin=description.classes,
        grid=(HAT_GRID, HAT_GRID) if description.data.source == "hat" else None,
    )


def check_fits(description: Description, problem: Problem) -> None:
    """Raise BadInput unless samples have the chip's widths and are within its formats."""
    _check_shapes(description, problem)
    (_check_samples if problem.kind == "mlp" else _check_functions)(description, problem)
    f, of = description.formats, problem.name
    inputs = problem.train.inputs
    if problem.kind == "mlp":
        of = description.data.source
        named = [("values of x", inputs[0], f.input)]
        if not description.classes:
            named.append(("values of y", problem.train.target, f.target))
    else:
        named = [(f"inputs {n} of {of}", rows, f.input) for n, rows in enumerate(inputs)]
        named.append((f"targets of {of}", problem.train.target, f.target))
    for name, values, form in named:
        loss = judge(name, values, form)
        if loss and loss.nothing:
            raise BadInput(f"{of}: {loss.text}" if problem.kind == "mlp" else loss.text)


def _check_shapes(description: Description, problem: Problem) -> None:
    kind, layers = description.kind, description.network.layers
    if problem.kind == kind == "mlp":
        ends = [layers[0], layers[-1]]
        if ends != [problem.n_in[0], problem.n_out]:
            raise BadInput(
                f"network.layers must be [{problem.n_in[0]}, ..., {problem.n_out}] for data"
                f" {problem.name}, not {layers}"
            )
        return
    if problem.kind != kind:
        raise BadInput(f"operator.kind must be {problem.kind} for {problem.name}, not {kind}")
    if len(problem.n_in) != len(description.parts):
        raise BadInput(
            f"operator.parts must be {len(problem.n_in)} for {problem.name} (branch and"
            f" {len(problem.n_in) - 1} trunks), not {len(description.parts)}"
        )
    for part, (n_in, network) in enumerate(zip(problem.n_in, description.networks, strict=True)):
        if network.layers[0] != n_in:
            raise BadInput(
                f"operator.parts[{part}].layers must begin with {n_in} for {problem.name},"
                f" not {network.layers[0]}"
            )


def _check_samples(description: Description, problem: Problem) -> None:
    """Every sample within its format; the line names the first that is not.

    Samples that were held out of what is trained on are among its rows.
    """
    f, source, coding = description.formats, description.data.source, description.network.coding
    apart = "test " if problem.test_set == "test set" else ""
    sets = [("", problem.train), (apart, problem.test)]
    data = description.data
    spikes = coding != "direct" and not description.parts[0].numbers
    plain = data.path and coding != "frames" and data.plain
    hint = ": train --scale brings inputs there" if plain else ""
    for prefix, samples in sets:
        name, values = f"{prefix}x", samples.inputs[0]
        _check_range(source, name, values, "input", f.input, samples, hint)
        bad = np.abs(values) > 1
        if spikes and bad.any():
            wanted, place = "must be in [-1, 1]", first_place(name, values, bad, samples.rows)
            line = f"{source}: {name} {wanted} (network.coding {coding}), {place}{hint}"
            raise BadInput(line)
    if description.classes:
        return
    answers = "y" if problem.classes is None else "labels as outputs"
    own = data.path is not None and problem.classes is None
    for prefix, samples in sets:
        hint = ": data.target_offset and target_scale bring them there" if own else ""
        _check_range(
            source, f"{prefix}{answers}", samples.target, "target", f.target, samples, hint
        )


def _check_classes(source: str, name: str, target: Doubles) -> None:
    """What is learned with margin are classes; the line names the first sample that has none."""
    bad = ~of_classes(target)
    if bad.any():
        row = int(bad.argmax())
        raise BadInput(
            f"{source}: {name} must be 1 for one output and 0 for the others with learning.loss"
            f" 'margin', {name}[{row}] is {target[row].tolist()}"
        )


def _check_functions(description: Description, problem: Problem) -> None:
    f = description.formats
    for samples in (problem.train, problem.validation, problem.test):
        for rows in samples.inputs:
            quantise(rows, f.input, f"inputs of {problem.name}")
    quantise(problem.train.target, f.target, f"targets of {problem.name}")


def _check_range(
    source: str,
    name: str,
    values: Doubles,
    key: str,
    held: Format,
    samples: Samples,
    hint: str = "",
) -> None:
    lowest, highest = float(held.lowest * held.lsb), float(held.highest * held.lsb)
    bad = (values < lowest) | (values > highest)
    if bad.any():
        raise BadInput(
            f"{source}: {name} must be in [{lowest}, {highest}] (formats.{key} {held}),"
            f" {first_place(name, values, bad, samples.rows)}{hint}"
        )
