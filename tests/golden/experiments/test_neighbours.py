"""The online rules beside RFG: rows, choice of rates, a small run, the command."""

import json
import math

import pytest

from dualspike.golden.experiments.neighbours import report as neighbours_report
from dualspike.golden.experiments.neighbours import study as neighbours
from dualspike.golden.experiments.neighbours.study import (
    NeighbourRun,
    Neighbours,
    NeighboursPlan,
    NeighbourTrial,
)


def test_rows() -> None:
    rows = neighbours.trials()
    assert len(rows) == len(set(rows)) == 12 + 9
    assert (
        NeighbourTrial("hat", "OPZO-LL") in rows
        and NeighbourTrial("poisson", "OPZO-LL") not in rows
    )
    assert len(neighbours.planned(NeighboursPlan(), 3)) == 18 * 3 + 21 * 3


def test_rates_are_chosen_by_validation_alone() -> None:
    plan, hat = NeighboursPlan(updates=2), NeighbourTrial("hat", "OPZO")
    tuning = {hat: {1e-3: 0.2, 3e-3: 0.1, 1e-2: 0.1}, NeighbourTrial("hat", "ZO"): {1e-3: math.inf}}
    table = Neighbours(tuning, {}, plan)
    assert table.rate(hat) == table.rate(NeighbourTrial("hat", "OPZO-LL")) == 3e-3
    assert table.rate(NeighbourTrial("hat", "ZO")) == 1e-3


def test_rules_differ_in_nothing_but_the_gradient() -> None:
    """Same batches, start and schedule: without a step worth the name all end alike."""
    trials = [NeighbourTrial("poisson", rule) for rule in ("BP", "OTTT")]
    errors = {neighbours.execute(trial, 2, 1e-9, 1).error for trial in trials}
    assert max(errors) == pytest.approx(min(errors), rel=1e-6)
    assert len(errors) == 2


def test_the_same_seed_gives_the_same_run() -> None:
    trial = NeighbourTrial("hat", "OPZO-LL")
    found = neighbours.execute(trial, 12, 1e-2, 1)
    assert found == neighbours.execute(trial, 12, 1e-2, 1)
    assert found.validation[-1][0] == 12 and len(found.validation) == 10
    assert found.error != neighbours.execute(trial, 12, 1e-2, 2).error


def test_a_run_that_diverges_is_infinitely_wrong() -> None:
    plan, trial = NeighboursPlan(updates=1), NeighbourTrial("hat", "ZO")
    runs = [NeighbourRun(1, 0.5, [(1, 0.4)]), *(NeighbourRun(n, math.inf, []) for n in (2, 3))]
    table = Neighbours({trial: {1e-3: 0.4}}, {trial: runs}, plan)
    assert "| ZO | inf (2 of 3 diverged) | 0.5000..inf |" in neighbours_report.markdown(table)
    found = json.loads(json.dumps(neighbours_report.results(table), allow_nan=False))
    assert [one["error"] for one in found["rows"][0]["runs"]] == [0.5, None, None]
