"""``dualspike infer``: samples through a board."""

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from dualspike.api.asked import asked_of
from dualspike.api.board_engine import BAUD, board_port
from dualspike.api.data import initial
from dualspike.boards.host.board import BoardCore
from dualspike.boards.host.port import LinkLost
from dualspike.commands.source import (
    BaudOption,
    DataOption,
    FolderOption,
    ForceFlag,
    NetArgument,
    PortOption,
    PresetOption,
    SeedOption,
    WeightsOption,
    description,
)
from dualspike.golden.files.owned import owning
from dualspike.model.errors import BadInput
from dualspike.output import JsonFlag, console, emit_json, grid_csv, samples_csv, tell_building
from dualspike.testbench.cosim.device import DeviceEngine


def infer(
    net: NetArgument = None,
    output: FolderOption = Path("inferred"),
    preset: PresetOption = None,
    samples: Annotated[
        int | None,
        typer.Option(metavar="N", help="Test samples, or functions, from the first; else all."),
    ] = None,
    seed: SeedOption = None,
    weights: WeightsOption = None,
    data: DataOption = None,
    port: PortOption = None,
    baud: BaudOption = BAUD,
    force: ForceFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Load weights into a board, run test samples through it and write outputs.csv."""
    d, asked = asked_of(description(net, preset, seed=seed), data, samples)
    parameters = initial(weights, d)
    (x, *axes), count = asked.inputs, len(asked.inputs[0])
    out = console(as_json)
    with owning(output, "infer", force=force) as folder:
        folder.check("outputs.csv")
        try:
            with (
                board_port(d, port, tell_building(out, d.name)) as path,
                closing(BoardCore.at(path, baud, d)) as board,
            ):
                y = DeviceEngine(d, board, parameters).predict([x, *axes])
                flags = board.read("FLAGS")
        except LinkLost as lost:
            raise BadInput(str(lost)) from lost
        columns = asked.columns(y)
        text = grid_csv(axes, y) if axes else samples_csv(x, y, columns)
        folder.write({"outputs.csv": text})
    out.print(f"{count} {'functions' if axes else 'samples'}, {asked.line(y)}")
    if flags:
        out.print(f"Numbers were clipped on the way: FLAGS is {flags:#x}")
    out.print(f"Wrote outputs.csv in {output}")
    if as_json:
        tested_on = asked.problem.test_set if asked.answered else None
        found = asked.told(y)
        emit_json({"samples": count, "tested_on": tested_on, **found, "flags": flags})
