"""``dualspike train``: the same run on any engine."""

from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from dualspike.boards.host.board import BoardCore
from dualspike.boards.host.port import LinkLost
from dualspike.commands.accuracy import confusion_table, figures
from dualspike.commands.board_engine import BAUD, BaudOption, BoardEngine, PortOption, board_port
from dualspike.commands.source import (
    DataOption,
    FolderOption,
    NetArgument,
    PresetOption,
    SeedOption,
    UpdatesOption,
    WeightsOption,
    description,
    initial,
    problem_of,
)
from dualspike.golden.data.precision import check_moves
from dualspike.golden.data.problem import Problem
from dualspike.golden.data.store import checksum
from dualspike.golden.experiments.paper.methods import METHODS
from dualspike.golden.files.alone import keeping, writing
from dualspike.golden.files.writing import write_atomic
from dualspike.golden.float.layout import Parameters
from dualspike.golden.training.checkpoint import EVERY, Checkpointer, Origin
from dualspike.golden.training.figure import run_figure
from dualspike.golden.training.fixed_engine import FixedEngine, first_chip
from dualspike.golden.training.online_engine import OnlineFloatEngine, float_engine
from dualspike.golden.training.train import FloatEngine, TrainResult
from dualspike.golden.training.train import train as run
from dualspike.golden.training.weights_file import npz_bytes, weight_arrays
from dualspike.model.description.description import Description
from dualspike.model.description.save import toml_text
from dualspike.model.errors import BadInput
from dualspike.model.interface.identity import config_hash
from dualspike.model.system.seal import sealed
from dualspike.output import JsonFlag, console, emit_json, warn
from dualspike.progress import progress_bar
from dualspike.testbench.cosim.engine import RtlEngine
from dualspike.testbench.cosim.simulation import Simulation


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
    data: DataOption = None,
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
    d = description(net, preset, data, updates=updates, seed=seed)
    if port is not None and engine is not EngineName.board:
        raise BadInput(f"--port must be left out with --engine {engine}: it is that of a board")
    if not d.learns:
        raise BadInput(f"learning.rule must be 'rfg' or 'online' to train, not {d.learning.rule!r}")
    if resume is not None and engine is EngineName.golden:
        raise BadInput("--engine must be fixed, rtl or board with --resume, not golden")
    if engine is not EngineName.golden:
        check_moves(d)
    problem = problem_of(d)
    first = initial(weights, d)
    with writing(output), keeping(resume):
        if (output / "result.json").exists() and not force:
            raise BadInput(f"{output} already holds a run: give another folder or --force")
        try:
            with open_engine(d, engine, first, port, baud) as (chosen, cycles):
                with progress_bar(f"train {engine}", d.learning.updates) as show:
                    checkpointer = None
                    if resume is not None and not isinstance(
                        chosen, FloatEngine | OnlineFloatEngine
                    ):
                        checkpointer = Checkpointer(resume, chosen, _origin(d, problem, first))
                    result = run(chosen, d, problem, show, checkpointer)
                summary = summarise(d, engine, problem, result) | cycles()
        except LinkLost as lost:
            kept = f"; the run so far is in {resume}" if resume and resume.exists() else ""
            raise BadInput(f"{lost}{kept}") from lost
        title = f"{d.name}, engine {engine}, {result.updates} updates, seed {d.learning.seed}"
        run_figure(problem, result.prediction, result.losses, output / "result.png", title)
        write_atomic(output / "description.toml", toml_text(d))
        write_atomic(output / "weights.npz", npz(result))
        write_atomic(output / "result.json", sealed(summary))
        if resume is not None:
            resume.unlink(missing_ok=True)
    out = console(as_json)
    out.print(_table(title, problem, summary))
    if problem.classes is not None:
        out.print(confusion_table(summary["confusion"]))
    if result.diverged:
        warn(result.diverged)
    out.print(f"Wrote result.json, weights.npz, description.toml and result.png in {output}")
    if as_json:
        emit_json(summary)


def _table(title: str, problem: Problem, summary: dict[str, Any]) -> Table:
    """What a run came to."""
    mlp = problem.kind == "mlp"
    unit, mean = ("sample", "") if mlp else ("function", ", mean over functions")
    table = Table("", title, box=None, pad_edge=False)
    if problem.classes is not None:
        for name, when in (("accuracy_before", "before"), ("accuracy", "after")):
            table.add_row(f"accuracy {when}{problem.where}", f"{summary[name]:.2%}")
        table.add_row(f"loss after{problem.where}", f"{summary['loss']:.4f}")
    else:
        for name, when in (("rel_l2_before", "before"), ("rel_l2", "after")):
            table.add_row(f"relative l2 {when}{mean}{problem.where}", f"{summary[name]:.4f}")
    if not mlp:
        table.add_row("the same, global norm", f"{summary['global_rel_l2']:.4f}")
    if "published" in summary:
        table.add_row("published, RFG-L in floating point", f"{summary['published']:.4f}")
    table.add_row(f"updates, {unit}s", f"{summary['updates']}, {summary['samples']}")
    table.add_row("seconds", f"{summary['seconds']:.1f}")
    if "cycles" in summary:
        table.add_row("clocks", f"{summary['cycles']:,}")
        table.add_row(f"clocks a {unit}", f"{summary['cycles_per_sample']:.2f}")
    return table


@contextmanager
def open_engine(
    d: Description,
    name: EngineName,
    first: Parameters | None = None,
    port: str | None = None,
    baud: int = BAUD,
) -> Generator[
    tuple[
        FloatEngine | OnlineFloatEngine | FixedEngine | RtlEngine | BoardEngine,
        Callable[[], dict[str, Any]],
    ],
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
            closing(BoardEngine(d, lambda: BoardCore.at(path, baud, d), first)) as engine,
        ):
            yield engine, lambda: clock_counts(d, engine)
    elif name is EngineName.rtl:
        with RtlEngine(d, Simulation.of(d), check=False, initial=first) as engine:
            yield engine, lambda: clock_counts(d, engine)
    else:
        model = FixedEngine if name is EngineName.fixed else float_engine
        yield model(d, first), dict


def clock_counts(d: Description, engine: RtlEngine | BoardEngine) -> dict[str, Any]:
    """Clocks of the training alone."""
    samples = d.learning.updates * d.batch[0]
    return {
        "cycles": engine.learning_cycles,
        "cycles_per_sample": engine.learning_cycles / samples,
    }


def _origin(d: Description, problem: Problem, first: Parameters | None) -> Origin:
    """What a checkpoint must be of to go on with this run."""
    chip = first_chip(d, first)
    return Origin.of(d, checksum(problem), chip.weights, chip.biases)


def summarise(
    d: Description, engine: EngineName, problem: Problem, result: TrainResult
) -> dict[str, Any]:
    """What result.json says of a run."""
    return {
        "name": d.name,
        "engine": str(engine),
        "config_hash": config_hash(d),
        "seed": d.learning.seed,
        "scope": d.learning.scope,
        "tested_on": problem.tested_on,
        **figures(problem, result.before, result.measures),
        **_published(d),
        "updates": result.updates,
        "samples": result.samples,
        "seconds": result.seconds,
        "diverged": result.diverged,
    }


def _published(d: Description) -> dict[str, float]:
    """The paper's error of the same problem, layer-wise forward gradients in floating point."""
    rows = [row for name, some in METHODS.items() for row in some if name == d.data.known]
    layered = [row for row in rows if row.rule == "RFG-L" and d.kind != "mlp"]
    errors = [row.published for row in layered if row.published is not None]
    return {"published": errors[0]} if errors else {}


def npz(result: TrainResult) -> bytes:
    """Weights, biases, losses and the test samples' prediction as one .npz."""
    arrays: dict[str, Any] = {"losses": result.losses, "prediction": result.prediction}
    return npz_bytes(arrays | weight_arrays(result.weights))
