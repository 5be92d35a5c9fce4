"""One protocol for every study: what each writes and prints, what it refuses, what it leaves."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dualspike.cli import main
from dualspike.golden.data.labelled.moving_bars import moving_bars
from dualspike.golden.data.labelled.samples import ClassData
from dualspike.golden.experiments.equation import study as equation
from dualspike.golden.experiments.equation.study import EquationPlan
from dualspike.golden.experiments.estimator import study as estimator_study
from dualspike.golden.experiments.estimator.study import SamplingPlan
from dualspike.golden.experiments.exact import training as exact_training
from dualspike.golden.experiments.exact.network import RULES
from dualspike.golden.experiments.exact.tasks import FOLDS
from dualspike.golden.experiments.exact.training import PLANS
from dualspike.golden.experiments.neighbours import study as neighbours
from dualspike.golden.experiments.neighbours.study import NeighboursPlan
from dualspike.golden.experiments.on_chip import study as on_chip
from dualspike.golden.experiments.on_chip.study import OnChipPlan
from dualspike.golden.experiments.opzo import data as opzo_data
from dualspike.golden.experiments.opzo import study as opzo
from dualspike.golden.experiments.paper.methods import METHODS
from dualspike.golden.experiments.runner.studies import STUDIES
from dualspike.golden.experiments.series import study as series
from dualspike.golden.experiments.series.study import SeriesPlan
from dualspike.golden.experiments.sweep import study as sweep
from dualspike.golden.experiments.sweep.study import SweepPlan
from tests.few import few
from tests.golden.experiments.conftest import TINY


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tiny plans stand in for --quick, and for the plans of the study that has none."""
    monkeypatch.setattr(opzo, "QUICK", TINY)
    monkeypatch.setitem(opzo_data.BUILT_IN, "bars", lambda: forty(moving_bars()))
    monkeypatch.setattr(neighbours, "QUICK", NeighboursPlan(updates=2, rates=(1e-3,), seeds=1))
    monkeypatch.setattr(on_chip, "QUICK", OnChipPlan(bits=(12,), seeds=1, samples=48, rates=1))
    monkeypatch.setattr(equation, "QUICK", EquationPlan(updates=2, rates=(1e-3,), seeds=1))
    monkeypatch.setattr(series, "QUICK", SeriesPlan(updates=2, rates=(1e-2,), seeds=1))
    monkeypatch.setattr(sweep, "QUICK", SweepPlan((1.0,), (11, 26), updates=2, seeds=1))
    plan = SamplingPlan(draws=128, updates=2, gradients=16, compared=32, quick=True)
    monkeypatch.setattr(estimator_study, "NETWORKS", ("hat",))
    monkeypatch.setattr(estimator_study, "QUICK", plan)
    monkeypatch.setattr(estimator_study, "METHODS", {"poisson": METHODS["poisson"]})
    plans = {
        name: replace(plan, epochs=dict.fromkeys(RULES, 2 if name == "xor" else 1), directions=2)
        for name, plan in PLANS.items()
    }
    plans["yin-yang"] = replace(plans["yin-yang"], hidden=10, batch=1000, group=1000)
    monkeypatch.setattr(exact_training, "PLANS", plans)


def forty(samples: ClassData) -> ClassData:
    parts = (samples.train, samples.validation, samples.test)
    train, validation, test = (part.taken(np.arange(40)) for part in parts)
    return ClassData(train, validation, test, samples.shape, samples.classes)


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    status = main(["experiment", *(str(word) for word in words)])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def hat(found: dict[str, Any], _: str) -> Iterator[bool]:
    yield [one["method"] for one in found["methods"]] == ["BP"]


def cost(found: dict[str, Any], _: str) -> Iterator[bool]:
    yield found["experiment"] == "cost"


def estimator(found: dict[str, Any], _: str) -> Iterator[bool]:
    yield {m["experiment"] for m in found["estimators"]} == {"poisson"}
    yield found["draws"] == 128
    yield [one["weights"] for one in found["neurons"]] == ["start", "trained"]
    yield {one["experiment"] for one in found["compared"]} == {"hat"}


def exact(found: dict[str, Any], _: str) -> Iterator[bool]:
    """One epoch of every task, two of XOR."""
    yield [(one["task"], one["rule"], one["fold"]) for one in found["runs"]] == [
        (task, rule, fold) for task in FOLDS for rule in RULES for fold in range(FOLDS[task])
    ]
    yield [len(one["accuracies"]) for one in found["runs"]] == [2] * 2 + [1] * 12
    yield all(0 <= one["test"] <= 1 for one in found["runs"])


def widths(found: dict[str, Any], _: str) -> Iterator[bool]:
    yield len(found["rows"]) == 8
    yield found["rows"][0]["format"] == "s12.5"


def opzos(found: dict[str, Any], table: str) -> Iterator[bool]:
    """On a few of the bars; the processes of a study are told all they need to know."""
    yield len(found["trials"]) == 16 + 7 + 6 + 7
    yield {len(trial["runs"]) for trial in found["trials"]} == {1}
    yield {len(tried["validation"]) for tried in found["tuning"]} == {1, 2}
    rules = {trial["rule"] for trial in found["trials"]}
    yield all(f"| {name} |" in table for name in rules)
    yield [one["setting"]["lanes"] for one in found["forward_variance"]].count(1) == 6


def neighbour(found: dict[str, Any], table: str) -> Iterator[bool]:
    """Two updates of every rule."""
    rows = {(row["problem"], row["rule"]): row for row in found["rows"]}
    yield len(rows) == 21 and all(len(row["runs"]) == 1 for row in rows.values())
    # Online in time, memory knows no T: a part of what BP keeps of every step.
    yield rows["hat", "OTTT"]["kept_words"] < rows["hat", "BP"]["kept_words"] / 5
    yield "| RFG-L, K = 4 |" in table and "| RFG-L, K = 16 |" in table


def chips(found: dict[str, Any], table: str) -> Iterator[bool]:
    """One update of everything, with 12 bits and in float."""
    yield len(found["rows"]) == 16
    yield all((row["price"] is None) == (row["bits"] is None) for row in found["rows"])
    yield table.count("| float only |") == 2


def equations(found: dict[str, Any], table: str) -> Iterator[bool]:
    """Two updates of every row."""
    rows = [(row["learned"], row["rule"], row["reset"]) for row in found["rows"]]
    yield len(rows) == 9 and rows[4] == ("energy", "BP", "detached")
    yield "| energy, detached reset | BP |" in table
    yield [one["name"] for one in found["baselines"]][-1] == "finite differences at the sensors"


def sweeps(found: dict[str, Any], table: str) -> Iterator[bool]:
    """Two updates at two numbers of sensors."""
    yield [(row["length"], row["sensors"]) for row in found["rows"]] == [(1.0, 11), (1.0, 26)]
    yield all(len(row["errors"][rule]) == 1 for row in found["rows"] for rule in sweep.RULES)
    yield "| 1 | 26 |" in table


def forecasts(found: dict[str, Any], table: str) -> Iterator[bool]:
    """Two updates of every rule."""
    yield [row["rule"] for row in found["rows"]] == list(series.RULES)
    yield list(found["baselines"]) == ["persistence", "mean", "linear, least squares"]
    yield "| rule | OPZO |" in table and "| yardstick | BP |" in table


Check = Callable[[dict[str, Any], str], Iterator[bool]]
SMALL: dict[str, tuple[str, int, tuple[str, ...], Check]] = {
    "hat": ("--quick --updates 3 --methods BP --columns ours --jobs 1", 3, ("figure5",), hat),
    "estimator": ("--quick", 26, ("variance", "cosine", "compared"), estimator),
    "cost": ("", 0, ("cost",), cost),
    "exact-gradient": ("", 16, ("accuracy", "yin_yang"), exact),
    "widths": ("--network hat --quick --updates 2 --jobs 1", 10, ("widths",), widths),
    "opzo": ("--quick --jobs 1 --data bars", 65, ("curves", "variance"), opzos),
    "neighbours": ("--quick --jobs 1", 39, ("curves",), neighbour),
    "on-chip": ("--quick --jobs 1", 9, ("on_chip",), chips),
    "equation": ("--quick --jobs 1", 18, ("equation",), equations),
    "series": ("--quick --jobs 1", 14, ("series",), forecasts),
    "sweep": ("--quick --jobs 1", 6, ("sweep",), sweeps),
}
"""Options, steps of the progress bar, figures, and what the results and the table must have."""

MODELS = {"hat": ["weights_BP.npz"]}
"""What was learned, for other commands."""

KEPT = {
    "hat": {"settings.json", "data.npz", "runs"},
    "widths": {"runs"},
    "on-chip": {"runs"},
}
"""What studies leave besides, to go on from."""


QUICK = set(SMALL) - {"estimator", "opzo", "on-chip"}


@pytest.mark.parametrize("name", few({name: name for name in SMALL}, QUICK))
def test_a_study_leaves_its_results_its_table_and_its_figures(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same again for those that keep what they ran: nothing runs, and all is written anew."""
    monkeypatch.setenv("FORCE_COLOR", "1")  # as on a terminal: with a bar
    options, steps, figures, check = SMALL[name]
    status, out, err = run(capsys, name, *options.split(), "-o", tmp_path, "--json")
    found = json.loads(out)
    assert status == 0 and (f"{steps}/{steps}" in err) == (steps > 0)
    drawn = [f"{figure}.{kind}" for figure in figures for kind in ("png", "pdf")]
    files = ["results.json", "table.md", *drawn, *MODELS.get(name, [])]
    assert (found.pop("files"), found.pop("folder")) == (files, str(tmp_path))
    kept = {path.name for path in tmp_path.iterdir()} - set(files)
    assert kept == KEPT.get(name, set())
    assert json.loads((tmp_path / "results.json").read_text()) == found
    for file in drawn:
        assert (tmp_path / file).read_bytes().startswith(b"\x89PNG" if file[-1] == "g" else b"%PDF")
    table = (tmp_path / "table.md").read_text()
    assert all(check(found, table))
    if not kept:
        return
    before = [(tmp_path / file).read_bytes() for file in files]
    outcomes = {path: path.stat().st_mtime_ns for path in (tmp_path / "runs").iterdir()}
    for file in files:
        (tmp_path / file).unlink()
    status, out, err = run(capsys, name, *options.split(), "-o", tmp_path)
    assert (status, err) == (0, "")
    assert out.splitlines()[-1] == f"Wrote {', '.join(files)} in {tmp_path}"
    assert [(tmp_path / file).read_bytes() for file in files] == before
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "runs").iterdir()} == outcomes


GIVEN = {
    "methods": ("--methods", "BP"),
    "columns": ("--columns", "ours"),
    "seeds": ("--seeds", "2"),
    "quick": ("--quick",),
    "jobs": ("--jobs", "1"),
    "cluster": ("--cluster", "local"),
    "updates": ("--updates", "2"),
    "settings": ("--settings", "x.toml"),
    "force": ("--force",),
    "network": ("--network", "hat"),
    "data": ("--data", "bars"),
}


@pytest.mark.parametrize("name", STUDIES)
def test_options_that_a_study_does_not_take(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "out"
    for option in (one for one in GIVEN if one not in STUDIES[name].options):
        line = f"dualspike: experiment {name} does not take --{option}\n"
        assert run(capsys, name, *GIVEN[option], "-o", folder) == (2, "", line)
    assert not folder.exists()


ON_CHIP = "digits, events, mnist=FOLDER, spoken-digits=FOLDER"


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("estimator --seeds 0", "--seeds must be in [1, 1000], not 0"),
        ("widths --jobs 0", "--jobs must be in [1, 256], not 0"),
        ("widths --updates 0", "--updates must be in [1, 100000000], not 0"),
        (
            "widths --network x",
            "--network must be all or one of hat, poisson, reaction-diffusion, not 'x'",
        ),
        *(
            (f"{name} --updates 0", "--updates must be in [1, 100000000], not 0")
            for name in ("on-chip", "equation", "sweep", "series")
        ),
        *(
            (f"on-chip --data {one}", f"--data must be one of {ON_CHIP}, not {one}")
            for one in ("nmnist", "mnist", "digits=here", "events=")
        ),
        (
            "on-chip --data mnist=nowhere",
            "cannot read nowhere/train-images-idx3-ubyte: No such file or directory",
        ),
        ("opzo --data nmnist", "--data must be one of {known}, not nmnist"),
        ("opzo --data digits=here", "--data must be one of {known}, not digits=here"),
        (
            "opzo --data nmnist=nowhere",
            "nowhere/Train must hold folders 0 to 9 with files *.bin: there are none",
        ),
        (
            "opzo --data mnist=nowhere",
            "cannot read nowhere/train-images-idx3-ubyte: No such file or directory",
        ),
        (
            "opzo --data dvs-gesture=nowhere",
            "cannot read nowhere/trials_to_train.txt: No such file or directory",
        ),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(
    words: str, line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "out"
    sets = "mnist", "nmnist", "spoken-digits", "shd", "ssc", "dvs-gesture"
    known = ", ".join(["digits, bars", *(f"{name}=FOLDER" for name in sets)])
    told = f"dualspike: {line.format(known=known)}\n"
    assert run(capsys, *words.split(), "-o", folder) == (2, "", told)
    assert not folder.exists()


@pytest.mark.parametrize("name", [name for name in STUDIES if name not in METHODS])
def test_runs_of_an_experiment_are_left_alone(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "settings.json").write_text("{}")
    line = f"dualspike: {tmp_path} holds runs of an experiment: give another folder\n"
    assert run(capsys, name, "-o", tmp_path)[::2] == (2, line)
    assert [path.name for path in tmp_path.glob("*.*")] == ["settings.json"]
