"""What a network's answers are worth: errors of real numbers, accuracy where there are labels."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.data.accuracy import mean_relative_l2, relative_l2
from dualspike.golden.data.problem import Problem
from dualspike.golden.numeric import Doubles, Indices


@dataclass(frozen=True)
class Measures:
    """Of one set of samples.

    ``loss``: 1/2 mean over the samples of sum over outputs (y - target)^2, of a problem with margin
    of those on the wrong side of their targets; of an operator network over all entries. Relative
    l2 errors where targets are real numbers: ``rel_l2`` that of a perceptron, or the mean over
    functions, ``global_rel_l2`` one norm over everything.
    Where targets are labels ``accuracy``, the share of samples whose class has the largest output,
    and ``confusion``: how often class [row] was taken for class [column].
    """

    loss: float
    rel_l2: float | None = None
    global_rel_l2: float | None = None
    accuracy: float | None = None
    confusion: list[list[int]] | None = None

    @property
    def figure(self) -> float:
        """The one number of a run: accuracy, else ``rel_l2``."""
        figure = self.rel_l2 if self.accuracy is None else self.accuracy
        assert figure is not None
        return figure


def measure(problem: Problem, y: Doubles) -> Measures:
    """Of answers ``y`` for the test samples, in the units of their file; the loss is without."""
    target, units = problem.truth, problem.units
    rows = y.size if problem.kind != "mlp" else len(y)
    off = errors(problem, units.stored(y), problem.test.target)
    loss = float(np.square(off).sum() / (2 * rows))
    if problem.classes is not None:
        table = confusion(classes_of(target), classes_of(y), problem.classes)
        right = float(np.trace(table) / table.sum())
        return Measures(loss, accuracy=right, confusion=table.tolist())
    error = relative_l2 if problem.kind == "mlp" else mean_relative_l2
    return Measures(loss, error(y, target), relative_l2(y, target))


def errors(problem: Problem, y: Doubles, target: Doubles) -> Doubles:
    """y - target; with margin what lies on the right side of its target is no error."""
    off = y - target
    if problem.margin:
        return np.where(target > 0, np.minimum(off, 0), np.maximum(off, 0))
    return off


def classes_of(y: Doubles) -> Indices:
    """The class of every row of outputs: the largest, of several the first."""
    return y.argmax(axis=1)


def of_classes(y: Doubles) -> NDArray[np.bool_]:
    """Whether a row is 1 for the output of a class and 0 for all others."""
    return ((y == 1).sum(axis=1) == 1) & ((y == 0).sum(axis=1) == y.shape[1] - 1)


def confusion(labels: Indices, found: Indices, classes: int) -> Indices:
    """[classes, classes]: how often class [row] was taken for class [column]."""
    pairs = np.bincount(labels * classes + found, minlength=classes * classes)
    return pairs.reshape(classes, classes)
