"""``dualspike infer``: samples through a board."""

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from dualspike.boards.host.board import BoardCore
from dualspike.boards.host.port import LinkLost
from dualspike.commands.board_engine import BAUD, BaudOption, PortOption, board_port
from dualspike.commands.source import (
    FolderOption,
    NetArgument,
    PresetOption,
    SeedOption,
    WeightsOption,
    initial,
    perceptron,
    problem_of,
)
from dualspike.golden.data.accuracy import relative_l2
from dualspike.golden.files.alone import writing
from dualspike.golden.files.writing import write_atomic
from dualspike.model.errors import BadInput
from dualspike.output import JsonFlag, console, emit_json, samples_csv
from dualspike.testbench.cosim.device import DeviceEngine


def infer(
    net: NetArgument = None,
    output: FolderOption = Path("inferred"),
    preset: PresetOption = None,
    samples: Annotated[
        int | None, typer.Option(metavar="N", help="Test samples, from the first; else all.")
    ] = None,
    seed: SeedOption = None,
    weights: WeightsOption = None,
    port: PortOption = None,
    baud: BaudOption = BAUD,
    as_json: JsonFlag = False,
) -> None:
    """Load weights into a board, run test samples through it and write outputs.csv."""
    d = perceptron(net, preset, "a board", seed=seed)
    problem = problem_of(d)
    first, target = problem.test.inputs[0], problem.test.target
    count = len(first) if samples is None else samples
    if not 1 <= count <= len(first):
        raise BadInput(f"--samples must be in [1, {len(first)}], not {count}")
    parameters = initial(weights, d)
    x, wanted = first[:count], target[:count]
    with writing(output):
        try:
            with board_port(d, port) as path, closing(BoardCore.at(path, baud, d)) as board:
                y = DeviceEngine(d, board, parameters).predict([x])
                flags = board.read("FLAGS")
        except LinkLost as lost:
            raise BadInput(str(lost)) from lost
        error = relative_l2(y, wanted) if wanted.any() else None
        write_atomic(output / "outputs.csv", samples_csv(x, y))
    out = console(as_json)
    told = "not defined, all wanted outputs are 0" if error is None else f"{error:.4f}"
    out.print(f"{count} samples, relative l2 {told}{problem.where}")
    if flags:
        out.print(f"Numbers were clipped on the way: FLAGS is {flags:#x}")
    out.print(f"Wrote outputs.csv in {output}")
    if as_json:
        emit_json(
            {"samples": count, "tested_on": problem.tested_on, "rel_l2": error, "flags": flags}
        )
