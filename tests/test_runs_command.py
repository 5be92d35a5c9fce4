"""Runs that go on with something else, get in each other's way, or are refused."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dualspike.cli import main
from dualspike.golden.alone import writing
from dualspike.golden.checkpoint import EVERY

PERCEPTRON = """
name = "tiny"
[network]
layers = [2, 3, 1]
time_steps = 4
[learning]
batch = 4
updates = 120
rate = 4
[data]
source = "data.npz"
"""

OPERATOR = """
name = "tiny"
[operator]
kind = "deeponet"
[[operator.parts]]
layers = [2, 3, 2]
time_steps = 2
[[operator.parts]]
layers = [1, 3, 2]
time_steps = 2
[learning]
batch = [4, 3]
updates = 120
[data]
source = "data.npz"
"""

LAYERS = {"perceptron": [(2, 3), (3, 1)], "operator": [(2, 3), (3, 2), (1, 3), (3, 2)]}


def data(kind: str) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    if kind == "perceptron":
        x = rng.uniform(-1, 1, (20, 2))
        return {"x": x, "y": x[:, :1] * x[:, 1:]}
    u, points = rng.uniform(-1, 1, (12, 2)), np.linspace(-1, 1, 5)[:, None]
    return {"u": u, "points": points, "y": u[:, :1] + u[:, 1:] * points.T}


def weights(kind: str) -> dict[str, Any]:
    rng, arrays = np.random.default_rng(1), {}
    for layer, (n_in, n_out) in enumerate(LAYERS[kind]):
        arrays |= {f"weights_{layer}": rng.uniform(-0.5, 0.5, (n_out, n_in))}
        arrays |= {f"biases_{layer}": np.zeros(n_out)}
    return arrays


@pytest.fixture(params=["perceptron", "operator"])
def kind(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A folder with a description, its data and weights to start from."""
    monkeypatch.chdir(tmp_path)
    Path("net.toml").write_text({"perceptron": PERCEPTRON, "operator": OPERATOR}[request.param])
    np.savez("data.npz", **data(request.param))
    np.savez("first.npz", **weights(request.param))
    return request.param


class Broken(Exception):
    """The run ends here."""


def break_off(monkeypatch: pytest.MonkeyPatch, *words: str) -> None:
    """Run a command that trains until its first checkpoint has been written."""
    from dualspike.golden.checkpoint import Keeper

    before = Keeper.save

    def save(*arguments: Any) -> None:
        before(*arguments)
        raise Broken

    with monkeypatch.context() as patch, pytest.raises(Broken):
        patch.setattr(Keeper, "save", save)
        main(list(words))


def failure(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """The one line of a command that is refused and leaves nothing."""
    before = sorted(os.listdir())
    capsys.readouterr()
    assert main(list(words)) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("dualspike: ") and err.count("\n") == 1
    assert sorted(os.listdir()) == before
    return err.removeprefix("dualspike: ").removesuffix("\n")


TRAIN = ("train", "net.toml", "--resume", "run.npz", "-o", "out")


def test_a_run_goes_on_only_with_its_own_data_and_start(
    kind: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = (*TRAIN, "--weights", "first.npz")
    break_off(monkeypatch, *words)
    assert not Path("out").exists()
    kept = Path("run.npz").read_bytes()
    same = "run.npz must be a checkpoint of the same"
    assert failure(capsys, *TRAIN).startswith(f"{same} start weights: it has ")
    moved = weights(kind)
    moved["biases_1"][-1] += 0.25
    np.savez("moved.npz", **moved)
    line = failure(capsys, *TRAIN, "--weights", "moved.npz")
    assert line.startswith(f"{same} start weights: it has ")
    line = f"{same} description: it has learning.seed 1, not 2"
    assert failure(capsys, *words, "--seed", "2") == line
    line = f"{same} description: it has learning.updates 120, not 130"
    assert failure(capsys, *words, "--updates", "130") == line
    for name, array in data(kind).items():
        changed = array.copy()
        changed.flat[-1] *= 0.5
        others: dict[str, Any] = data(kind) | {name: changed}
        np.savez("data.npz", **others)
        line = failure(capsys, *words)
        assert line.startswith(f"{same} data to train and test on: it has "), name
    assert Path("run.npz").read_bytes() == kept
    np.savez_compressed("data.npz", **data(kind))
    assert main([*words, "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert main(["train", "net.toml", "-o", "whole", "--weights", "first.npz", "--json"]) == 0
    whole = json.loads(capsys.readouterr().out)
    for found in (result, whole):
        del found["seconds"]
    assert result == whole
    assert not Path("run.npz").exists()


def test_a_checkpoint_of_before_is_refused(
    kind: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One that names no data, and any that has been tampered with."""
    break_off(monkeypatch, *TRAIN)
    with np.load("run.npz") as held:
        arrays = dict(held)
    for name in ("version", "engine", "data", "start"):
        without: dict[str, Any] = {n: a for n, a in arrays.items() if n != name}
        np.savez("run.npz", **without)
        assert failure(capsys, *TRAIN).startswith("run.npz must hold description, data, start")
        others: dict[str, Any] = arrays | {name: np.array("other")}
        np.savez("run.npz", **others)
        assert failure(capsys, *TRAIN).startswith("run.npz must be a checkpoint of ")


def test_a_damaged_state_is_one_line(
    kind: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    break_off(monkeypatch, *TRAIN)
    with np.load("run.npz") as held:
        arrays = dict(held)
    whole = [np.zeros(2), np.array(-1), np.array("text"), np.array(1.5), np.zeros((), bool)]
    real = [np.zeros(2), np.array("text"), np.array(np.nan), np.array(-1.0), np.array(1j)]
    memory = [np.zeros(2, int), np.zeros(arrays["memory_0"].shape), np.array(1), np.array("text")]
    losses = [np.zeros(121), np.zeros((2, 2)), np.array(1.0), np.full(3, np.nan), np.array(["a"])]
    wrong = {name: whole for name in ("lfsr", "clocks", "coder")}
    wrong |= {"before": real, "seconds": real, "memory_0": memory, "losses": losses}
    for name, values in wrong.items():
        for value in values:
            np.savez("run.npz", **(arrays | {name: value}))
            assert failure(capsys, *TRAIN).startswith(f"run.npz: {name} must "), (name, value)
    np.savez("run.npz", **{n: a for n, a in arrays.items() if n != "memory_1"})
    assert failure(capsys, *TRAIN).startswith("run.npz must hold memory_0, memory_1")


def test_a_resume_file_that_cannot_be_is_one_line(
    kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("loop.npz").symlink_to("loop.npz")
    os.mkdir("folder")
    for name, line in (
        ("loop.npz", "cannot write loop.npz: it is a link that leads to itself"),
        ("folder", "cannot read folder: Is a directory"),
        ("no/run.npz", "cannot write no/run.npz: there is no folder no"),
        ("data.npz/run.npz", "cannot write data.npz/run.npz: there is no folder data.npz"),
    ):
        assert failure(capsys, *TRAIN[:3], name, *TRAIN[4:]) == line


WRITERS: dict[str, tuple[str, ...]] = {
    "train": ("train", "net.toml"),
    "generate": ("generate", "net.toml"),
    "synth": ("synth", "net.toml"),
    "simulate": ("simulate", "net.toml"),
    "infer": ("infer", "--preset", "hat"),
    "build": ("build", "--preset", "hat", "--board", "arty-a7-35t"),
    "demo": ("demo",),
    "experiment": ("experiment", "hat", "--quick"),
    "study": ("experiment", "cost"),
    "widths": ("experiment", "widths", "--quick"),
}


@pytest.mark.parametrize("command", WRITERS)
def test_a_folder_in_use_is_refused(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.toml").write_text(PERCEPTRON)
    np.savez("data.npz", **data("perceptron"))
    with writing(Path("out")):
        capsys.readouterr()
        assert main([*WRITERS[command], "-o", "out", "--json"]) == 2
        out, err = capsys.readouterr()
        line = "out is in use by another command: wait for its end or give another folder"
        assert (out, err.splitlines()[-1]) == ("", f"dualspike: {line}")
    assert os.listdir("out") == []


def test_a_report_waits_for_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("description.toml").write_text(PERCEPTRON)
    with writing(Path()):
        line = ". is in use by another command: wait for its end or give another folder"
        assert main(["report", "."]) == 2
        assert capsys.readouterr().err == f"dualspike: {line}\n"
    assert os.listdir() == ["description.toml"]


def until(done: Callable[[], bool], child: "subprocess.Popen[str]") -> None:
    end = time.monotonic() + 60
    while not done():
        assert child.poll() is None and time.monotonic() < end
        time.sleep(0.01)


def test_two_runs_at_once_are_one_run(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The same folder, the same file of --resume; a killed run is in nobody's way."""
    words = (*TRAIN, "--updates", "1000000")
    command = [sys.executable, "-m", "dualspike", *words]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "text": True}
    with subprocess.Popen(command, **quiet) as child:  # pyright: ignore[reportCallIssue, reportArgumentType]
        until(Path("run.npz").exists, child)
        line = "out is in use by another command: wait for its end or give another folder"
        assert failure(capsys, *words) == line
        assert failure(capsys, *words, "--force") == line
        line = "run.npz is in use by another command: wait for its end or give another file"
        assert failure(capsys, *words[:-3], "other", *words[-2:]) == line
        child.send_signal(signal.SIGKILL)
    assert main(list(TRAIN)) == 2, "another description; nothing is in use any more"
    line = "run.npz must be a checkpoint of the same description"
    assert failure(capsys, *TRAIN).startswith(line)
    with np.load("run.npz") as held:
        assert len(held["losses"]) >= EVERY
    Path("run.npz").unlink()
    assert main(list(TRAIN)) == 0
    assert not [name for name in os.listdir() + os.listdir("out") if name.startswith(".")]


@pytest.mark.parametrize(
    "words",
    [
        ("train", "net.toml", "--weights", "no.npz"),
        ("train", "net.toml", "--engine", "golden", "--resume", "run.npz"),
        ("train", "net.toml", "--resume", "no/run.npz"),
        ("train", "net.toml", "--resume", "net.toml"),
        ("generate", "net.toml", "--wrap", "ahb"),
        ("generate", "net.toml", "--weights", "net.toml"),
        ("simulate", "net.toml", "--samples", "0"),
        ("synth", "net.toml", "--target", "no"),
        ("infer", "net.toml", "--port", "no/port"),
        ("build", "net.toml", "--board", "ulx3s-85f", "--seeds", "0"),
        ("build", "net.toml", "--board", "ulx3s-85f", "--clock", "0"),
        ("experiment", "hat", "--settings", "net.toml"),
        ("experiment", "widths", "--network", "no"),
        ("experiment", "opzo", "--quick", "--data", "mnist=no"),
        ("nir", "import", "net.toml"),
    ],
)
def test_a_refusal_leaves_no_folder(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.toml").write_text(PERCEPTRON)
    np.savez("data.npz", **data("perceptron"))
    assert main([*words, "-o", "some/where"]) == 2
    err = capsys.readouterr().err
    assert err.startswith("dualspike: ") and err.count("\n") == 1
    assert sorted(os.listdir()) == ["data.npz", "net.toml"]


def test_errors_on_training_points_are_called_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.toml").write_text(PERCEPTRON)
    np.savez("data.npz", **data("perceptron"))
    assert main(["train", "net.toml", "-o", "own"]) == 0
    out = capsys.readouterr().out
    for row in ("relative l2 before, training points ", "relative l2 after, training points "):
        assert row in out
    assert json.loads(Path("own/result.json").read_text())["tested_on"] == "training points"
    assert main(["train", "--preset", "hat", "--updates", "3", "-o", "hat"]) == 0
    assert "training points" not in capsys.readouterr().out
    assert json.loads(Path("hat/result.json").read_text())["tested_on"] == "test set"


NUMBERS = ("1" + "0" * 400, "-1" + "0" * 400, "1" + "0" * 5000, "1e400", "NaN", "-Infinity")


@pytest.mark.parametrize("number", [*NUMBERS, '"\\ud800"', '"' + "a" * 9000 + '"'])
def test_a_report_of_damaged_numbers_is_one_line(
    number: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("description.toml").write_text(PERCEPTRON)
    names = ("rel_l2_before", "rel_l2", "updates", "samples", "seconds", "seed", "cycles", "other")
    for damaged in names[:-1]:
        fields = [f'"{name}": {number if name == damaged else 1}' for name in names]
        Path("result.json").write_text("{" + ", ".join(fields) + "}")
        assert main(["report", "."]) == 2
        err = capsys.readouterr().err
        assert err.startswith("dualspike: result.json") and err.count("\n") == 1
        assert len(err) < 400
    assert sorted(os.listdir()) == ["description.toml", "result.json"]
