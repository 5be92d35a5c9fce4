"""The comparison of online rules: its trials, its tables, a small run of each."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from dualspike.cli import main
from dualspike.golden.experiments import opzo, opzo_report
from dualspike.golden.experiments.opzo import Found, Plan, Trial
from dualspike.golden.online.training import Course, Epoch

TINY = Plan(layers=(64, 6, 5, 10), course=Course(epochs=2, batch=700, steps=2), batches=2, seeds=1)


def test_trials() -> None:
    trials = opzo.all_trials()
    assert len(trials) == 24 + 7 == len(set(trials))
    assert opzo.noise_trials()[0] in opzo.rule_trials()


def test_the_same_seed_gives_the_same_run() -> None:
    trial = Trial("OPZO-LL", "poisson", "rademacher", "before")
    found = opzo.execute(trial, TINY, 1)
    assert found == opzo.execute(trial, TINY, 1)
    assert found != replace(opzo.execute(trial, TINY, 2), seed=1)
    assert len(found.epochs) == 2 and found.variance > 0


def test_the_order_is_judged_by_the_means() -> None:
    def runs(*accuracies: float) -> list[Found]:
        return [Found(1, [Epoch(0, a, [0.1])], 1.0, [2.0]) for a in accuracies]

    given = {"BP": (0.98, 0.96), "OPZO": (0.965, 0.96), "DFA": (0.9, 0.9), "ZO": (0.84, 0.87)}
    found = {Trial(name, c): runs(*a) for name, a in given.items() for c in opzo.CODINGS}
    static = opzo_report.order(found)[0]
    assert static["opzo_less_bp"] == pytest.approx(-0.75)
    assert static["dfa_less_zo"] == pytest.approx(4.5)
    assert (static["opzo_near_bp"], static["zo_far_below_dfa"]) == (True, False)


def test_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opzo, "QUICK", TINY)
    assert main(["experiment", "opzo", "--quick", "-o", str(tmp_path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found["trials"]) == 31
    assert {len(trial["runs"]) for trial in found["trials"]} == {1}
    files = {"results.json", "table.md", "curves.png", "curves.pdf"}
    assert set(found["files"]) == files == {path.name for path in tmp_path.iterdir()}
    table = (tmp_path / "table.md").read_text()
    assert all(f"| {name} |" in table for name in (*opzo.RULES, "OPZO-LL"))


def test_bad_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["experiment", "opzo", "--jobs", "2", "-o", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err == "dualspike: experiment opzo does not take --jobs\n"
    assert not (tmp_path / "out").exists()
