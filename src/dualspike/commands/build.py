"""``dualspike build``."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from dualspike.api.building import BAUD, Built, Order, build_board
from dualspike.api.data import initial
from dualspike.boards.flow.bitstream import Bitstream, Plan
from dualspike.boards.own.board_file import board_given
from dualspike.commands.source import (
    BOARD_NAMES,
    ClockOption,
    FolderOption,
    ForceFlag,
    NetArgument,
    PresetOption,
    description,
)
from dualspike.golden.training.fixed_engine import first_chip
from dualspike.output import JsonFlag, console, emit_json, shell, tell_removed
from dualspike.progress import steps

BoardOption = Annotated[
    str,
    typer.Option(metavar="NAME|FILE.toml", help=f"A board, or a file of its pins: {BOARD_NAMES}."),
]


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
    baud: Annotated[int, typer.Option(help="Speed of the host link in bits a second.")] = BAUD,
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
    order = Order(board_given(board), output, baud, seeds, force)
    d = description(net, preset, clock=clock)
    order.check(d, "--seeds")
    chip = None if weights is None else first_chip(d, initial(weights, d))
    out = console(as_json)
    with steps(out, order.board.name) as told:
        built = build_board(d, order, chip, told)
    _show(built, out)
    if not built.met:
        raise typer.Exit(1)
    tell_removed(out, built.removed)
    names = ", ".join(path.name for path in built.files)
    out.print(f"wrote {output} for {order.board.title}: {names}. Next:")
    out.print(f"  {_next(built.plan, output)}")
    if as_json:
        emit_json(built.manifest)


def _show(built: Built, out: Console) -> None:
    """What is used of the FPGA, the clock, and the slowest path."""
    if built.made is None:
        return
    out.print(_utilisation(built.made))
    out.print(built.clock_line)
    if built.made.slowest:
        out.print(f"Slowest path: {built.made.slowest}. What would help:")
        for setting in built.advice:
            out.print(f"  {setting}")


def _utilisation(made: Bitstream) -> Table:
    table = Table("", "used", "there", "share", box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for kind, (used, there) in made.utilisation.items():
        table.add_row(kind, f"{used:,}", f"{there:,}", f"{100 * used / there:.1f} %")
    return table


def _next(p: Plan, folder: Path) -> str:
    if p.board.flow == "vivado":
        return f"{shell('cd', folder)} && vivado -mode batch -source {p.name}.tcl"
    if p.board.flow == "gowin":
        return f"{shell('cd', folder)} && gw_sh {p.name}.tcl"
    return shell("dualspike", "flash", folder, *([] if p.board.volatile else ["--flash"]))
