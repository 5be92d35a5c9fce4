"""experiment estimator, cost and exact-gradient: what they write, and what they refuse."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from dualspike.cli import main
from dualspike.commands import studies
from dualspike.golden.experiments import estimator_study, exact_training
from dualspike.golden.experiments.estimator_study import Plan
from dualspike.golden.experiments.exact_network import RULES
from dualspike.golden.experiments.exact_training import PLANS
from dualspike.golden.experiments.methods import METHODS


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    status = main(["experiment", *(str(word) for word in words)])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_cost(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capsys, "cost", "-o", tmp_path)
    assert (status, err) == (0, "")
    files = ["results.json", "table.md", "cost.png", "cost.pdf"]
    assert out.splitlines()[-1] == f"Wrote {', '.join(files)} in {tmp_path}"
    assert {path.name for path in tmp_path.iterdir()} == set(files)
    assert json.loads((tmp_path / "results.json").read_text())["experiment"] == "cost"


def test_estimator(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tiny plan for one network stands in for --quick."""
    monkeypatch.setenv("FORCE_COLOR", "1")  # as on a terminal: with a bar
    monkeypatch.setattr(studies, "QUICK", Plan(draws=128, updates=2, quick=True))
    monkeypatch.setattr(estimator_study, "METHODS", {"poisson": METHODS["poisson"]})
    status, out, err = run(capsys, "estimator", "--quick", "-o", tmp_path, "--json")
    found = json.loads(out)
    assert status == 0 and "24/24" in err
    assert {m["experiment"] for m in found["estimators"]} == {"poisson"}
    files = {"results.json", "table.md"}
    files |= {f"{name}.{kind}" for name in ("variance", "cosine") for kind in ("png", "pdf")}
    assert set(found["files"]) == files == {path.name for path in tmp_path.iterdir()}
    assert found["draws"] == 128


def test_exact_gradient(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One epoch of every task, two of XOR."""
    short = {
        name: replace(plan, epochs=dict.fromkeys(RULES, 2 if name == "xor" else 1), directions=2)
        for name, plan in PLANS.items()
    }
    short["yin-yang"] = replace(short["yin-yang"], hidden=10, batch=1000, group=1000)
    monkeypatch.setenv("FORCE_COLOR", "1")  # as on a terminal: with a bar
    monkeypatch.setattr(exact_training, "PLANS", short)
    status, out, err = run(capsys, "exact-gradient", "-o", tmp_path, "--json")
    found = json.loads(out)
    assert status == 0 and "16/16" in err
    assert [(one["task"], one["rule"], one["fold"]) for one in found["runs"]] == [
        (task, rule, fold)
        for task, folds in (("xor", 1), ("iris", 5), ("yin-yang", 1))
        for rule in RULES
        for fold in range(folds)
    ]
    assert [len(one["accuracies"]) for one in found["runs"]] == [2] * 2 + [1] * 12
    assert all(0 <= one["test"] <= 1 for one in found["runs"])
    files = {"results.json", "table.md"}
    files |= {f"{name}.{kind}" for name in ("accuracy", "yin_yang") for kind in ("png", "pdf")}
    assert set(found["files"]) == files == {path.name for path in tmp_path.iterdir()}


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["cost", "--seeds", "2"], "experiment cost does not take --seeds"),
        (["cost", "--quick"], "experiment cost does not take --quick"),
        (["exact-gradient", "--quick"], "experiment exact-gradient does not take --quick"),
        (["estimator", "--methods", "BP"], "experiment estimator does not take --methods"),
        (["estimator", "--settings", "x.toml"], "experiment estimator does not take --settings"),
        (["estimator", "--force"], "experiment estimator does not take --force"),
        (["estimator", "--seeds", "0"], "--seeds must be in [1, 1000], not 0"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(
    words: list[str], line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "out"
    assert run(capsys, *words, "-o", folder) == (2, "", f"dualspike: {line}\n")
    assert not folder.exists()


def test_runs_of_an_experiment_are_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "settings.json").write_text("{}")
    line = f"dualspike: {tmp_path} holds runs of an experiment: give another folder\n"
    assert run(capsys, "cost", "-o", tmp_path) == (2, "", line)
    assert [path.name for path in tmp_path.iterdir()] == ["settings.json"]
