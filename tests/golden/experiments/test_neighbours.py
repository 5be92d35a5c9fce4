"""The online rules beside RFG: rows, choice of rates, a small run, the command."""

import json
import math
from pathlib import Path

import pytest

from dualspike.cli import main
from dualspike.golden.experiments import neighbours, neighbours_report
from dualspike.golden.experiments.neighbours import Found, Plan, Table, Trial


def test_rows() -> None:
    rows = neighbours.trials()
    assert len(rows) == len(set(rows)) == 12 + 9
    assert Trial("hat", "OPZO-LL") in rows and Trial("poisson", "OPZO-LL") not in rows
    assert neighbours.runs(Plan(), 3) == 18 * 3 + 21 * 3


def test_rates_are_chosen_by_validation_alone() -> None:
    plan, hat = Plan(updates=2), Trial("hat", "OPZO")
    tuning = {hat: {1e-3: 0.2, 3e-3: 0.1, 1e-2: 0.1}, Trial("hat", "ZO"): {1e-3: math.inf}}
    table = Table(plan, tuning, {})
    assert table.rate(hat) == table.rate(Trial("hat", "OPZO-LL")) == 3e-3
    assert table.rate(Trial("hat", "ZO")) == 1e-3


def test_rules_differ_in_nothing_but_the_gradient() -> None:
    """Same batches, start and schedule: without a step worth the name all end alike."""
    errors = {
        neighbours.execute(Trial("poisson", rule), 2, 1e-9, 1).error for rule in ("BP", "OTTT")
    }
    assert max(errors) == pytest.approx(min(errors), rel=1e-6)
    assert len(errors) == 2


def test_the_same_seed_gives_the_same_run() -> None:
    trial = Trial("hat", "OPZO-LL")
    found = neighbours.execute(trial, 12, 1e-2, 1)
    assert found == neighbours.execute(trial, 12, 1e-2, 1)
    assert found.validation[-1][0] == 12 and len(found.validation) == 10
    assert found.error != neighbours.execute(trial, 12, 1e-2, 2).error


def test_a_run_that_diverges_is_infinitely_wrong() -> None:
    plan, trial = Plan(updates=1), Trial("hat", "ZO")
    runs = [Found(1, 0.5, [(1, 0.4)]), Found(2, math.inf, []), Found(3, math.inf, [])]
    table = Table(plan, {trial: {1e-3: 0.4}}, {trial: runs})
    assert "| ZO | inf | 0.5000..inf |" in neighbours_report.markdown(table)
    found = json.loads(json.dumps(neighbours_report.results(table), allow_nan=False))
    assert [one["error"] for one in found["rows"][0]["runs"]] == [0.5, None, None]


def test_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two updates of every rule."""
    monkeypatch.setattr(neighbours, "QUICK", Plan(updates=2, rates=(1e-3,), seeds=1))
    words = ["experiment", "neighbours", "--quick", "--jobs", "1", "--json", "-o", str(tmp_path)]
    assert main(words) == 0
    found = json.loads(capsys.readouterr().out)
    files = {"results.json", "table.md", "curves.png", "curves.pdf"}
    assert set(found["files"]) == files == {path.name for path in tmp_path.iterdir()}
    rows = {(row["problem"], row["rule"]): row for row in found["rows"]}
    assert len(rows) == 21 and all(len(row["runs"]) == 1 for row in rows.values())
    # Online in time, memory knows no T: a part of what BP keeps of every step.
    assert rows["hat", "OTTT"]["kept_words"] < rows["hat", "BP"]["kept_words"] / 5
    table = (tmp_path / "table.md").read_text()
    assert "| RFG-L, K = 4 |" in table and "| RFG-L, K = 16 |" in table


def test_bad_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["experiment", "neighbours", "--updates", "2", "-o", str(tmp_path / "out")]
    assert main(words) == 2
    assert capsys.readouterr().err == "dualspike: experiment neighbours does not take --updates\n"
    assert not (tmp_path / "out").exists()
