"""The steps of a build with tools that are not real: seeds, netlists that are kept, lines."""

import re
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dualspike.api.chip import Chip
from dualspike.boards.catalog import BOARDS
from dualspike.boards.flow import bitstream
from dualspike.boards.flow.bitstream import Plan, Trial, build_bitstream, plan
from dualspike.boards.flow.steps import Step
from dualspike.model.description.files.save import toml_text
from dualspike.model.description.load import load
from tests.cli import Cli
from tests.refusals import refusal
from tests.small import INFERRING


@pytest.fixture
def net(here: Path) -> Path:
    path = here / "tiny.toml"
    path.write_text(toml_text(INFERRING))
    return path


class FakeTools:
    """Yosys, nextpnr and the packer: seed n reaches the nth clock after so many seconds."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reached, self.takes = [50.0, 58.0, 61.0, 70.0], [0.0] * 4
        self.ran: list[list[str]] = []
        self.routed: list[int] = []
        self.at_once = self.most_at_once = 0
        monkeypatch.setattr(bitstream, "to_verilog", lambda component, name: f"module {name};\n")
        monkeypatch.setattr(bitstream, "System", lambda *_, **__: None)
        monkeypatch.setattr(bitstream, "route", self.route)
        monkeypatch.setattr(bitstream, "run", self.tool)

    def plan(self) -> Plan:
        return plan(INFERRING, BOARDS["ulx3s-85f"], 60_000_000, 1_000_000)

    def route(
        self,
        device: object,
        arguments: list[str],
        folder: Path,
        children: object,
        heard: Callable[[str], None],
    ) -> dict[str, Any]:
        assert "--quiet" not in arguments
        seed = int(arguments[arguments.index("--seed") + 1])
        assert (folder / "tiny_top.json").read_text() == "netlist"
        self.routed.append(seed)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        heard("Info: Placed 9 cells based on constraints.\n")
        heard("Info: Routing..\n")
        time.sleep(self.takes[seed - 1])
        self.at_once -= 1
        (folder / "tiny_top.config").write_text(f"seed {seed}")
        clocks = {
            "board": {"achieved": 300.0, "constraint": 25.0},
            "made": {"achieved": self.reached[seed - 1], "constraint": 60.0},
        }
        return {
            "fmax": clocks,
            "critical_paths": [],
            "utilization": {"A": {"used": seed, "available": 9}, "B": {"used": 0, "available": 1}},
        }

    def tool(self, tool: object, arguments: list[str], folder: Path) -> None:
        self.ran.append(arguments)
        if "--bit" in arguments:
            (folder / "tiny_top.bit").write_text((folder / "tiny_top.config").read_text())
        else:
            (folder / "tiny_top.json").write_text("netlist")


@pytest.fixture
def tools(cache: Path, monkeypatch: pytest.MonkeyPatch) -> FakeTools:
    monkeypatch.setenv("DUALSPIKE_JOBS", "1")
    return FakeTools(monkeypatch)


def test_seeds_are_tried_until_one_will_do(tools: FakeTools) -> None:
    p = tools.plan()
    found = build_bitstream(p, 2)
    assert [(t.seed, t.met) for t in found.trials] == [(1, False), (2, False)]
    assert (found.taken, found.data) == (Trial(2, 58.0, False), b"seed 2")
    assert (found.utilisation, found.slowest) == ({"A": (2, 9)}, None)
    found = build_bitstream(p, 4)
    assert [t.seed for t in found.trials] == [1, 2, 3]
    assert (found.taken, found.data) == (Trial(3, 61.0, True), b"seed 3")
    assert tools.routed == [1, 2, 1, 2, 3] and tools.most_at_once == 1
    tools.reached[0] = 59.0
    tools.reached[1] = 50.0
    assert build_bitstream(p, 2).data == b"seed 1"
    assert "--svf" not in tools.ran[-1]
    with pytest.raises(RuntimeError, match="nextpnr knows no clock of 61 MHz"):
        build_bitstream(replace(p, clock_hz=61_000_000), 1)


@pytest.mark.parametrize("slow", [1, 2, 3, 4])
def test_the_lowest_seed_that_will_do_wins_whichever_ends_first(
    slow: int, tools: FakeTools, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools.takes[slow - 1] = 0.2
    p = tools.plan()
    for reached in ([61, 62, 63, 64], [50, 62, 63, 61], [50, 51, 61, 70], [50, 59, 59, 58]):
        tools.reached = [float(one) for one in reached]
        monkeypatch.setenv("DUALSPIKE_JOBS", "1")
        alone = build_bitstream(p, 4)
        monkeypatch.setenv("DUALSPIKE_JOBS", "2")
        assert build_bitstream(p, 4) == alone
    assert tools.most_at_once == 2


def test_seeds_after_one_that_will_do_are_not_begun(
    tools: FakeTools, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DUALSPIKE_JOBS", "2")
    tools.reached, tools.takes = [50.0, 70.0, 70.0, 70.0], [0.3, 0.0, 0.0, 0.0]
    assert build_bitstream(tools.plan(), 4).taken.seed == 2
    assert sorted(tools.routed) == [1, 2]
    for wrong in ("0", "65", "two", "-1", ""):
        monkeypatch.setenv("DUALSPIKE_JOBS", wrong)
        line = f"DUALSPIKE_JOBS must be in [1, 64], not {wrong!r}"
        assert refusal(build_bitstream, tools.plan(), 1) == line


def test_what_runs_ends_when_an_earlier_seed_will_do(
    tools: FakeTools, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second seed's tool would run for a minute; the first one meets the clock at once."""
    monkeypatch.setenv("DUALSPIKE_JOBS", "2")
    tools.reached[0] = 61.0

    def route(
        device: object, arguments: list[str], folder: Path, children: Any, heard: Any
    ) -> dict[str, Any]:
        if arguments[-1] == "2":
            assert children.run(["sleep", "60"]).returncode
            raise RuntimeError("ended")
        time.sleep(0.2)
        return tools.route(device, arguments, folder, children, heard)

    monkeypatch.setattr(bitstream, "route", route)
    heard: list[Step] = []
    start = time.monotonic()
    assert build_bitstream(tools.plan(), 2, heard.append).taken.seed == 1
    assert time.monotonic() - start < 30
    ended = {one.name: one.result for one in heard if one.seconds is not None}
    assert ended == {
        "synthesising": "done",
        "packing with seed 1": "done",
        "placing with seed 1": "done",
        "routing with seed 1": "61.00 MHz, met",
        "packing with seed 2": "",
    }


def test_synthesis_is_kept_for_other_seeds(tools: FakeTools) -> None:
    p = tools.plan()

    def made(one: Plan) -> str:
        heard: list[Step] = []
        build_bitstream(one, 1, heard.append)
        return next(one.result for one in heard if one.seconds is not None)

    assert made(p) == "done"
    assert made(p) == "kept from before"
    pins = {path: text + "\n" for path, text in p.files.items() if path.endswith(".lpf")}
    assert made(replace(p, files=p.files | pins)) == "kept from before"
    other = {path: text + "\n" for path, text in p.files.items() if path.endswith("system.v")}
    assert made(replace(p, files=p.files | other)) == "done"
    assert made(p) == "kept from before"


def test_steps_are_lines_with_their_times(
    net: Path, tools: FakeTools, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("build", net, "--board", "ulx3s-85f", "--clock", 60, "--seeds", 3, "-o", "out")
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    status, out, err = cli(*words)
    assert (status, err) == (0, "")
    lines = [re.sub(r"[0-9.]+ s$", "N s", line) for line in out.splitlines()]
    assert max(map(len, lines[:22])) <= 60
    assert [line for line in lines[:22] if "pack" not in line and "plac" not in line] == [
        "ulx3s-85f: writing the Verilog ...",
        "ulx3s-85f: writing the Verilog: done, N s",
        "ulx3s-85f: synthesising ...",
        "ulx3s-85f: synthesising: done, N s",
        "ulx3s-85f: routing with seed 1 ...",
        "ulx3s-85f: routing with seed 1: 50.00 MHz, not met, N s",
        "ulx3s-85f: routing with seed 2 ...",
        "ulx3s-85f: routing with seed 2: 58.00 MHz, not met, N s",
        "ulx3s-85f: routing with seed 3 ...",
        "ulx3s-85f: routing with seed 3: 61.00 MHz, met, N s",
    ]
    assert lines[4:8] == [
        "ulx3s-85f: packing with seed 1 ...",
        "ulx3s-85f: packing with seed 1: done, N s",
        "ulx3s-85f: placing with seed 1 ...",
        "ulx3s-85f: placing with seed 1: done, N s",
    ]
    assert "synthesising: kept from before" in cli(*words, "--json").err
    monkeypatch.setenv("FORCE_COLOR", "1")  # Rich takes the stream for a terminal then
    tools.takes = [0.3] * 4
    drawn = cli(*words).out
    assert re.search(r"routing with seed 1.*0:00:00", drawn)
    assert "synthesising ..." not in drawn


def test_python_builds_as_the_command_does(net: Path, tools: FakeTools, cli: Cli) -> None:
    chip = Chip(load(net))
    built = chip.build("ulx3s-85f", "python", clock=60, seeds=3)
    assert built.met and built.clock_line.endswith("60 MHz: met (seed 3 of 3 tried)")
    words = ("build", net, "--board", "ulx3s-85f", "--clock", 60, "--seeds", 3, "-o", "cli")
    assert cli.result(*words) == built.manifest
    for file in built.files:
        assert file.read_bytes() == (Path("cli") / file.name).read_bytes()
    html = built._repr_html_()
    assert "ULX3S with LFE5U-85F" in html and "3 of 9, 33.3 %" in html
    built = chip.build("ulx3s-85f", "none", clock=60, seeds=2)
    assert (built.met, built.files, Path("none").exists()) == (False, [], False)
    assert "NOT met" in built._repr_html_()
    assert refusal(chip.build, "ulx3s-85f", seeds=0) == "seeds must be in [1, 64], not 0"
    assert refusal(chip.build, "ulx4s").startswith("--board must be one of ")
    held = chip.build("ulx3s-85f", "held", clock=60, seeds=3, baked=True).manifest
    assert held["baked_weights"] and not built.manifest["baked_weights"]


def test_a_core_that_cannot_fit_is_refused_before_any_tool(here: Path, cli: Cli) -> None:
    start = time.process_time()
    line = cli.failure("build", "--preset", "hat", "--board", "ulx3s-12f", "-o", "out")
    assert line.startswith("ecp5-12f has 28 DSP, this core needs about 71: ")
    assert time.process_time() - start < 5
