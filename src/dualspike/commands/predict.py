"""``dualspike predict``: what a network answers, on a model, simulated hardware or a board."""

from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from dualspike.api.asked import Asked, asked_of, rows_of
from dualspike.api.board_engine import BAUD
from dualspike.api.engines import EngineName, check_port
from dualspike.api.predicting import answers, network_of
from dualspike.commands.source import BaudOption, FolderOption, ForceFlag, PortOption
from dualspike.golden.files.owned import owning
from dualspike.golden.numeric import Doubles
from dualspike.golden.training.weights_file import npz_bytes
from dualspike.model.interface.raised import raised, told
from dualspike.output import (
    JsonFlag,
    console,
    emit_json,
    grid_csv,
    samples_csv,
    tell_building,
    tell_removed,
)


def predict(
    run: Annotated[
        Path,
        typer.Argument(
            metavar="RUN|NET.toml",
            help="A folder that train wrote; or a description with --weights.",
        ),
    ],
    data: Annotated[
        str | None,
        typer.Argument(
            metavar="[DATA]",
            help="A file whose rows are answered, or a data set; else the test samples.",
        ),
    ] = None,
    output: FolderOption = Path("predicted"),
    weights: Annotated[
        Path | None,
        typer.Option(metavar="FILE.npz", help="Weights in place of the run's; else the seed's."),
    ] = None,
    samples: Annotated[
        int | None,
        typer.Option(metavar="N", help="Samples, or functions, from the first; else all."),
    ] = None,
    engine: Annotated[
        EngineName,
        typer.Option(help="Integer model, simulated hardware, float reference, or a board."),
    ] = EngineName.fixed,
    port: PortOption = None,
    baud: BaudOption = BAUD,
    force: ForceFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Answer every row of a file with a trained network; write predictions.csv and .npz.

    Rows need no targets. Where the file has them, they are written next to the answers, and what
    the answers are worth is said.
    """
    check_port(engine, port)
    d, parameters = network_of(run, weights)
    d, asked = asked_of(d, None, samples) if data is None else rows_of(d, data, samples)
    out = console(as_json)
    tell = tell_building(out, d.name)
    with owning(output, "predict", force=force) as folder:
        folder.check("predictions.csv", "predictions.npz")
        y, flags = answers(d, engine, parameters, asked.inputs, port, baud, tell)
        table, arrays = _csv(asked, y), npz_bytes(asked.arrays(y))
        folder.write({"predictions.csv": table, "predictions.npz": arrays})
    count, unit = len(y), "samples" if asked.problem.kind == "mlp" else "functions"
    out.print(f"{count} {unit}, {asked.line(y)}")
    if weights is None and run.is_file():
        out.print(f"Weights are those of seed {d.learning.seed}, before any learning")
    if up := told(d, flags):
        out.print(up)
    tell_removed(out, folder.removed)
    out.print(f"Wrote predictions.csv and predictions.npz in {output}")
    if as_json:
        tested_on = asked.problem.test_set if asked.answered else None
        said = {"samples": count, "engine": str(engine), "tested_on": tested_on}
        flagged = {"flags": flags, "raised": raised(d, flags)}
        emit_json(said | asked.told(y) | flagged)


def _csv(asked: Asked, y: Doubles) -> str:
    """Inputs, targets if they are known, and answers, a row or a point a line."""
    (x, *axes), target = asked.inputs, asked.problem.truth
    if axes:
        return grid_csv(axes, y, target if asked.answered else None)
    columns = asked.columns(y)
    if asked.answered and "label" not in columns:
        columns |= {f"target{n}": target[:, n] for n in range(target.shape[1])}
    return samples_csv(x, y, {name: np.asarray(column) for name, column in columns.items()})
