"""What predict and simulate run through a chip: test samples, or a user's own rows."""

from dataclasses import dataclass, replace
from typing import Any

from dualspike.api.data import problem_of, with_data
from dualspike.golden.data.classes import has_labels
from dualspike.golden.data.load import check_fits, fitted
from dualspike.golden.data.measures import Measures, classes_of, measure
from dualspike.golden.data.problem import Problem, Samples
from dualspike.golden.data.rows import read_rows
from dualspike.golden.data.samples import check_source, read_inputs
from dualspike.golden.data.units import target_units
from dualspike.golden.numeric import Doubles, Indices
from dualspike.model.description.description import Description
from dualspike.model.errors import BadInput


@dataclass(frozen=True, eq=False)
class Asked:
    """The first samples of a test set: ``problem`` is what they are the whole test set of.

    ``answered``: whether the targets are known. ``classes``: whether an answer is a class.
    """

    problem: Problem
    answered: bool
    classes: bool

    @property
    def inputs(self) -> tuple[Doubles, ...]:
        """Of every part of the network."""
        return self.problem.test.inputs

    def measured(self, y: Doubles) -> Measures | None:
        """What outputs are worth; None where targets are not known, or are all 0."""
        if not self.answered or not self.problem.truth.any():
            return None
        return measure(self.problem, y)

    def columns(self, y: Doubles) -> dict[str, Indices]:
        """Classes by the names of their columns: those found, and the right ones if known."""
        if not self.classes:
            return {}
        columns = {"class": classes_of(y)}
        if self.problem.classes is not None:
            columns["label"] = classes_of(self.problem.test.target)
        return columns

    def arrays(self, y: Doubles) -> dict[str, Any]:
        """Everything by name for an ``.npz``: inputs, answers, targets and classes if known."""
        names = {"mlp": ("x",), "deeponet": ("u", "points"), "seponet": ("u", "x", "t")}
        arrays = dict(zip(names[self.problem.kind], self.inputs, strict=True))
        known = {"target": self.problem.truth} if self.answered else {}
        return arrays | {"prediction": y} | known | self.columns(y)

    def line(self, y: Doubles) -> str:
        """What is said of outputs to people."""
        found = self.measured(y)
        mean = "" if self.problem.kind == "mlp" else ", mean over functions"
        if not self.answered:
            return "what they should be is not in the data"
        if found is None:
            return f"relative l2{mean} not defined, all wanted outputs are 0{self.problem.where}"
        if found.accuracy is not None:
            return f"accuracy {found.accuracy:.2%}{self.problem.where}"
        return f"relative l2{mean} {found.rel_l2:.4f}{self.problem.where}"

    def told(self, y: Doubles) -> dict[str, Any]:
        """What is said of outputs in JSON."""
        found = self.measured(y)
        if self.problem.classes is None or found is None:
            return {"rel_l2": found.rel_l2 if found else None}
        return {"accuracy": found.accuracy, "loss": found.loss, "confusion": found.confusion}


def asked_of(
    d: Description, data: str | None, samples: int | None, usual: int | None = None
) -> tuple[Description, Asked]:
    """The first ``samples``, else ``usual`` at most, of a description's test set or other ``data``.

    Those may be a file with x alone; their answers are classes if those of the description's own
    data are, or the chip learns classes. Raises BadInput for a number of samples that are not
    there.
    """
    classes, d = has_labels(d.data) or d.classes, with_data(d, data)
    problem = None if data is None or d.kind != "mlp" else _unanswered(d)
    answered = problem is None
    if problem is None:
        problem = problem_of(d)
        classes = problem.classes is not None
    there = len(problem.test.inputs[0])
    count = min(usual or there, there) if samples is None else samples
    same = replace(problem, test=_first(problem.test, count))
    return d, Asked(same, answered, classes)


def rows_of(d: Description, data: str, samples: int | None = None) -> tuple[Description, Asked]:
    """The first ``samples``, else all, rows of a user's file, with answers or without.

    Of other ``data`` the test samples.

    Raises BadInput as `golden.data.rows.read_rows` does, and for values outside of the formats.
    """
    changed = with_data(d, data)
    found = read_rows(changed)
    if found is None:
        return asked_of(d, data, samples)
    rows, answered, labelled = found
    assert changed.data.path is not None
    named = Problem(
        changed.data.path.stem,
        changed.kind,
        *(rows, rows, rows),
        (None,) * len(rows.inputs),
        classes=changed.basis if labelled else None,
        margin=changed.classes,
        units=target_units(changed.data, rows.target.shape[-1]),
        test_set="rows of the file",
    )
    check_fits(changed, named)
    problem = replace(named, test=_first(rows, samples))
    classes = labelled or changed.classes or has_labels(d.data)
    return changed, Asked(problem, answered, classes)


def _first(rows: Samples, samples: int | None) -> Samples:
    """The first ``samples`` of them; BadInput for a number that is not there."""
    first, *others = rows.inputs
    count = len(first) if samples is None else samples
    if not 1 <= count <= len(first):
        raise BadInput(f"--samples must be in [1, {len(first)}], not {count}")
    return Samples((first[:count], *others), rows.target[:count])


def _unanswered(d: Description) -> Problem | None:
    """The samples of a file with x alone, their answers 0; None for all other data."""
    if d.data.path is None:
        return None
    check_source(d.data.path)
    own = read_inputs(d.data, d.network.layers[0], d.network.layers[-1])
    if own is None:
        return None
    units = target_units(d.data, d.basis)
    return fitted(d, Problem(d.data.path.stem, "mlp", own, own, own, (None,), units=units))
