"""Poisson from the equation: what a run learns from, and how its rate is chosen."""

import json
import math
from pathlib import Path

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
from dualspike.golden.float.equation import energy

DOCS = Path(__file__).parents[3] / "docs"
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


def test_spiking_rows_end_below_the_energy_of_the_solution() -> None:
    """As docs/results.md says: their u' is not quite the slope of u. That of tanh is."""
    grid, _, validation, _ = functions()
    du = np.gradient(validation.solution, grid, axis=1)
    at = np.arange(0, len(grid), 16)
    parts = validation.solution[:, at], du[:, at], validation.right[:, at]
    least = energy(*parts)[0]
    assert least == pytest.approx(-0.0945, abs=5e-5)
    kept = json.loads((DOCS / "results" / "equation.json").read_text("utf-8"))
    ends = {
        row["rule"]: [one["validation"] - least for one in row["runs"]]
        for row in kept["rows"]
        if row["learned"] == "energy" and row["reset"] == "attached"
    }
    assert max(*ends["BP"], *ends["RFG-N"]) < -0.0018
    assert max(map(abs, ends["tanh"])) < 0.0007
