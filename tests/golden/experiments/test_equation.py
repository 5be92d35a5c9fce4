"""Poisson from the equation: what a run learns from, and how its rate is chosen."""

import math

import numpy as np
import pytest

from dualspike.golden.data.problem import build
from dualspike.golden.experiments.equation import trial as module
from dualspike.golden.experiments.equation.study import Equation, EquationPlan, simple
from dualspike.golden.experiments.equation.trial import (
    EquationRun,
    EquationTrial,
    Solved,
    execute,
    functions,
    problem,
)

BP = EquationTrial("energy", "BP")


def test_functions_are_those_of_the_papers_experiment() -> None:
    settings = problem()
    step = settings.cells // (settings.points - 1)
    whole = build(settings)
    for mine, theirs in zip(
        functions()[1:], (whole.train, whole.validation, whole.test), strict=True
    ):
        np.testing.assert_array_equal(mine.sensed, theirs.inputs[0])
        np.testing.assert_array_equal(mine.solution[:, ::step], theirs.target)


def test_the_equation_is_learned_without_a_solution(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other solutions change the errors that are measured, and neither weights nor choice."""
    run = execute(BP, 80, 3e-3, 1)
    assert run.error < 0.5 and run == execute(BP, 80, 3e-3, 1)
    grid, *parts = functions()
    other = [Solved(one.sensed, one.right, 2 * one.solution) for one in parts]
    monkeypatch.setattr(module, "functions", lambda: (grid, *other))
    again = execute(BP, 80, 3e-3, 1)
    assert again.validation == run.validation and again.error != run.error


def test_a_detached_reset_has_no_slope_to_learn_from() -> None:
    assert execute(EquationTrial("energy", "BP", "detached"), 300, 3e-3, 1).error > 0.6


def test_a_run_that_diverges_is_infinitely_wrong() -> None:
    run = execute(EquationTrial("energy", "RFG-L"), 20, 1e9, 1)
    assert (run.validation, run.error, run.slope) == (math.inf, math.inf, math.inf)


def test_rates_are_chosen_by_validation_alone() -> None:
    found = Equation({BP: {1e-3: -0.1, 3e-3: -0.2, 1e-2: -0.2}}, {}, EquationPlan())
    assert found.rate(BP) == 3e-3
    assert found.judged(EquationRun(0, -0.2, 0.1, 0.3, 0.4)) == (-0.2, 0.1)


def test_what_needs_no_network() -> None:
    errors = {one.name: one.error for one in simple()}
    assert errors["least squares"] < 1e-9 < errors["finite differences at the sensors"] < 0.02
