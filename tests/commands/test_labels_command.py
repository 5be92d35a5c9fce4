"""Labelled data through the commands: accuracy on every engine, classes of own samples."""

import json
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dualspike.api import engines
from dualspike.api.data import with_data
from dualspike.golden.data.measures import classes_of
from dualspike.model.description.description import Description
from dualspike.model.description.files.save import toml_text
from dualspike.model.description.load import describe, load
from dualspike.model.system.seal import sealed
from dualspike.report.folder import read_folder
from dualspike.report.records import ClassResult
from dualspike.testbench.cosim.simulation import Simulation
from dualspike.testbench.unit.benches.shapes import described
from tests.cli import Cli

FOLDED = described("folded")
N_IN, N_OUT = FOLDED.network.layers[0], FOLDED.network.layers[-1]


def clouds(count: int = 60) -> dict[str, Any]:
    """Points around a centre for every class."""
    rng = np.random.default_rng(0)
    labels = np.arange(count) % N_OUT
    centres = rng.uniform(-0.8, 0.8, (N_OUT, N_IN))
    return {"x": centres[labels] + rng.normal(0, 0.05, (count, N_IN)), "labels": labels}


@pytest.fixture(autouse=True)
def board(monkeypatch: pytest.MonkeyPatch) -> None:
    """The simulated core in place of a board around it, which would be built for this alone."""

    def opened(port: str, baud: int, d: Description) -> Simulation:
        return Simulation.of(d)

    monkeypatch.setattr(engines, "board_port", lambda *_: nullcontext("port"))
    monkeypatch.setattr(engines.BoardCore, "at", opened)


@pytest.fixture
def net(here: Path) -> str:
    np.savez("own.npz", **clouds())
    tables = FOLDED.model_dump()
    tables["learning"]["updates"], tables["data"]["source"] = 3, "own.npz"
    Path("net.toml").write_text(toml_text(describe(tables, "test")))
    return "net.toml"


def test_every_engine_tells_accuracy(net: str, cli: Cli) -> None:
    results = {}
    for engine in ("golden", "fixed", "rtl", "board"):
        words = ("train", net, "--engine", engine, "-o", engine)
        results[engine] = result = cli.result(*words)
        assert sealed(result) == Path(engine, "result.json").read_text()
        assert "rel_l2" not in result and result["tested_on"] == "held-out part"
        table = np.array(result["confusion"])
        assert table.shape == (N_OUT, N_OUT) and table.sum() == 60 // N_OUT // 5 * N_OUT
        assert result["accuracy"] == np.trace(table) / table.sum()
        assert result["diverged"] is None or "try learning.rate" in result["diverged"]
        assert Path(engine, "result.png").read_bytes()[:4] == b"\x89PNG"
    names = ("accuracy_before", "accuracy", "loss", "confusion")
    for engine in ("rtl", "board"):
        for name in names:
            assert results[engine][name] == results["fixed"][name]


def test_the_terminal_and_the_report_show_classes(net: str, cli: Cli) -> None:
    ended = cli("train", net, "-o", "out")
    assert "accuracy after, held-out part" in ended.out and "class \\ answer" in ended.out
    assert cli("report", "out").status == 0
    page = Path("out/report.html").read_text()
    result = json.loads(Path("out/result.json").read_text())
    assert f"<dd>{100 * result['accuracy']:.2f} %</dd>" in page
    assert "accuracy, held-out part, before" in page and "was taken for which" in page
    assert "relative l2" not in page
    assert page.count("<h1") == 1


@pytest.mark.parametrize(
    ("key", "value", "line"),
    [
        ("accuracy", 1.5, "accuracy must be in [0, 1], not 1.5"),
        ("accuracy", None, "accuracy must be a number, not None"),
        ("confusion", [[1, 2]], "confusion must have as many entries in every row as rows"),
        ("confusion", [[-1]], "confusion[0][0]"),
    ],
)
def test_damaged_results_are_one_line(
    key: str, value: object, line: str, net: str, cli: Cli
) -> None:
    assert cli("train", net, "--updates", 1, "-o", "out").status == 0
    result = json.loads(Path("out/result.json").read_text())
    del result["checksum"]
    Path("out/result.json").write_text(sealed(result | {key: value}))
    assert cli.failure("report", "out").startswith(f"out/result.json: {line}")


def test_samples_have_scores_and_classes(net: str, cli: Cli) -> None:
    """On the simulated hardware and on a board; own samples without labels too."""
    np.savez("more.npz", x=clouds()["x"][:5])
    for command, options, table, data in (
        ("simulate", (), "outputs.csv", ("--data", "more.npz")),
        ("predict", ("--engine", "board"), "predictions.csv", ("more.npz",)),
    ):
        words = (command, net, *options, "-o", command)
        found = cli.result(*words, "--samples", 6)
        head, *rows = Path(command, table).read_text().splitlines()
        names = head.split(",")
        assert names[-2:] == ["class", "label"] and len(rows) == 6
        values = np.array([row.split(",") for row in rows], float)
        y, taken, labels = values[:, N_IN : N_IN + N_OUT], values[:, -2], values[:, -1]
        assert taken.tolist() == classes_of(y).tolist()
        assert found["accuracy"] == (taken == labels).mean()
        assert np.sum(found["confusion"]) == 6 and "rel_l2" not in found
        found = cli.result(*words, "--samples", 5, *data)
        head, *rows = Path(command, table).read_text().splitlines()
        assert head.split(",")[-1] == "class" and len(rows) == 5
        assert "accuracy" not in found


def test_a_run_that_diverges_says_so(cli: Cli, net: str) -> None:
    text = Path(net).read_text()
    assert "\nrate = 2\n" in text
    Path(net).write_text(text.replace("\nrate = 2\n", "\nrate = -6\n"))
    ended = cli("train", net, "--updates", 60, "-o", "out")
    assert ended.status == 0 and ended.err.count("\n") >= 1
    line = json.loads(Path("out/result.json").read_text())["diverged"]
    assert line.startswith("training diverged: ") and "try learning.rate -4, it is -6" in line
    assert f"dualspike: warning: {line}\n" in ended.err
    assert cli("report", "out").status == 0
    assert line.capitalize()[:40] in Path("out/report.html").read_text()
    assert isinstance(read_folder(Path("out"), FOLDED).result, ClassResult)


def test_init_fits_data_and_train_goes_on_from_there(net: str, cli: Cli) -> None:
    assert cli.result("init", "fit.toml", "--data", "own.npz") == {
        "file": "fit.toml",
        "data": "own.npz",
    }
    head = Path("fit.toml").read_text().splitlines()[0]
    assert head == f"# Fits 48 samples of {N_IN} inputs and 3 classes, 12 to test (held-out part)."
    result = cli.result("train", "fit.toml", "--updates", 40, "-o", "out")
    assert result["accuracy"] > 0.8
    line = "fit.toml is already there: give --force to replace it"
    assert cli.failure("init", "fit.toml", "--data", "own.npz") == line
    line = "give either --preset NAME or --data FILE, one of the two"
    assert cli.failure("init", "new.toml", "--data", "own.npz", "--preset", "hat") == line


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("init new.toml --data hat", "--data must be a file or a data set with labels, not hat"),
        (
            "init new.toml --data nowhere.npz",
            "data.source must be hat, the name of a data set or a readable .npz or .csv file, not"
            " nowhere.npz: No such file or directory",
        ),
        ("init new.toml --data mnist", "data.folder, or --data, must say where the files of mnist"),
        (
            "init new.toml --data digits=here",
            "--data: data.folder must be left out with source 'digits': it is that of mnist,",
        ),
        ("train net.toml --data mnist=nowhere", "cannot read nowhere/train-images-idx3-ubyte: No"),
        ("train net.toml --data events", "events: x must have shape [N, n], one input for all"),
        ("train net.toml --data digits", "network.layers must be [64, ..., 10] for data digits,"),
        ("predict net.toml nothing.npz", "data.source must be hat, the name of a data set"),
        ("simulate net.toml --samples 13", "--samples must be in [1, 12], not 13"),
        ("init new.toml --data digit", "data.source must be hat, the name of a data set"),
        ("train --preset poisson --data own.npz", "own.npz must hold u, x, t, y, it holds x,"),
        ("verify --preset poisson --data digits", "operator.kind must be mlp for digits, not"),
    ],
)
def test_bad_data_are_one_line(words: str, line: str, net: str, cli: Cli) -> None:
    assert cli.failure(*words.split()).startswith(line)


def test_data_sets_by_name_and_by_folder(net: str, cli: Cli) -> None:
    """A folder alone is that of the description's own data set; scale and bin go with a file."""
    tables = describe({"network": {"layers": [4, 3, 10]}, "data": {"source": "mnist"}}, "test")
    Path("mnist.toml").write_text(toml_text(tables))
    line = "cannot read here/train-images-idx3-ubyte: No such file or directory"
    for data in ("here", "mnist=here"):
        assert cli.failure("train", "mnist.toml", "--data", data) == line
    text = Path(net).read_text() + "scale = 0.5\n"
    assert 'source = "own.npz"\nscale' in text
    Path("scaled.toml").write_text(text)
    for data, wanted in (("own.npz", 0.5), ("digits", 1)):
        assert with_data(load(Path("scaled.toml")), data).data.scale == wanted
