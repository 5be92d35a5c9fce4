"""Poisson over lengths and sensors: which problem and network a point of a curve has."""

import math

from dualspike.golden.experiments.paper.settings import load_settings
from dualspike.golden.experiments.sweep.study import SweepPlan, SweepTrial, execute, settings


def test_only_the_field_the_sensors_and_the_updates_differ() -> None:
    usual, other = load_settings("poisson_one_direction").tables(), settings(0.2, 51, 7).tables()
    assert settings(1.0, 11, 10000).tables() == usual
    assert (other["problem"]["field"]["length"], other["problem"]["sensors"]) == (0.2, 51)
    other["problem"] = usual["problem"]
    other["operator"]["parts"][0]["layers"] = [11, 32, 8]
    other["training"]["updates"] = 10000
    assert other == usual


def test_every_rule_at_every_length_and_number_of_sensors_once() -> None:
    trials = SweepPlan().trials
    assert len(trials) == len(set(trials)) == 27


def test_a_run_is_repeatable_and_may_diverge() -> None:
    trial = SweepTrial(1.0, 11, "RFG-N")
    assert execute(trial, 3, 1) == execute(trial, 3, 1) != execute(trial, 3, 2)
    assert math.isfinite(execute(SweepTrial(0.5, 26, "BP"), 3, 1))
