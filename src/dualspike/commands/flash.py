"""``dualspike flash``."""

from pathlib import Path
from typing import Annotated

import typer

from dualspike.boards.flow.flash import checked_job, program
from dualspike.boards.flow.programmer import PROGRAMMERS
from dualspike.commands.source import BOARD_NAMES
from dualspike.output import console, shell


def flash(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="What dualspike build wrote.")],
    board: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|FILE.toml", help=f"Check that it was built for this board: {BOARD_NAMES}."
        ),
    ] = None,
    to_flash: Annotated[
        bool, typer.Option("--flash", help="Into the flash memory, to stay; else until power-off.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check, and say what would be run.")
    ] = False,
) -> None:
    """Program a board with openFPGALoader, once the bitstream has been checked."""
    job = checked_job(folder, board, to_flash)
    where = "the flash memory" if to_flash else "the FPGA, until power-off,"
    out = console()
    if dry_run:
        command = shell(PROGRAMMERS[0], *job.arguments)
        out.print(f"{job.bitstream} matches its manifest and {job.board.name}. To be run:")
        out.print(f"  {command}")
        return
    out.print(f"Writing {job.bitstream} into {where} of {job.board.name} ...")
    program(job)
    out.print("done")
