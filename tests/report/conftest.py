from pathlib import Path

import numpy as np
import pytest

from dualspike.cli import main
from tests.small import OPERATOR, PERCEPTRON, functions, synthesis

NET = PERCEPTRON.replace("[2, 3, 1]", "[2, 3, 20, 1]").replace("= 4\n[", "= 8\n[")
NET = NET.replace("updates = 6", "updates = 30\nstages = 3")
LINES = OPERATOR.replace("[1, 3, 2]", "[1, 20, 2]").replace("updates = 6", "updates = 5")


def written(folder: Path, net: Path) -> Path:
    """Everything that a page shows of a description, and the page."""
    for command in ("generate", "train"):
        assert main([command, str(net), "-o", str(folder), "--force"]) == 0
    (folder / "report" / "synth-ecp5.json").write_text(synthesis(net))
    (folder / "waves.vcd").write_text("$enddefinitions\n")
    assert main(["report", str(folder)]) == 0
    return folder


@pytest.fixture(scope="session")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which everything is that a page shows; tests must not change it."""
    folder = tmp_path_factory.mktemp("full")
    net = folder / "tiny.toml"
    net.write_text(NET)
    return written(folder, net)


@pytest.fixture(scope="session")
def operator(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same of an operator chip."""
    folder = tmp_path_factory.mktemp("operator")
    np.savez(folder / "data.npz", **functions())
    net = folder / "pair.toml"
    net.write_text(LINES.replace("data.npz", str(folder / "data.npz")))
    return written(folder, net)


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A folder with a description and nothing else; its name needs escaping in HTML."""
    folder = tmp_path / "<b> & co"
    folder.mkdir()
    text = NET.split("[learning]", maxsplit=1)[0].replace("[2, 3, 20, 1]", "[3, 4, 2]")
    text += '[data]\nsource = "<i>&.npz"\n'
    (folder / "net.toml").write_text(text)
    return folder


@pytest.fixture
def plain_data(bare: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The bare folder with its data, whose points form no grid."""
    rng = np.random.default_rng(0)
    np.savez(bare / "<i>&.npz", x=rng.uniform(-1, 1, (40, 3)), y=rng.uniform(-1, 1, (40, 2)))
    monkeypatch.chdir(bare)
    return bare
