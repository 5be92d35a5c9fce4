"""``dualspike demo``: hardware that learns, while a model agrees with every bit."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from dualspike.api.core_files import write_core
from dualspike.commands.accuracy import confusion_table
from dualspike.commands.source import FolderOption, ForceFlag, SeedOption, UpdatesOption
from dualspike.golden.data.load import load_problem
from dualspike.golden.data.problem import Problem
from dualspike.golden.files.owned import owning
from dualspike.golden.training.figure import run_figure
from dualspike.golden.training.train import TrainResult, train
from dualspike.model.description.load import load_preset, revised
from dualspike.model.system.seal import sealed
from dualspike.output import JsonFlag, console, emit_json, tell_building
from dualspike.progress import progress_bar
from dualspike.testbench.cosim.engine import RtlEngine
from dualspike.testbench.cosim.simulation import Simulation


class Subject(StrEnum):
    """What is learned: the preset of that name."""

    hat = "hat"
    digits = "digits"


@dataclass(frozen=True)
class _Show:
    """How a subject is shown: a shorter run than the preset's where that would take too long."""

    what: str
    how: str
    shorter: dict[str, int | list[int]] = field(default_factory=dict[str, int | list[int]])


_SHOWS = {
    Subject.hat: _Show(
        "a 2-16-16-1 spiking network that trains itself",
        "the Mexican hat",
        {"updates": 1200, "rate": 5, "stages": 4, "layer_shift": [0, 0, 0]},
    ),
    Subject.digits: _Show(
        "a 64-64-10 spiking network that learns from labels",
        "handwritten digits",
        {"updates": 300, "rate": 9},
    ),
}


def demo(
    subject: Annotated[
        Subject, typer.Argument(help="The paper's Mexican hat, or handwritten digits with labels.")
    ] = Subject.hat,
    output: FolderOption = Path("demo"),
    updates: UpdatesOption = None,
    seed: SeedOption = None,
    force: ForceFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Generate a network, build it, and train it on the simulated hardware.

    The integer model trains next to it; weights, losses, jvp accumulators and the state of the
    random source are compared after every update. The exit status is 1 if a bit differs.
    """
    show = _SHOWS[subject]
    d = revised(load_preset(subject), "learning", **show.shorter)
    d = revised(d, "learning", updates=updates, seed=seed)
    problem = load_problem(d)
    out = console(as_json)
    with owning(output, "demo", "report", force=force) as folder:
        folder.check("learned.png", "result.json")
        out.print(f"1 of 3  Generating Verilog for {show.what}")
        files = write_core(d, folder)
        out.print("2 of 3  Opening it in Verilator")
        tell = tell_building(out, d.name)
        with RtlEngine(d, Simulation.of(d, building=tell), check=True) as engine:
            out.print(f"3 of 3  Learning {show.how} on the hardware, the integer model beside it")
            with progress_bar("learning", d.learning.updates) as bar:
                result = train(engine, d, problem, bar)
            difference, cycles = engine.difference, engine.learning_cycles
        widths = "-".join(map(str, d.network.layers))
        rows = f"{result.updates} updates of {d.batch[0]} samples"
        title = f"{widths} trained on simulated hardware, {rows}"
        run_figure(problem, result.prediction, result.losses, folder.file("learned.png"), title)
        summary = _summary(problem, result, cycles, d.learning.seed, equal=difference is None)
        folder.write({"result.json": sealed(summary)})
    out.print(_table(f"{subject} on RTL", summary))
    if problem.classes is not None:
        out.print(confusion_table(summary["confusion"]))
    if difference:
        out.print(f"FIRST DIFFERENCE: {difference}")
    out.print(f"In {output}: {', '.join([*files, 'learned.png', 'result.json'])}")
    if as_json:
        emit_json(summary | {"folder": str(output)})
    if difference:
        raise typer.Exit(1)


def _summary(
    problem: Problem, result: TrainResult, cycles: int, seed: int, *, equal: bool
) -> dict[str, Any]:
    """What result.json says."""
    name = "accuracy" if problem.classes is not None else "rel_l2"
    summary: dict[str, Any] = {
        "equal": equal,
        f"{name}_before": result.before,
        name: result.after,
        "updates": result.updates,
        "samples": result.samples,
        "cycles": cycles,
        "cycles_per_sample": cycles / result.samples,
        "cycles_per_second": cycles / result.seconds,
        "seconds": result.seconds,
        "seed": seed,
    }
    if problem.classes is not None:
        summary["confusion"] = result.measures.confusion
    return summary


def _table(title: str, summary: dict[str, Any]) -> Table:
    """What the run came to."""
    table = Table("", title, box=None, pad_edge=False)
    if "accuracy" in summary:
        errors = [
            ("accuracy before", f"{summary['accuracy_before']:.2%}"),
            ("accuracy after", f"{summary['accuracy']:.2%}"),
        ]
    else:
        errors = [
            ("relative l2 before", f"{summary['rel_l2_before']:.4f}"),
            ("relative l2 after", f"{summary['rel_l2']:.4f}"),
        ]
    rows = [
        *errors,
        ("updates, samples", f"{summary['updates']}, {summary['samples']}"),
        ("clocks a sample", f"{summary['cycles_per_sample']:.2f}"),
        ("clocks a second, simulated", f"{summary['cycles_per_second']:,.0f}"),
        ("the same on a 100 MHz FPGA", f"{summary['cycles'] / 100e6:.2f} s"),
        ("hardware equals model, every bit", "yes" if summary["equal"] else "NO"),
    ]
    for row in rows:
        table.add_row(*row)
    return table
