"""What needs no network: a constant, least squares, a polynomial or principal components.

All are fitted to the training samples and measured on the test samples as the networks are.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dualspike.golden.data.accuracy import mean_relative_l2, relative_l2
from dualspike.golden.data.problem import Problem
from dualspike.golden.numeric import Doubles

DEGREE = 6
"""Of the polynomial in x and y: 28 terms."""
COMPONENTS = 3
"""Principal components of the input functions."""

Features = Callable[[Doubles], Doubles]


@dataclass(frozen=True)
class Baseline:
    """``numbers`` that were fitted, and the two readings of the error on the test samples."""

    name: str
    numbers: int
    error: float
    global_error: float


def baselines(problem: Problem) -> list[Baseline]:
    """Three of them: the mean of the targets; least squares linear in the inputs; the third.

    The third is a polynomial of degree 6 of a function of points, and least squares from the first
    three principal components of the input functions of an operator.
    """
    x = problem.train.inputs[0]
    if problem.kind == "mlp":
        third = f"polynomial, degree {DEGREE}", _polynomial
    else:
        third = f"{COMPONENTS} principal components", _components(x)
    named: list[tuple[str, Features]] = [
        ("constant", lambda _: np.empty((len(_), 0))),
        ("least squares", lambda rows: rows),
        third,
    ]
    return [_fitted(problem, name, features) for name, features in named]


def _fitted(problem: Problem, name: str, features: Features) -> Baseline:
    """Least squares with a constant, from features of the first part's inputs."""
    before, after = (
        np.column_stack([np.ones(len(rows)), features(rows)])
        for rows in (problem.train.inputs[0], problem.test.inputs[0])
    )
    target = problem.train.target.reshape(len(before), -1)
    weights = np.linalg.lstsq(before, target, rcond=None)[0]
    y = (after @ weights).reshape(problem.test.target.shape)
    over_all = relative_l2(y, problem.test.target)
    error = over_all if problem.kind == "mlp" else mean_relative_l2(y, problem.test.target)
    return Baseline(name, weights.size, error, over_all)


def _polynomial(points: Doubles) -> Doubles:
    """All x^i y^j with 0 < i + j <= DEGREE."""
    x, y = points.T
    powers = [(i, n - i) for n in range(1, DEGREE + 1) for i in range(n + 1)]
    return np.stack([x**i * y**j for i, j in powers], axis=1)


def _components(rows: Doubles) -> Features:
    """How far functions go along the components of these."""
    mean = rows.mean(axis=0)
    axes = np.linalg.svd(rows - mean, full_matrices=False)[2][:COMPONENTS]
    return lambda some: (some - mean) @ axes.T
