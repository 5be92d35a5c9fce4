"""``dualspike train``: the same run on any engine."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from dualspike.api.board_engine import BAUD
from dualspike.api.data import initial, problem_of, rescaled
from dualspike.api.engines import EngineName, check_port
from dualspike.api.outcome import npz
from dualspike.api.predicting import DESCRIPTION, WEIGHTS
from dualspike.api.training import check_trains
from dualspike.api.training import train as run
from dualspike.commands.accuracy import confusion_table
from dualspike.commands.again import again
from dualspike.commands.source import (
    BaudOption,
    DataOption,
    FolderOption,
    ForceFlag,
    NetArgument,
    PatienceOption,
    PortOption,
    PresetOption,
    RestoreFlag,
    SeedOption,
    UpdatesOption,
    ValidationOption,
    WeightsOption,
    description,
)
from dualspike.golden.data.problem import Problem
from dualspike.golden.files.alone import keeping
from dualspike.golden.files.owned import OwnedFolder, owning
from dualspike.golden.training.checkpoint import EVERY
from dualspike.golden.training.figure import run_figure
from dualspike.golden.training.validation import validating
from dualspike.interrupts import interrupts
from dualspike.model.description.files.save import toml_text
from dualspike.model.errors import BadInput, Interrupted
from dualspike.model.system.seal import sealed
from dualspike.output import JsonFlag, console, emit_json, shell, tell_removed, warn
from dualspike.progress import progress_bar

FILES = (DESCRIPTION, WEIGHTS, "result.json", "result.png")
KEPT = "checkpoint.npz"


def train(
    context: typer.Context,
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
    scale: Annotated[
        bool,
        typer.Option("--scale", help="Bring inputs of a file to [-1, 1]; kept with the run."),
    ] = False,
    validation_split: ValidationOption = None,
    patience: PatienceOption = None,
    restore_best: RestoreFlag = False,
    resume: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help=f"Keep the run in FILE, every {EVERY} updates, and go on from there if it exists.",
        ),
    ] = None,
    port: PortOption = None,
    baud: BaudOption = BAUD,
    force: ForceFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Train and write result.json, weights.npz, the description and a picture."""
    d = description(net, preset, data, updates=updates, seed=seed)
    check_port(engine, port)
    if resume is not None and engine is EngineName.golden:
        raise BadInput("--engine must be fixed, rtl or board with --resume, not golden")
    check_trains(d, engine)
    if scale:
        d = rescaled(d)
    problem, watch = validating(
        problem_of(d), d.learning.updates, validation_split, patience, restore_best
    )
    first = initial(weights, d)
    with owning(output, "train", force=force, beside=[resume]) as folder, keeping(resume):
        if (output / "result.json").exists() and not force:
            raise BadInput(f"{output} already holds a run: give another folder or --force")
        folder.check(*FILES)
        kept = None if engine is EngineName.golden else _kept(folder, resume, force)
        with progress_bar(f"train {engine}", d.learning.updates) as show, interrupts() as came:
            stop = came if kept else lambda: False
            try:
                result, summary = run(
                    d, engine, problem, first, show, resume, port, baud, kept, stop, watch
                )
            except Interrupted as error:
                line = f"{error}, all kept; to go on: {again(context, resume=kept)}"
                raise Interrupted(line) from error
        title = f"{d.name}, engine {engine}, {result.updates} updates, seed {d.learning.seed}"
        picture, validation = folder.file("result.png"), result.validation
        run_figure(problem, result.prediction, result.losses, picture, title, validation)
        folder.write({DESCRIPTION: toml_text(d, output), WEIGHTS: npz(result)})
        folder.write({"result.json": sealed(summary)})
        if resume is not None:
            resume.unlink(missing_ok=True)
    out = console(as_json)
    if problem.parts:
        out.print(f"{problem.name}: {problem.parts}")
    out.print(_table(title, problem, summary))
    if problem.classes is not None:
        out.print(confusion_table(summary["confusion"]))
    if result.diverged:
        warn(result.diverged)
    tell_removed(out, folder.removed)
    wrote = f"Wrote result.json, weights.npz, description.toml and result.png in {output}."
    out.print(wrote if result.diverged else f"{wrote} Next:")
    for line in [] if result.diverged else _next(output):
        out.print(f"  {line}")
    if as_json:
        emit_json(summary)


def _next(run: Path) -> list[str]:
    """What to go on with: answers, and the hardware that has learned."""
    net, weights = run / DESCRIPTION, run / WEIGHTS
    return [
        shell("dualspike", "predict", run),
        shell("dualspike", "generate", net, "--weights", weights, "--baked", "-o", run / "core"),
    ]


def _kept(folder: OwnedFolder, resume: Path | None, force: bool) -> Path:
    """Where a run is kept that is broken off; BadInput where one is kept already."""
    if resume is not None:
        return resume
    if (folder.path / KEPT).exists() and not force:
        raise BadInput(
            f"{folder.path} holds a run that was broken off: go on with --resume"
            f" {folder.path / KEPT}, or give another folder or --force"
        )
    return folder.file(KEPT)


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
    if problem.validated:
        _add_validation(table, summary["validation"])
    table.add_row(f"updates, {unit}s", f"{summary['updates']}, {summary['samples']}")
    table.add_row("seconds", f"{summary['seconds']:.1f}")
    if "cycles" in summary:
        table.add_row("clocks", f"{summary['cycles']:,}")
        table.add_row(f"clocks a {unit}", f"{summary['cycles_per_sample']:.2f}")
    return table


def _add_validation(table: Table, found: dict[str, Any]) -> None:
    """The best look at the validation samples, and what was made of it."""
    best, when = found["updates"].index(found["best_update"]), f"update {found['best_update']}"
    if "accuracy" in found:
        table.add_row("accuracy, validation", f"{found['accuracy'][best]:.2%}, best at {when}")
    else:
        table.add_row("relative l2, validation", f"{found['rel_l2'][best]:.4f}, best at {when}")
    if found["restored_best"]:
        table.add_row("weights", f"those of {when}")
    if found["stopped_early"]:
        table.add_row("stopped early", f"at update {found['updates'][-1]}")
