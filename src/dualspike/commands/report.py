"""``dualspike report``."""

from pathlib import Path
from typing import Annotated

import typer

from dualspike.golden.files.alone import writing
from dualspike.golden.files.writing import write_atomic
from dualspike.output import JsonFlag, console, emit_json

PAGE = "report.html"


def report(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Where other commands have written with -o.")
    ],
    as_json: JsonFlag = False,
) -> None:
    """Write report.html in a folder: one page of what generate, synth, train and simulate left."""
    from dualspike.report.folder import read_description, read_folder
    from dualspike.report.page import render

    description = read_description(folder)
    with writing(folder):
        found = read_folder(folder, description)
        write_atomic(folder / PAGE, render(found))
    out = console(as_json)
    out.print(f"Wrote {folder / PAGE}")
    for name, what, command in found.missing:
        out.print(f"  not there: {name} ({what}), by dualspike {command}")
    if as_json:
        emit_json({"file": str(folder / PAGE), "missing": [name for name, _, _ in found.missing]})
