"""``dualspike train``: the same run on any engine."""

from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from dualspike.boards.board import Board
from dualspike.boards.port import LinkLost
from dualspike.commands.board_engine import BAUD, BaudOption, BoardEngine, PortOption, board_port
from dualspike.commands.operators import train_operator_chip
from dualspike.commands.source import (
    FolderOption,
    NetArgument,
    PresetOption,
    SeedOption,
    UpdatesOption,
    WeightsOption,
    any_description,
    initial,
    samples_of,
)
from dualspike.golden.alone import keeping, writing
from dualspike.golden.checkpoint import EVERY, Keeper, Origin
from dualspike.golden.data import Dataset
from dualspike.golden.figures import hat_figure
from dualspike.golden.files import write_atomic
from dualspike.golden.fixed import FixedEngine, first_chip
from dualspike.golden.network import Parameters
from dualspike.golden.precision import check_moves
from dualspike.golden.train import FloatEngine, TrainResult
from dualspike.golden.train import train as run
from dualspike.golden.weights import npz_bytes, weight_arrays
from dualspike.model.description import Description
from dualspike.model.errors import BadInput
from dualspike.model.identity import config_hash
from dualspike.model.operator_chip import OperatorDescription
from dualspike.model.save import toml_text
from dualspike.model.seal import sealed
from dualspike.output import JsonFlag, console, emit_json
from dualspike.progress import progress_bar
from dualspike.testbench.bulk import Simulation
from dualspike.testbench.rtl import RtlEngine


class EngineName(StrEnum):
    """What runs the training."""

    golden = "golden"
    fixed = "fixed"
    rtl = "rtl"
    board = "board"


def train(
    net: NetArgument = None,
    output: FolderOption = Path("trained"),
    preset: PresetOption = None,
    engine: Annotated[
        EngineName,
        typer.Option(help="Float reference, integer model, simulated hardware, or a board."),
    ] = EngineName.fixed,
    updates: UpdatesOption = None,
    seed: SeedOption = None,
    weights: WeightsOption = None,
    resume: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help=f"Keep the run in FILE, every {EVERY} updates, and go on from there if it exists.",
        ),
    ] = None,
    port: PortOption = None,
    baud: BaudOption = BAUD,
    force: Annotated[bool, typer.Option("--force", help="Replace an earlier run.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Train and write result.json, weights.npz, the description and a picture."""
    d = any_description(net, preset, updates=updates, seed=seed)
    if port is not None and engine is not EngineName.board:
        raise BadInput(f"--port must be left out with --engine {engine}: it is that of a board")
    if isinstance(d, OperatorDescription):
        start = initial(weights, d)
        train_operator_chip(d, engine, output, start, resume, force=force, as_json=as_json)
        return
    if not d.learns:
        raise BadInput(f"learning.rule must be 'rfg' to train, not {d.learning.rule!r}")
    if resume is not None and engine is EngineName.golden:
        raise BadInput("--engine must be fixed, rtl or board with --resume, not golden")
    if engine is not EngineName.golden:
        check_moves(d)
    dataset = samples_of(d)
    first = initial(weights, d)
    with writing(output), keeping(resume):
        if (output / "result.json").exists() and not force:
            raise BadInput(f"{output} already holds a run: give another folder or --force")
        try:
            with open_engine(d, engine, first, port, baud) as (chosen, cycles):
                with progress_bar(f"train {engine}", d.learning.updates) as show:
                    keeper = None
                    if resume is not None and not isinstance(chosen, FloatEngine):
                        keeper = Keeper(resume, chosen, _origin(d, dataset, first))
                    result = run(chosen, d, dataset, show, keeper)
                learned = chosen.weights()
                summary = summarise(d, engine, dataset, result) | cycles()
        except LinkLost as lost:
            kept = f"; the run so far is in {resume}" if resume and resume.exists() else ""
            raise BadInput(f"{lost}{kept}") from lost
        title = f"{d.name}, engine {engine}, {result.updates} updates, seed {d.learning.seed}"
        hat_figure(dataset, result.prediction, result.losses, output / "result.png", title)
        write_atomic(output / "description.toml", toml_text(d))
        write_atomic(output / "weights.npz", npz(learned, result))
        write_atomic(output / "result.json", sealed(summary))
        if resume is not None:
            resume.unlink(missing_ok=True)
    out = console(as_json)
    table = Table("", title, box=None, pad_edge=False)
    table.add_row(f"relative l2 before{dataset.where}", f"{result.rel_l2_before:.4f}")
    table.add_row(f"relative l2 after{dataset.where}", f"{result.rel_l2:.4f}")
    table.add_row("updates, samples", f"{result.updates}, {result.samples}")
    table.add_row("seconds", f"{result.seconds:.1f}")
    if "cycles" in summary:
        table.add_row("clocks", f"{summary['cycles']:,}")
        table.add_row("clocks a sample", f"{summary['cycles_per_sample']:.2f}")
    out.print(table)
    out.print(f"Wrote result.json, weights.npz, description.toml and result.png in {output}")
    if as_json:
        emit_json(summary)


@contextmanager
def open_engine(
    d: Description,
    name: EngineName,
    first: Parameters | None = None,
    port: str | None = None,
    baud: int = BAUD,
) -> Generator[
    tuple[FloatEngine | FixedEngine | RtlEngine | BoardEngine, Callable[[], dict[str, Any]]],
    None,
    None,
]:
    """An engine and a function for its clock counts (empty for the models).

    It starts from the parameters ``first``, or those of the seed. A board is at ``port``, or
    simulated.
    """
    if name is EngineName.board:
        with (
            board_port(d, port) as path,
            closing(BoardEngine(d, lambda: Board.at(path, baud, d), first)) as engine,
        ):
            yield engine, lambda: clock_counts(d, engine)
    elif name is EngineName.rtl:
        with RtlEngine(d, Simulation.of(d), check=False, initial=first) as engine:
            yield engine, lambda: clock_counts(d, engine)
    else:
        model = FixedEngine if name is EngineName.fixed else FloatEngine
        yield model(d, first), dict


def clock_counts(d: Description, engine: RtlEngine | BoardEngine) -> dict[str, Any]:
    """Clocks of the training alone."""
    samples = d.learning.updates * d.learning.batch
    return {
        "cycles": engine.learning_cycles,
        "cycles_per_sample": engine.learning_cycles / samples,
    }


def _origin(d: Description, dataset: Dataset, first: Parameters | None) -> Origin:
    """What a checkpoint must be of to go on with this run."""
    chip = first_chip(d, first)
    return Origin.of(d, dataset.checksum, chip.weights, chip.biases)


def summarise(
    d: Description, engine: EngineName, dataset: Dataset, result: TrainResult
) -> dict[str, Any]:
    """What result.json says of a run."""
    return {
        "name": d.name,
        "engine": str(engine),
        "config_hash": config_hash(d),
        "seed": d.learning.seed,
        "scope": d.learning.scope,
        "tested_on": dataset.tested_on,
        "rel_l2_before": result.rel_l2_before,
        "rel_l2": result.rel_l2,
        "updates": result.updates,
        "samples": result.samples,
        "seconds": result.seconds,
    }


def npz(weights: Parameters, result: TrainResult) -> bytes:
    """Weights, biases, losses and the test set's prediction as one .npz."""
    arrays: dict[str, Any] = {"losses": result.losses, "prediction": result.prediction}
    return npz_bytes(arrays | weight_arrays(weights))
