"""``dualspike demo``: hardware that learns, while a model agrees with every bit."""

from pathlib import Path
from typing import Any

import typer
from rich.table import Table

from dualspike.commands.generate import write_core
from dualspike.commands.source import FolderOption, SeedOption, UpdatesOption, override
from dualspike.golden.data.load import load_problem
from dualspike.golden.files.alone import writing
from dualspike.golden.files.writing import write_atomic
from dualspike.golden.training.figure import run_figure
from dualspike.golden.training.train import train
from dualspike.model.description.load import load_preset
from dualspike.model.system.seal import sealed
from dualspike.output import JsonFlag, console, emit_json
from dualspike.progress import progress_bar
from dualspike.testbench.cosim.engine import RtlEngine
from dualspike.testbench.cosim.simulation import Simulation

UPDATES = 1200
RATE, STAGES = 5, 4


def demo(
    output: FolderOption = Path("demo"),
    updates: UpdatesOption = UPDATES,
    seed: SeedOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Generate the paper's network, build it, and train it on the simulated hardware.

    The integer model trains next to it; weights, losses, jvp accumulators and the state of the
    random source are compared after every update. The exit status is 1 if a bit differs.
    """
    d = override(load_preset("hat"), updates=updates, seed=seed, rate=RATE, stages=STAGES)
    problem = load_problem(d)
    out = console(as_json)
    out.print("1 of 3  Generating Verilog for a 2-16-16-1 spiking network that trains itself")
    with writing(output, "report"):
        files = write_core(d, output)
        out.print("2 of 3  Building it with Verilator (kept for the next time)")
        with RtlEngine(d, Simulation.of(d), check=True) as engine:
            out.print(
                "3 of 3  Learning the Mexican hat on the hardware, the integer model beside it"
            )
            with progress_bar("learning", d.learning.updates) as show:
                result = train(engine, d, problem, show)
            difference, cycles = engine.difference, engine.learning_cycles
        title = f"2-16-16-1 trained on simulated hardware, {result.updates} updates of 64 samples"
        run_figure(problem, result.prediction, result.losses, output / "learned.png", title)
        summary: dict[str, Any] = {
            "equal": difference is None,
            "rel_l2_before": result.rel_l2_before,
            "rel_l2": result.rel_l2,
            "updates": result.updates,
            "samples": result.samples,
            "cycles": cycles,
            "cycles_per_sample": cycles / result.samples,
            "cycles_per_second": cycles / result.seconds,
            "seconds": result.seconds,
            "seed": d.learning.seed,
        }
        write_atomic(output / "result.json", sealed(summary))
    table = Table("", "hat on RTL", box=None, pad_edge=False)
    rows = [
        ("relative l2 before", f"{result.rel_l2_before:.4f}"),
        ("relative l2 after", f"{result.rel_l2:.4f}"),
        ("updates, samples", f"{result.updates}, {result.samples}"),
        ("clocks a sample", f"{summary['cycles_per_sample']:.2f}"),
        ("clocks a second, simulated", f"{summary['cycles_per_second']:,.0f}"),
        ("the same on a 100 MHz FPGA", f"{cycles / 100e6:.2f} s"),
        ("hardware equals model, every bit", "yes" if difference is None else "NO"),
    ]
    for row in rows:
        table.add_row(*row)
    out.print(table)
    if difference:
        out.print(f"FIRST DIFFERENCE: {difference}")
    out.print(f"In {output}: {', '.join([*files, 'learned.png', 'result.json'])}")
    if as_json:
        emit_json(summary | {"folder": str(output)})
    if difference:
        raise typer.Exit(1)
