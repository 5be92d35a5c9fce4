"""A board of one's own: what its file makes, and every mistake in it is one line with its key."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from dualspike.boards.catalog import BOARDS
from dualspike.boards.flow import bitstream
from dualspike.boards.flow.bitstream import Bitstream, Trial, plan
from dualspike.boards.flow.flash import checked_job
from dualspike.boards.flow.manifest import manifest
from dualspike.boards.own import database
from dualspike.boards.own.board_file import board_given, board_of
from dualspike.boards.own.parts import PARTS
from tests.cli import Cli
from tests.refusals import refusal
from tests.small import INFERRING

DOCS = Path(__file__).parents[2] / "docs" / "boards.md"


@pytest.fixture(autouse=True)
def no_verilog(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system inside does not matter."""
    monkeypatch.setattr(bitstream, "System", lambda *_, **__: None)
    monkeypatch.setattr(bitstream, "to_verilog", lambda component, name: f"module {name};\n")


def example() -> dict[str, Any]:
    """The file in the docs."""
    text = DOCS.read_text("utf-8")
    return tomllib.loads(text.split("```toml\n")[1].split("```")[0])


def ice(**more: Any) -> dict[str, Any]:
    """The pins of an iCEBreaker, the button's written in the other way."""
    pins = {"clock": 35, "rx": {"pin": 6, "pull": "up"}, "tx": 9, "lamps": [27, 25, "26", "23"]}
    pins["reset"] = {"pin": "10", "inverted": True}
    keys: dict[str, Any] = {"name": "ice", "device": "iCE40UP5K", "package": "sg48"}
    return keys | {"oscillator": 12, "clock_at_pll": True, "pins": pins} | more


def located(tables: dict[str, Any], suffix: str, pattern: str, clock: int) -> list[str]:
    p = plan(INFERRING, board_of(tables, "test"), clock, 1_000_000)
    return sorted(re.findall(pattern, p.files[f"tiny_top.{suffix}"]))


def test_the_example_has_the_pins_of_the_board_it_is() -> None:
    p = plan(INFERRING, board_of(example(), "test"), 60_000_000, 1_000_000)
    known = plan(INFERRING, BOARDS["ulx3s-12f"], 60_000_000, 1_000_000)
    sites = [re.findall(r'SITE "(\w+)"', one.files["tiny_top.lpf"]) for one in (p, known)]
    assert sorted(sites[0]) == sorted(sites[1])
    assert "PULLMODE=DOWN" in p.files["tiny_top.lpf"]
    assert 'FREQUENCY PORT "clk_0__io" 25000000.0 HZ;' in p.files["tiny_top.lpf"]
    placing = [one.commands["NEXTPNR_ECP5"] for one in (p, known)]
    assert placing[0] == placing[1]
    own = board_of(example(), "test")
    assert (own.idcode, own.device) == (BOARDS["ulx3s-12f"].idcode, BOARDS["ulx3s-12f"].device)


def test_an_ice40_has_its_pins_and_the_pad_of_its_pll() -> None:
    known = plan(INFERRING, BOARDS["icebreaker"], 24_000_000, 1_000_000)
    own = plan(INFERRING, board_of(ice(), "test"), 24_000_000, 1_000_000)
    found = [sorted(re.findall(r"set_io \w+ (\w+)", p.files["tiny_top.pcf"])) for p in (known, own)]
    assert found[0] == found[1]
    assert "SB_PLL40_PAD" in own.files["tiny_top.il"]
    assert own.commands["NEXTPNR_ICE40"] == known.commands["NEXTPNR_ICE40"]


def test_pins_of_all_known_boards_are_in_the_tables() -> None:
    """Two sources: amaranth-boards has the pins, nextpnr's own files the packages."""
    for board in BOARDS.values():
        if board.flow != "open":
            continue
        platform = board.connected()
        packages = PARTS[platform.device].packages()
        names = {"BG381": "CABGA381", "BG256": "CABGA256", "BG554": "CABGA554"}
        package: str = platform.package
        name = names.get(package, package.lower())
        suffix = "lpf" if board.device.family.name == "ecp5" else "pcf"
        text = plan(INFERRING, board, board.clock_hz, 1_000_000).files[f"tiny_top.{suffix}"]
        used = re.findall(r'SITE "(\w+)"|set_io \w+ (\w+)', text)
        assert used and {a or b for a, b in used} <= set(packages[name])


def test_every_part_has_packages_and_amaranth_knows_it() -> None:
    for device, part in PARTS.items():
        packages = part.packages()
        assert packages and all(len(set(pins)) == len(pins) > 15 for pins in packages.values())
        assert (part.family == "ecp5") == (part.idcode() is not None)
        for package, pins in packages.items():
            tables: dict[str, Any] = {"name": "x", "device": device, "package": package}
            tables["oscillator"] = 25
            tables |= {"speed": part.speeds[-1]} if part.speeds[0] else {}
            tables["pins"] = {"clock": pins[0], "rx": pins[1], "tx": pins[2]}
            found = located(tables, *_constraints(part.family), 25_000_000)
            assert found == sorted(pins[:3])


def _constraints(family: str) -> tuple[str, str]:
    return ("lpf", r'SITE "(\w+)"') if family == "ecp5" else ("pcf", r"set_io \w+ (\w+)")


E5, I4 = "LVCMOS33, LVTTL33, LVCMOS25, LVCMOS18, LVCMOS15, LVCMOS12", "SB_LVCMOS"


@pytest.mark.parametrize(
    ("place", "value", "line"),
    [
        ("name", "ulx3s-85f", "name must not be that of a known board, 'ulx3s-85f'"),
        ("name", "a b", "name must be 1 to 40 letters, digits, - or _, not 'a b'"),
        ("name", None, "name is missing"),
        ("device", "LFE5U-84F", "; did you mean LFE5U-85F?"),
        ("package", "CABGA382", "; did you mean CABGA381?"),
        ("package", 381, "package must be a text, not 381"),
        ("speed", 5, "speed must be 6 or 7 or 8 for LFE5U-12F, not 5"),
        ("speed", None, "speed must be 6 or 7 or 8 for LFE5U-12F, not None"),
        ("oscillator", 0, "oscillator must be in [1, 400], not 0"),
        ("oscillator", 401.5, "oscillator must be in [1, 400], not 401.5"),
        ("oscillator", float("nan"), "oscillator must be a finite number, not nan"),
        ("oscillator", "25", "oscillator must be a number, not '25'"),
        ("io_standard", "LVCMOS3", f"io_standard must be one of {E5}, not 'LVCMOS3'"),
        ("clock_at_pll", True, "clock_at_pll must be left out for LFE5U-12F"),
        ("pin", {}, "pin is not a known key; did you mean pins?"),
        ("pins.clock", None, "pins.clock is missing"),
        ("pins.clok", "G2", "pins.clok is not a known key; did you mean clock?"),
        ("pins.rx", "Z99", "pins.rx must be a pin of CABGA381, not 'Z99'"),
        ("pins.rx", "m1", "pins.rx must be a pin of CABGA381, not 'm1'; did you mean M1?"),
        ("pins.rx", 7, "pins.rx must be a pin of CABGA381, not '7'"),
        ("pins.rx", ["M1"], "pins.rx.pin must be a text, not ['M1']"),
        ("pins.rx", True, "pins.rx.pin must be a text, not True"),
        ("pins.rx", {}, "pins.rx.pin is missing"),
        (
            "pins.tx",
            "M1",
            "pins.tx must have a pin of its own, not 'M1', which is pins.rx",
        ),
        ("pins.lamps", "B2", "pins.lamps must be a list, not 'B2'"),
        ("pins.lamps", ["B2", "B2"], "which is pins.lamps[0]"),
        ("pins.lamps", [f"{c}1" for c in "ABCDE"], "pins.lamps must be at most 4, not 5"),
        ("pins.reset", {"pin": "R1", "pull": "left"}, "must be one of up, down, none, not 'left'"),
        ("pins.reset", {"pin": "R1", "inverted": 1}, "reset.inverted must be true or false, not 1"),
        ("pins.reset", {"pin": "R1", "invert": 1}, "is not a known key; did you mean inverted?"),
        ("pins.tx", {"pin": "L4", "inverted": True}, "pins.tx.inverted must be left out: "),
        ("pins.tx", {"pin": "L4", "io_standard": "x"}, f"must be one of {E5}, not 'x'"),
        ("programmer", {}, "programmer must have board or cable, one of the two"),
        ("programmer.cable", "ft2232", "programmer must have board or cable, one of the two"),
        ("programmer.board", "-x", "must name it by letters, digits, - and _, not '-x'"),
    ],
)
def test_a_mistake_is_one_line_with_its_key(place: str, value: object, line: str) -> None:
    tables = example()
    *tables_in, key = place.split(".")
    at = tables[tables_in[0]] if tables_in else tables
    at[key] = value
    if value is None:
        del at[key]
    found = refusal(board_of, tables, "own.toml")
    assert found.startswith("own.toml: ") and line in found


@pytest.mark.parametrize(
    ("more", "line"),
    [
        ({"speed": 6}, "ice.toml: speed must be left out for iCE40UP5K, not 6"),
        ({"package": "ct256"}, "ice.toml: package must be one of sg48, uwg30, not 'ct256'"),
        ({"io_standard": "LVCMOS33"}, f"io_standard must be one of {I4}, not 'LVCMOS33'"),
        (
            {"pins": {"clock": 35, "rx": 5, "tx": 9}},
            "ice.toml: pins.rx must be a pin of sg48, not '5'",
        ),
        (
            {"pins": {"clock": 35, "rx": {"pin": 6, "pull": "down"}, "tx": 9}},
            "ice.toml: pins.rx.pull must be one of up, none, not 'down'",
        ),
    ],
)
def test_an_ice40_has_rules_of_its_own(more: dict[str, Any], line: str) -> None:
    assert line in refusal(board_of, ice(**more), "ice.toml")


def test_a_file_is_a_board_of_the_commands(here: Path, cli: Cli) -> None:
    text = DOCS.read_text("utf-8").split("```toml\n")[1].split("```")[0]
    (here / "own.toml").write_text(text)
    assert [one["name"] for one in cli.result("boards", "--board", "own.toml")["boards"]] == [
        "my-board"
    ]
    line = cli.failure("build", "--preset", "hat", "--board", "none.toml", "-o", "out")
    assert line == "cannot read none.toml: No such file or directory"
    (here / "own.toml").write_text(text.replace('rx = "M1"', 'rx = "M99"'))
    line = cli.failure("build", "--preset", "hat", "--board", "own.toml", "-o", "out")
    assert line.startswith("own.toml: pins.rx must be a pin of CABGA381, not 'M99'")
    (here / "own.toml").write_text("name = ")
    line = cli.failure("boards", "--board", "own.toml")
    assert line.startswith("own.toml: not valid TOML: ")


def test_what_was_built_is_flashed_without_the_file(here: Path) -> None:
    def built(tables: dict[str, Any], data: bytes) -> None:
        p = plan(INFERRING, board_of(tables, "test"), 25_000_000, 1_000_000)
        one = Trial(1, 60.0, True)
        text = json.dumps(manifest(p, Bitstream(data, {}, [one], one, [])))
        (here / "manifest.json").write_text(text)
        (here / "tiny.bit").write_bytes(data)

    idcode = bytes.fromhex("21111043")
    data = b"\xff\xff\xbd\xb3" + b"\xe2\x00\x00\x00" + idcode
    built(example(), data)
    assert checked_job(here, None, False).arguments == ["-b", "ulx3s", "-m", f"{here / 'tiny.bit'}"]
    (here / "own.toml").write_text(DOCS.read_text("utf-8").split("```toml\n")[1].split("```")[0])
    assert checked_job(here, str(here / "own.toml"), False).board == board_given(
        str(here / "own.toml")
    )
    assert "--board must be my-board, " in refusal(checked_job, here, "ulx3s-12f", False)
    built(example() | {"programmer": {"cable": "ft2232"}}, data)
    assert checked_job(here, None, False).arguments[:2] == ["-c", "ft2232"]
    own = example()
    del own["programmer"]
    built(own, data)
    assert "programmer is missing" in refusal(checked_job, here, None, False)
    wrong = json.loads((here / "manifest.json").read_text())
    wrong["board_file"]["package"] = "x"
    (here / "manifest.json").write_text(json.dumps(wrong))
    assert "manifest.json, board_file: package must be " in refusal(checked_job, here, None, False)


def test_tables_of_another_layout_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ice40").mkdir()
    monkeypatch.setattr(database, "_shared", lambda package: tmp_path)
    for data in (b"", bytes(400), bytes(range(256)) * 4, b"\x04\0\0\0" + b"\x01" * 900):
        (tmp_path / "ice40" / "chipdb-5k.bin").write_bytes(data)
        assert "not the known layout" in refusal(database.ice40_packages, "5k")
