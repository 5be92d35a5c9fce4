"""train --validation-split: what is written and said, broken off, in Python, and in the report."""

import json
from pathlib import Path

import numpy as np
import pytest

import dualspike as ds
from dualspike.commands import train as command
from tests.cli import Cli
from tests.commands.test_interrupted import after
from tests.small import PERCEPTRON, points

ASKED = ("--validation-split", 0.25, "--restore-best")


@pytest.fixture(autouse=True)
def net(here: Path) -> None:
    (here / "net.toml").write_text(PERCEPTRON.replace("rate = 4", "rate = 0"))
    np.savez("data.npz", **points())


def words(folder: str, *more: object) -> tuple[object, ...]:
    return ("train", "net.toml", "--data", "data.npz", "--updates", 9, "-o", folder, *more)


@pytest.mark.parametrize("engine", ["golden", "fixed"])
def test_the_curve_is_written_and_said(engine: str, cli: Cli) -> None:
    told = cli.result(*words("run", *ASKED, "--engine", engine))
    curve = told["validation"]
    assert curve["updates"] == list(range(10)) and len(curve["rel_l2"]) == len(curve["loss"]) == 10
    best = int(np.argmin(curve["loss"]))
    assert (curve["best_update"], curve["samples"]) == (best, 4)
    assert curve["restored_best"] and not curve["stopped_early"]
    assert told["split"].startswith("trained on 12; validated on 4: 25 % of the training samples,")
    assert 0 < best < 9
    shorter = cli.result(*words("short", "--validation-split", 0.25, "--engine", engine))
    assert shorter["validation"]["loss"] == curve["loss"]
    assert shorter["rel_l2"] != told["rel_l2"] and not shorter["validation"]["restored_best"]
    answered = cli.result("predict", "run", "--engine", engine)
    assert answered["rel_l2"] == told["rel_l2"]


def test_what_was_learned_is_that_of_the_same_samples_without_a_look(cli: Cli) -> None:
    """Looking changes nothing: only what is held out is not trained on."""
    plain = cli.result(*words("plain"))
    assert "validation" not in plain
    run = ds.Chip(ds.Description.load("net.toml"))
    found = run.train("data.npz", updates=9, validation_split=0.25)
    rest = {name: found.problem.train.__dict__["inputs"][0] for name in ("x",)}
    given = {"y": found.problem.train.target, "x_test": points()["x"], "y_test": points()["y"]}
    again = ds.Chip(run.description).train(**rest, **given, updates=9)
    assert np.array_equal(again.losses, found.losses)


def test_a_run_that_waits_for_better_stops(cli: Cli) -> None:
    status, out, _ = cli(*words("run", *ASKED, "--patience", 2))
    told = json.loads(Path("run/result.json").read_text())
    curve, done = told["validation"], told["updates"]
    assert status == 0 and curve["stopped_early"] and done == curve["best_update"] + 2 < 9
    told_of = " ".join(out.split())
    assert f"best at update {curve['best_update']} weights those of update" in told_of
    assert f"stopped early at update {done} updates, samples {done}, {4 * done}" in told_of
    assert told["samples"] == 4 * done
    with np.load("run/weights.npz") as kept:
        assert len(kept["losses"]) == done
    assert cli("report", "run").status == 0
    page = Path("run/report.html").read_text()
    assert "best on 4 validation samples" in page and 'class="line validation"' in page
    assert "stopped early" in page


def test_a_run_that_was_broken_off_goes_on(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = cli.result(*words("whole", *ASKED))
    monkeypatch.setattr(command, "interrupts", lambda: after(7))
    assert cli(*words("out", *ASKED)).status == 130
    monkeypatch.setattr(command, "interrupts", lambda: after(100))
    go_on = ("--resume", "out/checkpoint.npz")
    line = "out/checkpoint.npz must be a checkpoint of the same data to train and test on: it has"
    assert cli.failure(*words("out", *go_on)).startswith(line)
    line = "--restore-best must be given, as it was for the run in out/checkpoint.npz"
    assert cli.failure(*words("out", *ASKED[:2], *go_on)) == line
    found = cli.result(*words("out", *ASKED, *go_on))
    assert whole["validation"]["best_update"] < 7
    assert {**found, "seconds": 0} == {**whole, "seconds": 0}
    with np.load("whole/weights.npz") as one, np.load("out/weights.npz") as other:
        assert all(np.array_equal(one[name], other[name]) for name in one)


def test_python_says_the_same(cli: Cli) -> None:
    told = cli.result(*words("run", *ASKED, "--patience", 2))
    seen: list[int] = []
    asked = {"validation_split": 0.25, "restore_best": True, "patience": 2}
    chip = ds.Chip(ds.Description.load("net.toml"))
    x, y = points()["x"], points()["y"]
    run = chip.train(x, y=y, updates=9, callbacks=[lambda done, loss: seen.append(done)], **asked)
    assert run.summary["validation"] == told["validation"] and run.validation is not None
    assert seen == list(range(1, told["updates"] + 1))
    assert run.validation.losses.tolist() == told["validation"]["loss"]
    assert "validation" not in run._repr_html_() and len(run.plot().axes) == 2
    assert chip.score().rel_l2 == told["rel_l2"]
    with pytest.raises(ds.BadInput, match="x must be given once, in front or by its name"):
        chip.train(x, x=x, y=y)
