"""The table and the results, from outcomes whose figures are known."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dualspike.golden.data.problem import build
from dualspike.golden.data.store import checksum
from dualspike.golden.experiments.paper.report import Report, collect
from dualspike.golden.experiments.paper.run import Run
from dualspike.golden.experiments.runner.folder import RunsFolder
from dualspike.golden.experiments.runner.records import RunOutcome, RunState
from dualspike.golden.experiments.runner.study import to_json
from tests.refusals import refusal

Errors = dict[str, list[float]]
HAT: Errors = {"BP": [0.03, 0.02, 0.0298], "RFG-L": [0.05, math.nan, 0.04], "RFG-G": [math.nan]}
BESIDE: Errors = {"RFG-L": [0.03], "RFG-N": [0.02], "tanh": [0.01]}
POISSON: Errors = {"SG-RFG-G": [0.04], "WSG-BP": [0.03, 0.02], "SG-RFG-LL": [math.nan, 0.01]}


def outcome(error: float, seconds: float) -> RunOutcome:
    validation = np.array([[15.0, 0.5, 0.6]])
    state = RunState(30, np.zeros(2), {}, np.ones(3), validation, seconds)
    if math.isnan(error):
        state.update = 7
        return RunOutcome(state, 7, math.nan, math.nan, np.empty(0))
    return RunOutcome(state, None, error, error / 2, np.zeros((1, 9)))


@pytest.fixture
def report(run_of: Callable[..., Run], tmp_path: Path) -> Callable[..., Report]:
    """The report on runs with these errors, for each method one for every seed."""

    def collected(name: str, errors: Errors) -> Report:
        folder = RunsFolder(tmp_path)
        folder.runs.mkdir()
        settings = run_of(name, next(iter(errors))).settings
        problem = build(settings.problem)
        data = checksum(problem)
        for method, values in errors.items():
            for seed, error in enumerate(values, 1):
                run = run_of(name, method, seed)
                run.record(folder.runs, data).finish(outcome(error, 2.0 * seed))
        run = run_of(name, next(iter(errors)), 9)
        run.record(folder.runs, data).save(outcome(0.5, 1.0).state)
        return collect(folder, settings, problem)

    return collected


def cells(text: str) -> list[list[str]]:
    """Of the rows of Markdown tables that are no baselines, the header first."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in rows if row[0] not in ("baseline", "---")]


def test_the_table_of_the_hat(report: Callable[..., Report]) -> None:
    """Medians of our settings are reached by what they are, and said so in the same cell."""
    told = report("hat", HAT).markdown()
    assert [" | ".join(row) for row in cells(told)[:4]] == [
        "setting | method | K | published | mean | median | min..max | reached | seeds | updates"
        " | seconds",
        "ours | BP |  | 0.0298 | 0.0266 | 0.0298 | 0.0200..0.0300 | yes, by Adam | 3 | 30 | 4.0",
        "ours | RFG-L | 4 | 0.0342 | diverged (1 of 3 diverged) | 0.0500 (1 of 3 diverged)"
        " | 0.0400..0.0500 | no, by K = 4, Adam | 3 | 30 | 4.0",
        "ours | RFG-G | 4 | 0.0426 | diverged (1 of 1 diverged) | diverged (1 of 1 diverged)"
        " | none | no, by K = 4, Adam | 1 | 30 | 2.0",
    ]
    assert told.endswith(
        "- RFG-L with seed 2 diverged at update 7: lower training.rates.RFG-L (0.005)\n"
        "- RFG-G with seed 1 diverged at update 7: lower training.rates.RFG-G (0.003)\n"
    )


def test_the_table_of_an_operator_network(report: Callable[..., Report]) -> None:
    """Rows in the paper's order; half of two runs is no median once one has diverged."""
    found = cells(report("poisson", POISSON).markdown())
    assert [" | ".join(row) for row in found[1:]] == [
        "ours | WSG-BP |  | 0.0241 | 0.0250 | 0.0250 | 0.0200..0.0300 | 0.0125"
        " | no, by Adam, weighted loss | 2 | 30 | 3.0",
        "ours | SG-RFG-G | 16 | 0.0422 | 0.0400 | 0.0400 | 0.0400..0.0400 | 0.0200"
        " | yes, by K = 16, Adam, weighted loss | 1 | 30 | 2.0",
        "ours | SG-RFG-LL | 16 | 0.0431 | diverged (1 of 2 diverged) | diverged (1 of 2 diverged)"
        " | 0.0100..0.0100 | diverged (1 of 2 diverged)"
        " | no, by K = 16, Adam, weighted loss | 2 | 30 | 3.0",
    ]


def test_what_is_not_the_papers_has_nothing_to_reach(report: Callable[..., Report]) -> None:
    made = report("hat", BESIDE)
    rows = cells(made.markdown())[1:4]
    assert [row[1] for row in rows] == ["RFG-L", "RFG-N", "tanh"]
    assert [row[7] for row in rows] == ["yes, by K = 4, Adam", "", ""]
    found = json.loads(to_json(made.results()))["methods"][1]
    assert (found["published"], found["reached"]) == (None, None)


def test_the_papers_own_setting_is_reached_without_a_but(
    report: Callable[..., Report], tmp_path: Path, run_of: Callable[..., Run]
) -> None:
    """A column of its own in the same folder; rules of one column, and a rule of two, in pairs."""
    made = report("hat", {"BP": [0.02, 0.01], "RFG-L": [0.03, 0.05]})
    settings, data = made.settings, checksum(made.problem)
    for name, error in (("BP", 0.025), ("RFG-L", 0.04)):
        method = run_of("hat", name).method
        for seed in (1, 2):
            run = Run(settings.column("faithful", method), method, seed, "faithful")
            run.record(RunsFolder(tmp_path).runs, data).finish(outcome(error, 1.0))
    again = collect(RunsFolder(tmp_path), settings, made.problem)
    rows = [row for row in again.results()["methods"] if row["setting"] == "faithful"]
    assert [(row["method"], row["reached"], row["departures"]) for row in rows] == [
        ("BP", True, []),
        ("RFG-L", False, []),
    ]
    assert [row[7] for row in cells(again.markdown())[3:5]] == ["yes", "no"]
    assert [row["directions"] for row in rows] == [None, 1] and rows[0]["optimiser"] == "sgd"
    pairs = {(one.first, one.second): (one.mean, one.p, one.seeds) for one in again.pairs}
    assert pairs["ours BP", "ours RFG-L, K = 4"] == (pytest.approx(-0.025), 0.5, 2)
    assert pairs["ours RFG-L, K = 4", "faithful RFG-L, K = 1"] == (pytest.approx(0), 1, 2)
    assert len(pairs) == 4


def test_results_for_programs(report: Callable[..., Report]) -> None:
    made = report("hat", HAT)
    found: dict[str, Any] = json.loads(to_json(made.results()))
    assert [found[key] for key in ("experiment", "version")] == ["hat", "0.1.0"]
    assert found["data"] == checksum(made.problem)
    assert found["settings"]["training"]["updates"] == 30
    assert found["methods"][1] == {
        "setting": "ours",
        "method": "RFG-L",
        "directions": 4,
        "updates": 30,
        "optimiser": "adam",
        "rate": 0.005,
        "published": 0.0342,
        "mean": None,
        "median": 0.05,
        "min": 0.04,
        "max": 0.05,
        "diverged": 1,
        "global_median": 0.025,
        "reached": False,
        "departures": ["K = 4", "Adam"],
        "seeds": [1, 2, 3],
    }
    assert found["methods"][2]["median"] is None and found["methods"][2]["min"] is None
    assert found["runs"][4] == {
        "setting": "ours",
        "method": "RFG-L",
        "seed": 2,
        "updates": 7,
        "diverged": 7,
        "error": None,
        "global_error": None,
        "validation": [{"update": 15, "error": 0.5, "global_error": 0.6}],
    }
    assert len(found["runs"]) == 7
    assert found["timing"]["BP-3"] == {"seconds": 6.0, "updates_per_second": 5.0}


def test_the_run_in_the_middle_is_typical(report: Callable[..., Report]) -> None:
    best, middle, worst = (row.typical.error for row in report("hat", HAT).rows)
    assert (best, middle) == (0.0298, 0.05) and math.isnan(worst)


def test_of_two_runs_the_better_is_typical(report: Callable[..., Report]) -> None:
    assert [row.typical.error for row in report("poisson", POISSON).rows] == [0.02, 0.04, 0.01]


def test_a_damaged_outcome_is_one_line(report: Callable[..., Report], tmp_path: Path) -> None:
    found = report("hat", HAT)
    path = tmp_path / "runs" / "BP-2.npz"
    path.write_bytes(path.read_bytes()[:-1])
    line = f"{path} is damaged (SHA-256): delete it to start that run again"
    assert refusal(collect, RunsFolder(tmp_path), found.settings, found.problem) == line
