"""The commands on operator chips: files, results, and one line for what they do not take."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from dualspike.cli import main
from dualspike.golden.data import load_problem
from dualspike.model.identity import config_hash
from dualspike.model.load import load, load_preset
from dualspike.model.seal import sealed
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
    assert load(net).name == "tiny"
    for name in ("hat", "poisson", "reaction_diffusion", "reaction-diffusion"):
        assert load_preset(name).name == name.replace("-", "_")


def test_generate_writes_a_core(net: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["generate", str(net), "-o", "out", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    out = net.parent / "out"
    files = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
    assert files == set(result["files"])
    assert (out / "report/estimate.json").read_text() == sealed(result["estimate"])
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
        assert (net.parent / engine / "result.json").read_text() == sealed(found[-1])
    for key in ("rel_l2_before", "rel_l2", "global_rel_l2", "config_hash", "updates"):
        assert found[0][key] == found[1][key]
    with np.load("fixed/weights.npz") as one, np.load("rtl/weights.npz") as other:
        assert one.files == other.files
        for name in one.files:
            np.testing.assert_array_equal(one[name], other[name])
    assert main(["verify", str(net), "--updates", "2", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["equal"] is True


def test_weights_that_were_learned_are_taken_up(
    net: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", str(net), "-o", "first"]) == 0
    given = ["--weights", "first/weights.npz"]
    capsys.readouterr()
    assert main(["train", str(net), *given, "-o", "second", "--json"]) == 0
    second = json.loads(capsys.readouterr().out)
    first = json.loads((net.parent / "first/result.json").read_text())
    assert second["rel_l2_before"] == first["rel_l2"]
    assert main(["generate", str(net), *given, "-o", "out"]) == 0
    with np.load("first/weights.npz") as learned:
        stored = (learned["biases_3"] * 2**16).astype(np.int64) & (1 << 18) - 1
    words = (net.parent / "out/biases_3.hex").read_text().split()
    assert [int(word, 16) for word in words] == stored.tolist()
    capsys.readouterr()
    assert main(["verify", str(net), *given, "--updates", "2", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["equal"] is True


def test_functions_are_inferred_on_the_hardware(
    net: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", str(net), "-o", "run"]) == 0
    capsys.readouterr()
    words = ["simulate", str(net), "--weights", "run/weights.npz", "--samples", "2", "--waves"]
    assert main([*words, "-o", "seen", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["equal"] is True
    lines = (net.parent / "seen/outputs.csv").read_text().splitlines()
    table = np.array([[float(cell) for cell in line.split(",")] for line in lines[1:]])
    assert lines[0] == "function,x0,y"
    problem = load_problem(load(net))
    points = problem.test.inputs[1].ravel()
    np.testing.assert_array_equal(table[:, 0], np.repeat([0, 1], len(points)))
    np.testing.assert_allclose(table[:, 1], np.tile(points, 2), rtol=1e-8)
    with np.load("run/weights.npz") as run:
        np.testing.assert_allclose(table[:, 2], run["prediction"][:2].ravel(), rtol=1e-8)
    assert (net.parent / "seen/waves.vcd").read_text().startswith("$")


def test_what_is_synthesised_is_near_the_forecast(
    net: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["synth", str(net), "-o", "out", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert sealed(found) == (net.parent / "out/report/synth-ecp5.json").read_text()
    for cells in ("lut4", "ff"):
        assert found["estimate"][cells] == pytest.approx(found["actual"][cells], rel=0.15)
    assert 0 <= found["estimate"]["dsp"] - found["actual"]["dsp"] <= 4


def test_a_device_too_small_is_refused(net: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["generate", str(net), "-o", "out", "--device", "ice40-hx8k"]) == 2
    line = capsys.readouterr().err
    assert line.startswith("dualspike: ice40-hx8k has 7,680 LUT4, this core needs about ")
    assert not (net.parent / "out").exists()


def test_a_fitted_core_comes_with_its_description(
    net: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--fit", "--samples-per-second", "3e5", "--clock", "20", "--json")
    assert main(["generate", str(net), "-o", "out", *words]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["estimate"]["clocks_per_batch_at_most"] <= 4 * 20e6 / 3e5
    assert "tiny.toml" in result["files"]
    folded = load(net.parent / "out/tiny.toml")
    assert config_hash(folded) == result["config_hash"]
    assert folded.learning == load(net).learning
    assert folded.hardware.pe != load(net).hardware.pe


def test_a_wrapped_core(net: Path) -> None:
    assert main(["generate", str(net), "-o", "out", "--wrap", "axi"]) == 0
    out = net.parent / "out"
    assert json.loads((out / "manifest.json").read_text())["top"] == "tiny_axi"
    lines = (out / "tiny_axi.v").read_text().splitlines()
    assert "// s_axis_inputs_0_*: AXI4-Stream, 1 x int16_t" in lines
    assert "// m_axis_results_*: AXI4-Stream, 1 x int32_t, TLAST ends a function" in lines
    tool = verilator_home() / "bin" / "verilator"
    command = [str(tool), "--lint-only", "-Wall", "tiny_axi.vlt", "tiny_axi.v"]
    environment = tool_environment()
    done = subprocess.run(command, cwd=out, env=environment, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["train", "--engine", "board"], "--engine must be golden, fixed or rtl for an operator"),
        (["generate", "--wrap", "ahb"], "--wrap must be one of axi, wishbone, not 'ahb'"),
        (
            ["generate", "--fit", "--device", "ecp5-12f", "--budget", "0.1"],
            "ecp5-12f has 28 DSP (10 % are 2), the smallest folding needs about 25",
        ),
        (["verify", "--weights", "x.npz"], "cannot read x.npz: "),
        (["simulate", "--samples", "9"], "--samples must be in [1, "),
    ],
)
def test_what_it_does_not_take_is_named(
    words: list[str], line: str, net: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([words[0], str(net), *words[1:]]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"dualspike: {line}") and error.count("\n") == 1
