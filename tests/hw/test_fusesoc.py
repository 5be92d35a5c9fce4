"""FuseSoC reads the core file, lints the core and builds what depends on it."""

import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from dualspike.hw.emit.files import companions, core_verilog, top_name, waivers
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


COMMAND = re.compile(r"^    fusesoc --cores-root chip (run .*)$", re.MULTILINE)
"""The command that docs/soc.md shows, for the preset hat."""


@cache
def files(wrap: str | None) -> dict[str, str]:
    """Files of a small core that concern FuseSoC."""
    d = describe(TINY, "test")
    top = top_name(d, wrap)
    texts = {f"{top}.v": core_verilog(d, wrap=wrap), f"{top}.vlt": waivers(d, wrap)}
    return texts | companions(d, wrap)


def generated(folder: Path, top: str) -> None:
    folder.mkdir()
    for name, text in files("axi" if top == "tiny_axi" else None).items():
        (folder / name).write_text(text, "utf-8")


def fusesoc(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("fusesoc")
    return subprocess.run(
        [str(program), "--cores-root", str(folder / "cores"), *arguments],
        cwd=folder,
        env=tool_environment() | {"HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("top", ["tiny", "tiny_axi"])
def test_the_core_lints(top: str, tmp_path: Path) -> None:
    generated(tmp_path / "cores", top)
    shown = COMMAND.findall(Path("docs/soc.md").read_text("utf-8"))
    assert [one.count("hat_axi") for one in shown] == [1]
    done = fusesoc(tmp_path, *shown[0].replace("hat_axi", top).split())
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
