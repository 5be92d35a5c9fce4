"""``dualspike predict``: every row of a file, with targets or without, of both kinds of network."""

import json
from pathlib import Path

import numpy as np
import pytest

from dualspike.golden.data.splits import held_out
from dualspike.model.interface.register import Flag
from dualspike.testbench.cosim.device import DeviceEngine
from tests.cli import Cli
from tests.small import OPERATOR, PERCEPTRON, functions, points


def rows_of(folder: str) -> tuple[list[str], np.ndarray]:
    head, *lines = Path(folder, "predictions.csv").read_text().splitlines()
    return head.split(","), np.array([line.split(",") for line in lines], float)


@pytest.fixture
def run(here: Path, cli: Cli) -> str:
    np.savez("own.npz", **points())
    (here / "net.toml").write_text(PERCEPTRON)
    cli.result("train", "net.toml", "--data", "own.npz", "-o", "run")
    return "run"


def test_every_row_is_answered(run: str, cli: Cli) -> None:
    x, y = points()["x"], points()["y"]
    for count in (1, 3, 20):
        np.savez("more.npz", x=x[:count])
        told = cli.result("predict", run, "more.npz")
        assert told["samples"] == count and told["tested_on"] is None and told["rel_l2"] is None
        names, rows = rows_of("predicted")
        assert names == ["x0", "x1", "y0"] and len(rows) == count
    with np.load("run/weights.npz") as kept:
        tested = held_out(np.zeros(20, int))
        assert np.allclose(rows[tested, 2:], kept["prediction"], atol=1e-8)
    np.savez("more.npz", x=x[:4], y=y[:4], x_test=x[5:], y_test=y[5:])
    told = cli.result("predict", run, "more.npz", "-o", "known")
    names, rows = rows_of("known")
    assert names == ["x0", "x1", "y0", "target0"] and told["tested_on"] == "rows of the file"
    error = np.linalg.norm(rows[:, 2] - rows[:, 3]) / np.linalg.norm(rows[:, 3])
    assert told["rel_l2"] == pytest.approx(error, abs=1e-6)
    with np.load("known/predictions.npz") as kept:
        assert {"x", "prediction", "target"} == set(kept)
        assert np.array_equal(kept["target"], y[:4])


def test_without_data_the_run_s_test_samples_are_answered(run: str, cli: Cli) -> None:
    told = cli.result("predict", run)
    assert told["tested_on"] == "held-out part" and len(rows_of("predicted")[1]) == 4
    result = json.loads(Path(run, "result.json").read_text())
    assert told["rel_l2"] == result["rel_l2"]
    assert cli.result("predict", run, "--engine", "rtl")["rel_l2"] == result["rel_l2"]


def test_engines_agree(run: str, cli: Cli) -> None:
    np.savez("more.npz", x=points()["x"][:5])
    for engine in ("fixed", "rtl"):
        assert cli.result("predict", run, "more.npz", "--engine", engine, "-o", engine)["engine"]
    assert np.array_equal(rows_of("fixed")[1], rows_of("rtl")[1])
    cli.result("predict", run, "more.npz", "--engine", "golden", "-o", "golden")
    assert np.allclose(rows_of("fixed")[1], rows_of("golden")[1], atol=0.2)


def test_alarms_are_told_and_membranes_at_rest_are_none(
    run: str, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = "Flags up: membrane (FLAGS is 0x80000001)"
    for up, named in ((1 << Flag.FLOOR, []), (1 << Flag.FLOOR | 1, ["membrane"])):
        monkeypatch.setattr(DeviceEngine, "flags", lambda _, up=up: up)
        status, out, _ = cli("predict", run, "--engine", "rtl")
        assert status == 0 and ("Flags" in out, line in out) == (bool(named), bool(named))
        told = cli.result("predict", run, "--engine", "rtl")
        assert (told["flags"], told["raised"]) == (up, named)


def test_classes_stand_next_to_labels(here: Path, cli: Cli) -> None:
    x = np.random.default_rng(0).uniform(-1, 1, (40, 2))
    labels = (x[:, 0] > 0).astype(int)
    np.savez("own.npz", x=x, labels=labels)
    cli("init", "net.toml", "--data", "own.npz")
    cli.result("train", "net.toml", "--updates", 30, "-o", "run")
    np.savez("one.npz", x=x[:3], labels=labels[:3])
    told = cli.result("predict", "run", "one.npz")
    names, rows = rows_of("predicted")
    assert names[-2:] == ["class", "label"] and rows[:, -1].tolist() == labels[:3].tolist()
    assert told["accuracy"] == np.mean(rows[:, -1] == rows[:, -2])
    np.savez("two.npz", x=x[:2])
    cli.result("predict", "run", "two.npz")
    assert rows_of("predicted")[0][-1] == "class"
    np.savez("bad.npz", x=x[:2], labels=[0, 2])
    assert cli.line("predict", "run", "bad.npz", "-o", "bad").endswith(
        "bad.npz: labels must be in [0, 1], labels[1] is 2"
    )
    assert not Path("bad").exists()


def test_functions_at_points_of_one_s_own(here: Path, cli: Cli) -> None:
    np.savez("data.npz", **functions())
    (here / "net.toml").write_text(OPERATOR)
    cli.result("train", "net.toml", "-o", "run")
    u = functions()["u"][:1]
    np.savez("more.npz", u=u, points=np.linspace(0, 1, 5)[:, None])
    assert cli.result("predict", "run", "more.npz")["samples"] == 1
    names, rows = rows_of("predicted")
    assert names == ["function", "x0", "y"] and len(rows) == 5
    np.savez("more.npz", u=u, points=np.linspace(0, 1, 5)[:, None], y=np.ones((1, 5)))
    assert cli.result("predict", "run", "more.npz")["rel_l2"] > 0
    assert rows_of("predicted")[0][-1] == "target"


def test_mistakes(run: str, cli: Cli) -> None:
    np.savez("wide.npz", x=np.zeros((3, 5)))
    for words, line in (
        (["nothing"], "nothing must be a folder that train wrote, it has no description.toml"),
        ([run, "wide.npz"], "wide.npz: x must have shape [N, 2], not [3, 5]"),
        (
            [run, "--port", "p"],
            "--port must be left out with --engine fixed",
        ),
    ):
        assert cli.line("predict", *words, "-o", "out").startswith(line)
    assert not Path("out").exists()
