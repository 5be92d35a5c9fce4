from pathlib import Path

import numpy as np
import pytest

from dualspike.cli import main
from dualspike.model.identity import config_hash
from dualspike.model.load import load
from dualspike.model.seal import sealed

NET = """\
name = "tiny"
[network]
layers = [2, 3, 20, 1]
time_steps = 8
[learning]
batch = 4
updates = 30
rate = 4
stages = 3
"""

OPERATOR = """\
name = "pair"
[operator]
kind = "deeponet"
[[operator.parts]]
layers = [2, 3, 2]
time_steps = 2
[[operator.parts]]
layers = [1, 20, 2]
time_steps = 2
[learning]
batch = [4, 3]
updates = 5
[data]
source = "functions.npz"
"""


def synthesis(net: Path) -> dict[str, object]:
    return {
        "name": "tiny",
        "config_hash": config_hash(load(net)),
        "target": "ecp5",
        "tool": "Yosys 0.70",
        "actual": {"lut4": 1000, "ff": 800, "lutram": 4},
        "estimate": {"lut4": 1250, "ff": 800},
        "fmax_mhz": 80.5,
        "seed": 1,
    }


def written(folder: Path, net: Path) -> Path:
    """Everything that a page shows of a description, and the page."""
    for command in ("generate", "train"):
        assert main([command, str(net), "-o", str(folder)]) == 0
    (folder / "report" / "synth-ecp5.json").write_text(sealed(synthesis(net)))
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
    rng = np.random.default_rng(0)
    u, points = rng.uniform(-1, 1, (12, 2)), np.linspace(-1, 1, 5)[:, None]
    np.savez(folder / "functions.npz", u=u, points=points, y=u[:, :1] + u[:, 1:] * points.T)
    net = folder / "pair.toml"
    net.write_text(OPERATOR.replace("functions.npz", str(folder / "functions.npz")))
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
