"""``dualspike build`` and ``dualspike boards``."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from dualspike.api.core_files import words_of
from dualspike.api.data import initial
from dualspike.boards.catalog import BOARDS
from dualspike.boards.flow.bitstream import Bitstream, Plan, build_bitstream, plan
from dualspike.boards.flow.fits import BUDGET, BoardFit, boards_that_fit, check_room
from dualspike.boards.flow.manifest import NAME, manifest, megahertz
from dualspike.boards.flow.slowest import settings
from dualspike.boards.own.board_file import board_given
from dualspike.boards.pll import MHZ
from dualspike.commands.source import (
    ClockOption,
    FolderOption,
    ForceFlag,
    NetArgument,
    PresetOption,
    description,
)
from dualspike.golden.files.owned import OwnedFolder, owning
from dualspike.golden.training.fixed_engine import first_chip
from dualspike.model.description.files.save import toml_text
from dualspike.model.errors import BadInput
from dualspike.model.system.cache import check_cache
from dualspike.output import JsonFlag, console, emit_json, shell, tell_removed

BoardOption = Annotated[
    str, typer.Option(metavar="NAME|FILE.toml", help="See dualspike boards; or a file of pins.")
]
MOST_SEEDS = 64


def build(
    board: BoardOption,
    net: NetArgument = None,
    output: FolderOption = Path("board"),
    preset: PresetOption = None,
    weights: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.npz",
            help="Weights for the bitstream, as train writes them: the chip has them at power-up.",
        ),
    ] = None,
    clock: ClockOption = None,
    baud: Annotated[int, typer.Option(help="Speed of the host link in bits a second.")] = 1_000_000,
    seeds: Annotated[
        int,
        typer.Option(metavar="N", help="Try seeds 1 to N of place and route until one will do."),
    ] = 1,
    force: ForceFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Make the bitstream of a board, or a project for its vendor's tool.

    Where no clock is asked for, it is the board's own. The exit status is 1, and nothing is
    written, if it is not reached.
    """
    on = board_given(board)
    d = description(net, preset, clock=clock)
    asked = d.hardware.clock
    if not 1 <= seeds <= MOST_SEEDS:
        raise BadInput(f"--seeds must be in [1, {MOST_SEEDS}], not {seeds}")
    if on.flow == "open":
        check_room(d, on)
    check_cache()
    words = () if weights is None else words_of(first_chip(d, initial(weights, d)))
    out = console(as_json)
    with owning(output, "build", force=force) as folder:
        p = plan(d, on, on.clock_hz if asked is None else round(asked * MHZ), baud, words)
        folder.check(NAME, f"{d.name}.toml", *p.files, f"{d.name}.{on.suffix}")
        found, names = _write(p, seeds, folder, out)
    tell_removed(out, folder)
    out.print(f"wrote {output} for {on.title}: {', '.join(names)}. Next:")
    out.print(f"  {_next(p, output)}")
    if as_json:
        emit_json(found)


def boards(
    net: NetArgument = None,
    preset: PresetOption = None,
    board: Annotated[
        str | None, typer.Option(metavar="NAME|FILE.toml", help="This board alone.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """List the boards and what fits on them of a network, the preset hat if none is given."""
    ones = BOARDS.values() if board is None else [board_given(board)]
    d = description(net, preset or (None if net else "hat"))
    found = boards_that_fit(d, ones)
    columns = ("board", "FPGA", "flow", "LUT4", "DSP", "BRAM", d.name, "smallest")
    table = Table(*columns, box=None, pad_edge=False)
    for column in table.columns[3:6]:
        column.justify = "right"
    for room in found:
        shares = {use.name: use.share for use in room.uses}
        table.add_row(
            room.board.name,
            room.board.device_name,
            room.board.flow,
            *(f"{100 * shares[name]:.0f} %" for name in ("LUT4", "DSP", "BRAM")),
            _fits(room.directions),
            _fits(room.folded),
        )
    out = console(as_json)
    out.print(table)
    least = "pe = simd = 1" if d.kind == "mlp" else "pe = simd = terms = 1"
    out.print(
        f"Forecasts for the core alone, folded as it is, and the smallest, {least}:\n"
        f"with the most directions that fit in {100 * BUDGET:g} %. dualspike generate --fit finds"
        " a folding between."
    )
    if as_json:
        emit_json({"network": d.name, "boards": [_plain(room) for room in found]})


def _write(
    p: Plan, seeds: int, folder: OwnedFolder, out: Console
) -> tuple[dict[str, Any], list[str]]:
    """Make everything and write it into the folder; returns the manifest and the files' names."""
    d, made = p.description, None
    if p.board.flow == "open":
        made = build_bitstream(p, seeds, lambda step: out.print(f"{p.board.name}: {step} ..."))
        out.print(_utilisation(made))
        out.print(_clock_line(made, p))
        if made.slowest:
            out.print(f"Slowest path: {made.slowest}. What would help:")
            for setting in settings(made.slowest, d):
                out.print(f"  {setting}")
        if not made.taken.met:
            raise typer.Exit(1)
    found = manifest(p, made)
    contents: dict[str, str | bytes] = {f"{d.name}.toml": toml_text(d, folder.path), **p.files}
    if made:
        contents[found["bitstream"]] = made.data
    contents[NAME] = json.dumps(found, indent=2) + "\n"
    folder.write(contents)
    return found, list(contents)


def _utilisation(made: Bitstream) -> Table:
    table = Table("", "used", "there", "share", box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for kind, (used, there) in made.utilisation.items():
        table.add_row(kind, f"{used:,}", f"{there:,}", f"{100 * used / there:.1f} %")
    return table


def _clock_line(made: Bitstream, p: Plan) -> str:
    verdict = "met" if made.taken.met else "NOT met, nothing is written"
    tried = f"seed {made.taken.seed} of {len(made.trials)} tried"
    return f"Fmax {made.taken.fmax:.2f} MHz, asked for {megahertz(p.clock_hz)}: {verdict} ({tried})"


def _next(p: Plan, folder: Path) -> str:
    if p.board.flow == "vivado":
        return f"{shell('cd', folder)} && vivado -mode batch -source {p.name}.tcl"
    if p.board.flow == "gowin":
        return f"{shell('cd', folder)} && gw_sh {p.name}.tcl"
    return shell("dualspike", "flash", folder, *([] if p.board.volatile else ["--flash"]))


def _fits(directions: int | None) -> str:
    if directions is None:
        return "no room"
    return f"learns, {directions}" if directions else "infers"


def _plain(room: BoardFit) -> dict[str, object]:
    board = room.board
    return {
        "name": board.name,
        "title": board.title,
        "device": board.device_name,
        "flow": board.flow,
        "clock_hz": board.clock_hz,
        "shares": {use.name: round(use.share, 4) for use in room.uses},
        "directions": room.directions,
        "directions_folded": room.folded,
    }
