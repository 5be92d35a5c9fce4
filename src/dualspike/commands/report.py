"""``dualspike report``."""

from pathlib import Path
from typing import Annotated

import typer

from dualspike.commands.source import ForceFlag
from dualspike.golden.files.owned import owning
from dualspike.output import JsonFlag, console, emit_json

PAGE = "report.html"


def report(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Where other commands have written with -o.")
    ],
    force: ForceFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Write report.html in a folder: one page of what generate, synth, train and simulate left."""
    from dualspike.report.folder import read_description, read_folder
    from dualspike.report.page import render

    description = read_description(folder)
    with owning(folder, "report", force=force, guest=True) as owned:
        owned.check(PAGE)
        found = read_folder(folder, description)
        owned.write({PAGE: render(found)})
    out = console(as_json)
    out.print(f"Wrote {folder / PAGE}")
    for name, what, command in found.missing:
        out.print(f"  not there: {name} ({what}), by dualspike {command}")
    if as_json:
        emit_json({"file": str(folder / PAGE), "missing": [name for name, _, _ in found.missing]})
