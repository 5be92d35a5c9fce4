"""``dualspike boards``: which there are, what fits on them, and what would make it fit."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from dualspike.boards.catalog import BOARDS
from dualspike.boards.flow.fits import BUDGET, BoardFit, boards_that_fit, ways_onto
from dualspike.boards.own.board_file import board_given
from dualspike.commands.source import BOARD_NAMES, NetArgument, PresetOption, description
from dualspike.model.cost.advice import Way
from dualspike.output import JsonFlag, console, emit_json


def boards(
    net: NetArgument = None,
    preset: PresetOption = None,
    board: Annotated[
        str | None,
        typer.Option(metavar="NAME|FILE.toml", help=f"This board alone: {BOARD_NAMES}."),
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
        " a folding between; boards --board NAME says what would make it fit."
    )
    ways = None if board is None else ways_onto(d, found[0].board)
    if ways is not None:
        _advise(ways, out)
    if as_json:
        told = {} if ways is None else {"ways": [_way(one) for one in ways]}
        emit_json({"network": d.name, "boards": [_plain(room) for room in found], **told})


def _advise(ways: list[Way], out: Console) -> None:
    """A table of what would make a network fit, with the forecast for each."""
    if not ways:
        return
    columns = ("LUT4", "FF", "DSP", "BRAM", "clocks", "fits", "with")
    table = Table(*columns, box=None, pad_edge=False)
    for column in table.columns[:5]:
        column.justify = "right"
    for way in ways:
        shares = (f"{100 * use.share:.0f} %" for use in way.uses)
        fits = "fits" if way.fits else "no"
        table.add_row(*shares, f"{way.clocks:,.0f}", fits, Text(str(way), overflow="fold"))
    out.print(
        "\nIt does not fit as it is. What takes less, with the most clocks of a sample in learning:"
    )
    out.print(table)
    if not any(way.fits for way in ways):
        out.print("None of these is enough, nor are all together: a smaller network, or inference.")


def _fits(directions: int | None) -> str:
    if directions is None:
        return "no room"
    return f"learns, {directions}" if directions else "infers"


def _way(way: Way) -> dict[str, object]:
    shares = {use.name: round(use.share, 4) for use in way.uses}
    return {"set": way.changes, "shares": shares, "clocks": round(way.clocks, 2), "fits": way.fits}


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
