"""``dualspike simulate``."""

from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.table import Table

from dualspike.commands.operators import simulate_operator
from dualspike.commands.source import (
    FolderOption,
    NetArgument,
    PresetOption,
    SeedOption,
    WeightsOption,
    any_description,
    initial,
    samples_of,
)
from dualspike.golden.files import output_folder, write_atomic
from dualspike.model.cache import check_cache
from dualspike.model.description import Description
from dualspike.model.errors import BadInput
from dualspike.model.operator_chip import OperatorDescription
from dualspike.output import JsonFlag, console, emit_json, samples_csv
from dualspike.testbench.bulk import Simulation, core_source
from dualspike.testbench.rtl import RtlEngine
from dualspike.testbench.verilate import build


def simulate(
    net: NetArgument = None,
    output: FolderOption = Path("simulated"),
    preset: PresetOption = None,
    samples: Annotated[
        int, typer.Option(help="Test samples, or functions, to run through, from the first.")
    ] = 4,
    seed: SeedOption = None,
    weights: WeightsOption = None,
    waves: Annotated[bool, typer.Option("--waves", help="Write waves.vcd as well.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Run samples through the simulated hardware with its start weights; write the outputs."""
    d = any_description(net, preset, seed=seed)
    if isinstance(d, OperatorDescription):
        first = initial(weights, d)
        simulate_operator(d, output, samples, first, waves=waves, as_json=as_json)
        return
    dataset = samples_of(d)
    if not 1 <= samples <= len(dataset.test_x):
        raise BadInput(f"--samples must be in [1, {len(dataset.test_x)}], not {samples}")
    parameters = initial(weights, d)
    check_cache()
    output_folder(output)
    out = console(as_json)
    out.print(f"Building {d.name} with Verilator (kept for the next time) ...")
    x = dataset.test_x[:samples]
    with RtlEngine(d, _simulation(d, waves), check=True, initial=parameters) as engine:
        if waves:
            engine.simulation.trace(output / "waves.vcd", 0, 1 << 62)
        y = engine.predict(x)
        cycles, equal = engine.simulation.cycles, engine.difference is None
    table = Table("sample", "inputs", "outputs", box=None, pad_edge=False)
    for n in range(min(samples, 16)):
        table.add_row(str(n), _numbers(x[n]), _numbers(y[n]))
    out.print(table)
    out.print(f"{cycles} clocks, {cycles / samples:.1f} a sample; as the integer model: {equal}")
    write_atomic(output / "outputs.csv", samples_csv(x, y))
    files = ["outputs.csv", "waves.vcd"] if waves else ["outputs.csv"]
    out.print(f"Wrote {' and '.join(files)} in {output}")
    if as_json:
        emit_json({"equal": equal, "samples": samples, "cycles": cycles, "files": files})
    if not equal:
        raise typer.Exit(1)


def _simulation(d: Description, waves: bool) -> Simulation:
    return Simulation(d, build(core_source(d, debug=True)[0])) if waves else Simulation.of(d)


def _numbers(values: np.ndarray) -> str:
    shown = " ".join(f"{value:.4f}" for value in values[:6])
    return shown + (" ..." if len(values) > 6 else "")
