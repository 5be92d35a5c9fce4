"""Runs that go on with something else, get in each other's way, or are refused."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dualspike.cli import main
from dualspike.golden.files.alone import writing
from dualspike.golden.files.owned import LIST
from dualspike.golden.training.checkpoint import EVERY
from tests.cli import Cli, started, until
from tests.small import OPERATOR, OWN_DATA, PERCEPTRON, functions, points

DESCRIPTIONS = {"perceptron": PERCEPTRON + OWN_DATA, "operator": OPERATOR}
DATA = {"perceptron": points(), "operator": functions()}
LAYERS = {"perceptron": [(2, 3), (3, 1)], "operator": [(2, 3), (3, 2), (1, 3), (3, 2)]}


def weights(kind: str) -> dict[str, Any]:
    rng, arrays = np.random.default_rng(1), {}
    for layer, (n_in, n_out) in enumerate(LAYERS[kind]):
        arrays |= {f"weights_{layer}": rng.uniform(-0.5, 0.5, (n_out, n_in))}
        arrays |= {f"biases_{layer}": np.zeros(n_out)}
    return arrays


def written(kind: str) -> None:
    """A description with its data, here."""
    text = DESCRIPTIONS[kind].replace("updates = 6", "updates = 120")
    Path("net.toml").write_text(text)
    np.savez("data.npz", **DATA[kind])


@pytest.fixture(params=DESCRIPTIONS)
def kind(request: pytest.FixtureRequest, here: Path) -> str:
    """A folder with a description, its data and weights to start from."""
    written(request.param)
    np.savez("first.npz", **weights(request.param))
    return request.param


@pytest.fixture
def perceptron(here: Path) -> None:
    """A folder with a description of a perceptron and its data."""
    written("perceptron")


class Broken(Exception):
    """The run ends here."""


def break_off(monkeypatch: pytest.MonkeyPatch, *words: str) -> None:
    """Run a command that trains until its first checkpoint has been written."""
    from dualspike.golden.training.checkpoint import Checkpointer

    before = Checkpointer.save

    def save(*arguments: Any) -> None:
        before(*arguments)
        raise Broken

    with monkeypatch.context() as patch, pytest.raises(Broken):
        patch.setattr(Checkpointer, "save", save)
        main(list(words))


TRAIN = ("train", "net.toml", "--resume", "run.npz", "-o", "out")


def test_a_run_goes_on_only_with_its_own_data_and_start(
    kind: str, monkeypatch: pytest.MonkeyPatch, cli: Cli
) -> None:
    words = (*TRAIN, "--weights", "first.npz")
    break_off(monkeypatch, *words)
    assert not Path("out").exists()
    kept = Path("run.npz").read_bytes()
    same = "run.npz must be a checkpoint of the same"
    assert cli.failure(*TRAIN).startswith(f"{same} start weights: it has ")
    moved = weights(kind)
    moved["biases_1"][-1] += 0.25
    np.savez("moved.npz", **moved)
    line = cli.failure(*TRAIN, "--weights", "moved.npz")
    assert line.startswith(f"{same} start weights: it has ")
    line = f"{same} description: it has learning.seed 1, not 2"
    assert cli.failure(*words, "--seed", "2") == line
    line = f"{same} description: it has learning.updates 120, not 130"
    assert cli.failure(*words, "--updates", "130") == line
    for name, array in DATA[kind].items():
        changed = array.copy()
        changed.flat[-1] *= 0.5
        others: dict[str, Any] = DATA[kind] | {name: changed}
        np.savez("data.npz", **others)
        line = cli.failure(*words)
        assert line.startswith(f"{same} data to train and test on: it has "), name
    assert Path("run.npz").read_bytes() == kept
    np.savez_compressed("data.npz", **DATA[kind])
    result = cli.result(*words)
    whole = cli.result("train", "net.toml", "-o", "whole", "--weights", "first.npz")
    for found in (result, whole):
        del found["seconds"]
    assert result == whole
    assert not Path("run.npz").exists()


def test_a_checkpoint_of_before_is_refused(
    kind: str, monkeypatch: pytest.MonkeyPatch, cli: Cli
) -> None:
    """One that names no data, and any that has been tampered with."""
    break_off(monkeypatch, *TRAIN)
    arrays = dict(np.load("run.npz"))
    for name in ("version", "engine", "data", "start"):
        without: dict[str, Any] = {n: a for n, a in arrays.items() if n != name}
        np.savez("run.npz", **without)
        assert cli.failure(*TRAIN).startswith("run.npz must hold description, data, start")
        others: dict[str, Any] = arrays | {name: np.array("other")}
        np.savez("run.npz", **others)
        assert cli.failure(*TRAIN).startswith("run.npz must be a checkpoint of ")


def test_a_damaged_state_is_one_line(kind: str, monkeypatch: pytest.MonkeyPatch, cli: Cli) -> None:
    break_off(monkeypatch, *TRAIN)
    arrays = dict(np.load("run.npz"))
    whole = [np.zeros(2), np.array(-1), np.array("text"), np.array(1.5), np.zeros((), bool)]
    real = [np.zeros(2), np.array("text"), np.array(np.nan), np.array(-1.0), np.array(1j)]
    memory = [np.zeros(2, int), np.zeros(arrays["memory_0"].shape), np.array(1), np.array("text")]
    losses = [np.zeros(121), np.zeros((2, 2)), np.array(1.0), np.full(3, np.nan), np.array(["a"])]
    wrong = {name: whole for name in ("lfsr", "clocks", "coder")}
    wrong |= {"before": real, "seconds": real, "memory_0": memory, "losses": losses}
    for name, values in wrong.items():
        for value in values:
            np.savez("run.npz", **(arrays | {name: value}))
            assert cli.failure(*TRAIN).startswith(f"run.npz: {name} must "), (name, value)
    np.savez("run.npz", **{n: a for n, a in arrays.items() if n != "memory_1"})
    assert cli.failure(*TRAIN).startswith("run.npz must hold memory_0, memory_1")


def test_a_resume_file_that_cannot_be_is_one_line(kind: str, cli: Cli) -> None:
    Path("loop.npz").symlink_to("loop.npz")
    os.mkdir("folder")
    for name, line in (
        ("loop.npz", "cannot write loop.npz: it is a link that leads to itself"),
        ("folder", "cannot read folder: Is a directory"),
        ("no/run.npz", "cannot write no/run.npz: there is no folder no"),
        ("data.npz/run.npz", "cannot write data.npz/run.npz: there is no folder data.npz"),
    ):
        assert cli.failure(*TRAIN[:3], name, *TRAIN[4:]) == line


WRITERS: dict[str, tuple[str, ...]] = {
    "train": ("train", "net.toml"),
    "generate": ("generate", "net.toml"),
    "synth": ("synth", "net.toml"),
    "simulate": ("simulate", "net.toml"),
    "predict": ("predict", "net.toml"),
    "build": ("build", "--preset", "hat", "--board", "arty-a7-35t"),
    "demo": ("demo",),
    "experiment": ("experiment", "hat", "--quick"),
    "study": ("experiment", "cost"),
    "widths": ("experiment", "widths", "--quick"),
}


@pytest.mark.parametrize("command", WRITERS)
def test_a_folder_in_use_is_refused(command: str, perceptron: None, cli: Cli) -> None:
    with writing(Path("out")):
        status, out, err = cli(*WRITERS[command], "-o", "out", "--json")
        line = "out is in use by another command: wait for its end or give another folder"
        assert (status, out, err.splitlines()[-1]) == (2, "", f"dualspike: {line}")
    assert os.listdir("out") == []


def test_a_report_waits_for_nobody(here: Path, cli: Cli) -> None:
    Path("description.toml").write_text(PERCEPTRON)
    with writing(Path()):
        line = ". is in use by another command: wait for its end or give another folder"
        assert cli.failure("report", ".") == line
    assert os.listdir() == ["description.toml"]


def test_two_runs_at_once_are_one_run(kind: str, cli: Cli) -> None:
    """The same folder, the same file of --resume; a killed run is in nobody's way."""
    words = (*TRAIN, "--updates", "1000000")
    with started(*words) as child:
        until(Path("run.npz").exists, child)
        line = "out is in use by another command: wait for its end or give another folder"
        assert cli.line(*words) == line
        assert cli.line(*words, "--force") == line
        line = "run.npz is in use by another command: wait for its end or give another file"
        assert cli.line(*words[:-3], "other", *words[-2:]) == line
        child.kill()
    assert cli(*TRAIN).status == 2, "another description; nothing is in use any more"
    line = "run.npz must be a checkpoint of the same description"
    assert cli.failure(*TRAIN).startswith(line)
    with np.load("run.npz") as held:
        assert len(held["losses"]) >= EVERY
    Path("run.npz").unlink()
    assert cli(*TRAIN).status == 0
    hidden = [name for name in os.listdir() + os.listdir("out") if name.startswith(".")]
    assert hidden == [LIST]


@pytest.mark.parametrize(
    "words",
    [
        "train net.toml --weights no.npz",
        "train net.toml --engine golden --resume run.npz",
        "train net.toml --resume no/run.npz",
        "train net.toml --resume net.toml",
        "generate net.toml --wrap ahb",
        "generate net.toml --weights net.toml",
        "simulate net.toml --samples 0",
        "synth net.toml --target no",
        "predict net.toml --engine board --port no/port",
        "build net.toml --board ulx3s-85f --seeds 0",
        "build net.toml --board ulx3s-85f --clock 0",
        "experiment hat --settings net.toml",
        "experiment widths --network no",
        "experiment opzo --quick --data mnist=no",
        "nir import net.toml",
    ],
)
def test_a_refusal_leaves_no_folder(words: str, perceptron: None, cli: Cli) -> None:
    assert cli.failure(*words.split(), "-o", "some/where")


def test_errors_on_a_held_out_part_are_called_so(perceptron: None, cli: Cli) -> None:
    status, out, _ = cli("train", "net.toml", "-o", "own")
    assert status == 0
    for row in ("relative l2 before, held-out part ", "relative l2 after, held-out part "):
        assert row in out
    split = "trained on 16; tested on 4 held out: one sample in 5, drawn with seed 0"
    assert f"data: {split}\n" in out
    found = json.loads(Path("own/result.json").read_text())
    assert (found["tested_on"], found["split"]) == ("held-out part", split)
    status, out, _ = cli("train", "--preset", "hat", "--updates", "3", "-o", "hat")
    assert status == 0 and "held-out" not in out
    assert json.loads(Path("hat/result.json").read_text())["tested_on"] == "test set"
    assert "split" not in Path("hat/result.json").read_text()


NUMBERS = ("1" + "0" * 400, "-1" + "0" * 400, "1" + "0" * 5000, "1e400", "NaN", "-Infinity")


@pytest.mark.parametrize("number", [*NUMBERS, '"\\ud800"', '"' + "a" * 9000 + '"'])
def test_a_report_of_damaged_numbers_is_one_line(number: str, here: Path, cli: Cli) -> None:
    Path("description.toml").write_text(PERCEPTRON)
    names = ("rel_l2_before", "rel_l2", "updates", "samples", "seconds", "seed", "cycles", "other")
    for damaged in names[:-1]:
        fields = [f'"{name}": {number if name == damaged else 1}' for name in names]
        Path("result.json").write_text("{" + ", ".join(fields) + "}")
        line = cli.failure("report", ".")
        assert line.startswith("result.json") and len(line) < 400
