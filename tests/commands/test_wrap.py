"""generate --wrap: one file with the core inside, lint clean, and files that agree with it."""

import json
from pathlib import Path

import pytest
import yaml

from dualspike.hw.emit.verilog.ports import ports_of
from tests.cli import Cli
from tests.lint import lint

NET = """\
name = "tiny"
[network]
layers = [3, 3, 2]
time_steps = 4
[learning]
batch = 4
[formats]
target = "s1.6"
[hardware]
simd = [2, 1]
"""
DATA = {
    "s_axis_inputs_tdata": 32,
    "s_axis_targets_tdata": 8,
    "m_axis_results_tdata": 32,
    "m_axis_results_tlast": 1,
    "busy": 1,
    "irq": 1,
}
UNCONNECTED = {"UNDRIVEN", "UNUSEDSIGNAL"}
"""What is said of wires that lead nowhere; not of ports that are missing or of other widths."""
PORTS = {
    "axi": {
        **{"aclk": 1, "aresetn": 1},
        **{"s_axi_awaddr": 12, "s_axi_awprot": 3, "s_axi_araddr": 12, "s_axi_arprot": 3},
        **{"s_axi_wdata": 32, "s_axi_wstrb": 4, "s_axi_rdata": 32},
        **{"s_axi_bresp": 2, "s_axi_rresp": 2},
        **{f"s_axi_{channel}valid": 1 for channel in ("aw", "w", "b", "ar", "r")},
        **{f"s_axi_{channel}ready": 1 for channel in ("aw", "w", "b", "ar", "r")},
    },
    "wishbone": {
        **{"wb_clk_i": 1, "wb_rst_i": 1},
        **{"wb_adr_i": 12, "wb_dat_i": 32, "wb_dat_o": 32, "wb_sel_i": 4},
        **{f"wb_{name}": 1 for name in ("cyc_i", "stb_i", "we_i", "ack_o", "err_o", "stall_o")},
    },
}


@pytest.mark.parametrize(("wrap", "rule"), [("axi", "rfg"), ("wishbone", "rfg"), ("axi", "none")])
def test_a_wrapped_core(wrap: str, rule: str, here: Path, cli: Cli) -> None:
    folder, top = here / "out", f"tiny_{wrap}"
    Path("net.toml").write_text(NET.replace("[learning]", f'[learning]\nrule = "{rule}"'))
    assert cli("generate", "net.toml", "-o", folder, "--wrap", wrap).status == 0
    manifest = json.loads((folder / "manifest.json").read_text())
    assert (manifest["name"], manifest["top"], manifest["wrap"]) == ("tiny", top, wrap)
    names = {path.name for path in folder.iterdir()}
    assert {f"{top}.v", f"{top}.vlt", f"{top}.core", f"{top}_tb.v", "tiny.h", "tiny.rdl"} <= names
    assert not {"tiny.v", "tiny.vlt", "tiny.core"} & names
    core = yaml.safe_load((folder / f"{top}.core").read_text())
    listed = [file for part in core["filesets"].values() for file in part["files"]]
    assert {one for file in listed for one in ([file] if isinstance(file, str) else file)} <= names
    verilog = (folder / f"{top}.v").read_text()
    found = {port.name: port.bits for port in ports_of(verilog, top)}
    streams = ("s_axis_inputs", "s_axis_targets", "m_axis_results")
    handshakes = {f"{stream}_{port}": 1 for stream in streams for port in ("tvalid", "tready")}
    expected = PORTS[wrap] | DATA | handshakes
    if rule == "none":
        expected = {port: bits for port, bits in expected.items() if "targets" not in port}
    assert found == expected
    assert lint(folder, f"{top}.vlt", f"{top}.v") == []
    (folder / "soc.v").write_text(f'module soc;\n`include "{top}_template.vh"\nendmodule\n')
    assert set(lint(folder, f"{top}.vlt", f"{top}.v", "soc.v", "--top", "soc")) <= UNCONNECTED
    lines = verilog.splitlines()
    assert f"// s_axis_inputs_*: AXI4-Stream, 2 x int{DATA['s_axis_inputs_tdata'] // 2}_t" in lines
    assert (
        "// m_axis_results_*: AXI4-Stream, 1 x int32_t, TLAST ends a sample, or PACKET results"
        in lines
    )


def test_an_unknown_bus_is_refused(here: Path, cli: Cli) -> None:
    words = ("generate", "--preset", "hat", "--wrap", "ahb", "-o", "out")
    assert (
        cli.failure(*words)
        == "--wrap must be one of axi, wishbone, axi_events, wishbone_events, not 'ahb'"
    )


def test_events_are_no_numbers(here: Path, cli: Cli) -> None:
    text = NET.replace("[network]", '[network]\ncoding = "frames"').replace("target", "input")
    text = text.replace("s1.6", "s3.0").replace("[learning]", '[learning]\nrule = "online"')
    (here / "net.toml").write_text(text)
    words = ("generate", "net.toml", "--wrap", "axi_events", "-o", "out")
    assert cli.failure(*words) == "formats.input must be s1.0 with --wrap axi_events, not s3.0"
    assert not (here / "out").exists()
