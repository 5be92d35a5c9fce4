"""``dualspike init``."""

from pathlib import Path
from typing import Annotated

import typer

from dualspike.api.data import data_keys
from dualspike.golden.files.owned import check_free
from dualspike.golden.files.writing import write_atomic
from dualspike.golden.training.fitting import description_for
from dualspike.model.description.files.save import toml_text
from dualspike.model.description.load import preset_text, presets
from dualspike.model.errors import BadInput
from dualspike.output import JsonFlag, console, emit_json, shell

PRESET = "hat"


def init(
    path: Annotated[Path, typer.Argument(metavar="NET.toml", help="The file to write.")],
    preset: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help=f"The network to start from; left out, {PRESET}: {', '.join(presets())}.",
        ),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|NAME[=FOLDER]", help="Data that the network is to fit, in its place."
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Write a preset, or what fits your data, as a TOML file to edit."""
    if data is not None and preset is not None:
        raise BadInput("give either --preset NAME or --data FILE, one of the two")
    source = f"preset {preset or PRESET}" if data is None else f"data {data}"
    text = preset_text(preset or PRESET) if data is None else None
    check_free(path, force)
    write_atomic(path, fitted_text(data or "", path.parent) if text is None else text)
    out = console(as_json)
    out.print(f"Wrote {path} from {source}. Next: edit it, then run")
    command = "generate" if data is None else "train"
    out.print(f"  {shell('dualspike', command, path)}")
    if as_json:
        what = {"preset": preset or PRESET} if data is None else {"data": data}
        emit_json({"file": str(path), **what})


def fitted_text(data: str, folder: Path) -> str:
    """A description that fits data, to be in ``folder``, with a line of what they are."""
    d, problem = description_for(data_keys(data))
    x, test = problem.train.inputs[0], problem.test.target
    answers = f"{d.basis} classes" if problem.classes else f"{d.basis} outputs"
    tested = f"{len(test)} to test ({problem.test_set})"
    inputs = f"{x.shape[-1]} inputs" + (f" over {x.shape[1]} steps" if x.ndim == 3 else "")
    told = f"# Fits {len(x)} samples of {inputs} and {answers}, {tested}.\n"
    return told + toml_text(d, folder)
