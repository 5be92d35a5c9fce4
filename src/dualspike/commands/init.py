"""``dualspike init``."""

from pathlib import Path
from typing import Annotated

import typer

from dualspike.golden.files.writing import write_atomic
from dualspike.model.description.load import preset_text
from dualspike.model.errors import BadInput
from dualspike.output import JsonFlag, console, emit_json, shell


def init(
    path: Annotated[Path, typer.Argument(metavar="NET.toml", help="The file to write.")],
    preset: Annotated[str, typer.Option(help="The network to start from.")] = "hat",
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Write a preset as a TOML file to edit."""
    text = preset_text(preset)
    if path.is_file() and not force:
        raise BadInput(f"{path} is already there: give --force to replace it")
    write_atomic(path, text)
    out = console(as_json)
    out.print(f"Wrote {path} from preset {preset}. Next: edit it, then run")
    out.print(f"  {shell('dualspike', 'generate', path)}")
    if as_json:
        emit_json({"file": str(path), "preset": preset})
