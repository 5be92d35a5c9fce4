"""The commands on operator chips: files, results, and one line for what they do not take."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from dualspike.cli import main
from dualspike.model.operator_load import load_any, load_any_preset
from dualspike.testbench.verilate import tool_environment, verilator_home

TINY = """
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
updates = 3
floor = 0.5
[data]
source = "data.npz"
"""


@pytest.fixture
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A description whose data are in a file beside it: 12 functions at 5 points."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    u, points = rng.uniform(-1, 1, (12, 2)), np.linspace(-1, 1, 5)[:, None]
    np.savez("data.npz", u=u, points=points, y=u[:, :1] + u[:, 1:] * points.T)
    (tmp_path / "tiny.toml").write_text(TINY)
    return tmp_path / "tiny.toml"


def test_a_description_is_of_the_kind_that_it_says(net: Path) -> None:
    assert load_any(net).name == "tiny"
    assert [load_any_preset(name).name for name in ("hat", "poisson")] == ["hat", "poisson"]


def test_generate_writes_a_core(net: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["generate", str(net), "-o", "out", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    out = net.parent / "out"
    assert {path.name for path in out.iterdir()} == set(result["files"])
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["config_hash"] == result["config_hash"]
    assert [part["sample_interval"] for part in manifest["parts"]] == [6, 6]
    assert manifest["resources"] == {"multipliers": 19, "weight_bits": 558}
    assert len((out / "weights_0.hex").read_text().split()) == 6
    first = (out / "tiny.v").read_bytes()
    assert main(["generate", str(net), "-o", "out"]) == 0
    assert (out / "tiny.v").read_bytes() == first
    tool = verilator_home() / "bin" / "verilator"
    command = [str(tool), "--lint-only", "-Wall", "tiny.vlt", "tiny.v"]
    environment = tool_environment()
    done = subprocess.run(command, cwd=out, env=environment, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_both_engines_learn_the_same(net: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = []
    for engine in ("fixed", "rtl"):
        assert main(["train", str(net), "--engine", engine, "-o", engine, "--json"]) == 0
        found.append(json.loads(capsys.readouterr().out))
        assert json.loads((net.parent / engine / "result.json").read_text()) == found[-1]
    for key in ("rel_l2_before", "rel_l2", "global_rel_l2", "config_hash", "updates"):
        assert found[0][key] == found[1][key]
    with np.load("fixed/weights.npz") as one, np.load("rtl/weights.npz") as other:
        assert one.files == other.files
        for name in one.files:
            np.testing.assert_array_equal(one[name], other[name])
    assert main(["verify", str(net), "--updates", "2", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["equal"] is True


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["train", "--engine", "golden"], "--engine must be fixed or rtl for an operator chip"),
        (["generate", "--wrap", "axi"], "--wrap must be left out for an operator chip"),
        (["verify", "--weights", "x"], "--weights must be left out for an operator chip"),
    ],
)
def test_what_it_does_not_take_is_named(
    words: list[str], line: str, net: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([words[0], str(net), *words[1:]]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"dualspike: {line}") and error.count("\n") == 1
