"""Chips that learn online: classes of own samples, and learning that goes on, by command."""

from contextlib import nullcontext
from pathlib import Path

import nir
import numpy as np
import pytest

from dualspike.api import engines
from dualspike.golden.data.measures import classes_of
from dualspike.model.description.description import Description
from dualspike.testbench.cosim.simulation import Simulation
from tests.cli import Cli
from tests.nir_graphs.graphs import SOFT, affine, graph, leaky

N_IN, CLASSES = 4, 3
LEARNING = """
[learning]
rule = "online"
loss = "margin"
batch = 4
rate = 3
updates = 20
stages = 1
"""
NET = f"""
name = "taught"
[network]
layers = [{N_IN}, 6, {CLASSES}]
time_steps = 4
{LEARNING}
[data]
source = "own.npz"
"""


@pytest.fixture(autouse=True)
def board(monkeypatch: pytest.MonkeyPatch) -> None:
    """The simulated core in place of a board around it, which would be built for this alone."""

    def opened(port: str, baud: int, d: Description) -> Simulation:
        return Simulation.of(d, quick=True)

    monkeypatch.setattr(engines, "board_port", lambda *_: nullcontext("port"))
    monkeypatch.setattr(engines.BoardCore, "at", opened)


@pytest.fixture
def net(here: Path) -> str:
    rng = np.random.default_rng(0)
    labels = np.arange(60) % CLASSES
    x = rng.uniform(-0.8, 0.8, (CLASSES, N_IN))[labels] + rng.normal(0, 0.05, (60, N_IN))
    np.savez("own.npz", x=x, labels=labels)
    np.savez("more.npz", x=x[:5])
    Path("net.toml").write_text(NET)
    return "net.toml"


def test_own_samples_have_scores_and_classes(net: str, cli: Cli) -> None:
    """On the simulated hardware, which is the model's, and on a board; with labels and without."""
    assert cli.result("train", net, "-o", "run")["accuracy"] > 0.8
    found: dict[str, list[str]] = {}
    board, weights = ("--engine", "board"), ("--weights", "run/weights.npz")
    for command, table, data in (
        (("simulate", net, *weights), "outputs.csv", ("--data", "more.npz")),
        (("predict", net, *weights, *board), "predictions.csv", ("more.npz",)),
        (("predict", "run", *board), "predictions.csv", ("more.npz",)),
    ):
        words = (*command, "-o", "out", "--force")
        assert cli.result(*words, "--samples", 6)["accuracy"] > 0.5
        head = Path("out", table).read_text().splitlines()[0].split(",")
        assert head[-2:] == ["class", "label"]
        cli.result(*words, "--samples", 5, *data)
        head, *rows = Path("out", table).read_text().splitlines()
        assert head.split(",")[-1] == "class" and len(rows) == 5
        values = np.array([row.split(",") for row in rows], float)
        scores = values[:, N_IN : N_IN + CLASSES]
        assert values[:, -1].tolist() == classes_of(scores).tolist()
        found[" ".join(command)] = rows
    first, *others = found.values()
    assert others == [first, first]


def test_a_chip_that_learns_classes_answers_with_them_whatever_its_data(net: str, cli: Cli) -> None:
    Path("net.toml").write_text(NET.replace("own.npz", "gone.npz"))
    found = cli.result("predict", net, "more.npz", "--samples", 5, "-o", "out")
    assert "accuracy" not in found
    assert Path("out/predictions.csv").read_text().splitlines()[0].endswith(",class")


def arrays(path: str) -> dict[str, np.ndarray]:
    with np.load(path) as file:
        return {name: file[name] for name in file}


def trained(cli: Cli, net: str, weights: str) -> dict[str, object]:
    """From these weights on, on every exact engine to the same; what fixed has said."""
    runs = {
        engine: cli.result("train", net, "--weights", weights, "--engine", engine, "-o", engine)
        for engine in ("fixed", "rtl", "board")
    }
    start, fixed = arrays(weights), arrays("fixed/weights.npz")
    for engine in ("rtl", "board"):
        for name, values in arrays(f"{engine}/weights.npz").items():
            np.testing.assert_array_equal(values, fixed[name], name)
    assert any((start[name] != fixed[name]).any() for name in start if name.startswith("w"))
    return runs["fixed"]


def test_a_run_goes_on_from_a_file_of_weights(net: str, cli: Cli) -> None:
    first = cli.result("train", net, "-o", "run")
    assert trained(cli, net, "run/weights.npz")["accuracy_before"] == first["accuracy"]


def test_a_network_of_another_framework_goes_on_learning(net: str, cli: Cli) -> None:
    nodes = {"a": affine(1, N_IN, 6), "n": leaky(6, 0.75), "b": affine(2, 6, CLASSES)}
    nir.write("theirs.nir", graph(nodes, N_IN, SOFT))
    words = ("nir", "import", "theirs.nir", "--time-steps", 4, "--dt", 1e-4, "--data", "own.npz")
    cli.result(*words, "-o", "theirs")
    text = Path("theirs/net.toml").read_text()
    Path("theirs/net.toml").write_text(text + LEARNING)
    run = cli.result(
        "simulate", "theirs/net.toml", "--weights", "theirs/weights.npz", "--samples", 12
    )
    found = trained(cli, "theirs/net.toml", "theirs/weights.npz")
    assert found["accuracy_before"] == run["accuracy"]
