"""From a description to the files of a board: a bitstream, or a project for the vendor's tool.

The system becomes Verilog as every core does; amaranth-boards gives the top around it, the
constraints and the commands, which are run here with the tools from PyPI.
"""

import hashlib
import os
import re
import shlex
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dualspike.boards.catalog import Board
from dualspike.boards.flow.place import REPORT, route
from dualspike.boards.flow.seeds import Routed, Trial, at_a_time, up_to_the_first_met
from dualspike.boards.flow.slowest import SlowestPath, slowest_path
from dualspike.boards.flow.stages import Stages
from dualspike.boards.flow.steps import Told, step, unheard
from dualspike.boards.flow.tools import NEXTPNR, PACK, YOSYS, release, run
from dualspike.boards.gateware.link.uart import bits_per_clock
from dualspike.boards.gateware.system import System
from dualspike.boards.gateware.top import BoardTop
from dualspike.boards.pll import MHZ, PllSetting, pll_setting
from dualspike.hw.emit.files import Words, baked_digest
from dualspike.hw.emit.generate import to_verilog
from dualspike.hw.emit.mapping.blocks import blocks
from dualspike.model.description.description import Description
from dualspike.model.description.load import revised
from dualspike.model.system.builds import kept_build
from dualspike.model.system.children import Children

_LEFT_OUT = re.compile(r".*\.debug\.v|build_.*\.(bat|json|sh)")
_CLOCK_TOLERANCE = 0.001


@dataclass(frozen=True)
class Plan:
    """All that a tool needs, by file name, and what the open flow runs: arguments by tool.

    ``description`` is for the board's FPGA and the clock asked for. ``baked`` is the SHA-256 of
    weights that are in the core at power-up, as `hw.emit.files.baked_digest` makes it, or None.
    """

    description: Description
    board: Board
    name: str
    setting: PllSetting | None
    clock_hz: int
    baud: int
    files: dict[str, str]
    commands: dict[str, list[str]]
    baked: str | None = None


@dataclass(frozen=True)
class Bitstream:
    """The bytes for the FPGA, cells in use and there by kind, every seed tried, the one taken.

    ``slowest`` is the slowest path of the one taken.
    """

    data: bytes
    utilisation: dict[str, tuple[int, int]]
    trials: list[Trial]
    taken: Trial
    tools: list[str]
    slowest: SlowestPath | None = None


def system_name(d: Description) -> str:
    """Name of the module that a board top holds, and of its file."""
    return f"{d.name}_system"


def plan(
    d: Description,
    board: Board,
    clock_hz: int,
    baud: int,
    baked: Words = (),
    told: Told = unheard,
) -> Plan:
    """Sources, constraints and commands; the same bytes on every run.

    The words ``baked``, if any, are in the core's memories at power-up. ``told`` hears of the step.
    BadInput where the board's PLL or the host link cannot do what is asked for.
    """
    same = clock_hz == board.clock_hz
    setting = None if same else pll_setting(board.pll, board.clock_hz, clock_hz)
    d = revised(d, "hardware", clock=clock_hz / MHZ, device=board.device_name)
    exact = round(setting.output_hz) if setting else board.clock_hz
    bits_per_clock(exact, baud)  # refuses, before any hardware is made
    with step(told, "writing the Verilog"):
        return _planned(d, board, setting, exact, baud, baked)


def _planned(
    d: Description,
    board: Board,
    setting: PllSetting | None,
    exact: int,
    baud: int,
    baked: Words,
) -> Plan:
    """The plan for a clock of ``exact`` Hz, which the PLL's ``setting`` makes."""
    top = BoardTop(board, system_name(d), setting)
    platform = board.connected()
    verilog = to_verilog(System(d, exact, baud, contents=baked), system_name(d))
    platform.add_file(f"{system_name(d)}.v", verilog)
    name, options = f"{d.name}_top", {}
    family = board.device.family
    if board.flow == "open":
        if text := blocks(verilog, family.name, multipliers=family.multiplier is not None):
            platform.add_file(f"{system_name(d)}_blocks.v", text)
            options["read_verilog_opts"] = "-overwrite"
        if family.name == "ice40" and family.multiplier:
            options["synth_opts"] = "-dsp"
    with _own_yosys():
        made = platform.prepare(top, name, emit_src=False, **options)
    script = str(made.files[f"build_{name}.sh"])
    kept = {path: _text(file) for path, file in made.files.items() if not _LEFT_OUT.fullmatch(path)}
    held = baked_digest(d, baked)
    return Plan(d, board, name, setting, exact, baud, kept, _commands(script), held)


@contextmanager
def _own_yosys() -> Iterator[None]:
    """Amaranth writes the Verilog of a top with the Yosys that came as a package."""
    name, before = "AMARANTH_USE_YOSYS", os.environ.get("AMARANTH_USE_YOSYS")
    os.environ[name] = "builtin"
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def _text(file: str | bytes) -> str:
    return file if isinstance(file, str) else file.decode()


def _commands(script: str) -> dict[str, list[str]]:
    """The arguments of each tool in the script that Amaranth writes, by the tool's variable."""
    lines = (shlex.split(line) for line in script.splitlines() if line.startswith('"$'))
    return {words[0].removeprefix("$"): words[1:] for words in lines}


def build_bitstream(p: Plan, seeds: int, told: Told = unheard) -> Bitstream:
    """Synthesise once, then place and route with seeds 1, 2, ... until every clock is met.

    Where none of ``seeds`` runs does, the best of them comes out, with ``taken.met`` False. Some
    run at once, see `boards.flow.seeds`; what comes out is the same. The netlist is kept in the
    cache and found again.
    BadInput if the device is too small or a tool is not installed, RuntimeError if a tool fails.
    ``told`` hears of every step.
    """
    jobs, family = at_a_time(), p.board.device.family.name
    tools = [release(tool) for tool in (YOSYS, NEXTPNR[family])]
    with tempfile.TemporaryDirectory(prefix="dualspike-") as name:
        folder = Path(name)
        netlist = _netlist(p, tools[0], told)
        runs = up_to_the_first_met(
            lambda seed, children: _routed(p, seed, folder, netlist, told, children), seeds, jobs
        )
        taken = max(runs, key=lambda one: (one.trial.met, one.trial.fmax))
        (folder / _placed(p)).write_bytes(taken.placed)
        run(PACK[family], _packing(p), folder)
        data = (folder / f"{p.name}.{p.board.suffix}").read_bytes()
    trials, report = [one.trial for one in runs], taken.report
    used = utilisation(report)
    return Bitstream(data, used, trials, taken.trial, tools, slowest_path(report))


def _netlist(p: Plan, tool: str, told: Told) -> Path:
    """What Yosys makes of the sources that its script reads, by their content; made once."""
    name = f"{p.name}.json"
    script = p.files[f"{p.name}.ys"]
    read = {path: text for path, text in p.files.items() if path in script}
    recipe = repr((tool, p.commands["YOSYS"], script, sorted(read.items())))
    with step(told, "synthesising") as came_of_it:
        came_of_it("kept from before")

        def make(work: Path) -> list[Path]:
            for path, source in p.files.items():
                (work / path).write_text(source, "utf-8")
            run(YOSYS, p.commands["YOSYS"], work)
            came_of_it("done")
            return [work / name]

        key = hashlib.sha256(recipe.encode()).hexdigest()[:24]
        return kept_build(key, make, "synthesis") / name


def _routed(
    p: Plan, seed: int, around: Path, netlist: Path, told: Told, children: Children
) -> Routed:
    """One seed's place and route, in a folder of its own."""
    device, family = p.board.device, p.board.device.family.name
    given = [word for word in p.commands[f"NEXTPNR_{family.upper()}"] if word != "--quiet"]
    arguments = [*given, "--report", REPORT, "--timing-allow-fail", "--seed", str(seed)]
    with Stages(told, f"with seed {seed}") as stages:
        folder = around / f"seed-{seed}"
        folder.mkdir()
        shutil.copyfile(netlist, folder / netlist.name)
        for path, source in p.files.items():
            (folder / path).write_text(source, "utf-8")
        report = route(device, arguments, folder, children, stages.heard)
        trial = trial_of(report, seed, p.clock_hz / MHZ)
        stages.came_of_it(f"{trial.fmax:.2f} MHz, {'met' if trial.met else 'not met'}")
        placed = (folder / _placed(p)).read_bytes()
        shutil.rmtree(folder)
    return Routed(trial, report, placed)


def _placed(p: Plan) -> str:
    """The file in which nextpnr leaves what it has placed."""
    family = p.board.device.family.name
    words = p.commands[f"NEXTPNR_{family.upper()}"]
    return words[words.index("--textcfg" if family == "ecp5" else "--asc") + 1]


def _packing(p: Plan) -> list[str]:
    """The packer's arguments, without the text for JTAG players, ten times the bitstream's size."""
    words = list(p.commands["ECPPACK" if "ECPPACK" in p.commands else "ICEPACK"])
    if "--svf" in words:
        at = words.index("--svf")
        del words[at : at + 2]
    return words


def trial_of(report: dict[str, Any], seed: int, clock: float) -> Trial:
    """What a report of nextpnr says of the clock of ``clock`` MHz and of all others.

    RuntimeError if nextpnr did not know of this clock.
    """
    clocks = report["fmax"].values()
    ours = [c["achieved"] for c in clocks if abs(c["constraint"] / clock - 1) < _CLOCK_TOLERANCE]
    if not ours:
        raise RuntimeError(f"nextpnr knows no clock of {clock:g} MHz")
    met = all(c["achieved"] >= c["constraint"] for c in clocks)
    return Trial(seed, round(min(ours), 2), met)


def utilisation(report: dict[str, Any]) -> dict[str, tuple[int, int]]:
    """Cells in use and there, by kind, for the kinds of which any are in use."""
    pairs = {name: (use["used"], use["available"]) for name, use in report["utilization"].items()}
    return {name: pair for name, pair in sorted(pairs.items()) if pair[0]}
