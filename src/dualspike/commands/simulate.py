"""``dualspike simulate``."""

from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.table import Table

from dualspike.api.asked import asked_of
from dualspike.api.data import initial
from dualspike.commands.source import (
    ClockOption,
    DataOption,
    DeviceOption,
    FolderOption,
    ForceFlag,
    NetArgument,
    PresetOption,
    SeedOption,
    WeightsOption,
    description,
)
from dualspike.golden.files.owned import owning
from dualspike.golden.numeric import Indices
from dualspike.model.system.cache import check_cache
from dualspike.output import (
    JsonFlag,
    console,
    emit_json,
    grid_csv,
    samples_csv,
    tell_building,
    tell_removed,
)
from dualspike.testbench.cosim.engine import RtlEngine
from dualspike.testbench.cosim.gtkwave import gtkwave_save
from dualspike.testbench.cosim.simulation import Simulation
from dualspike.testbench.cosim.verify import is_short
from dualspike.testbench.cosim.waveforms import PACKAGES, usual

SAMPLES = 4
"""How many samples are run through, where there are so many and no other number is given."""


def simulate(
    net: NetArgument = None,
    output: FolderOption = Path("simulated"),
    preset: PresetOption = None,
    samples: Annotated[
        int | None,
        typer.Option(help="Test samples, or functions, to run through, from the first: 4."),
    ] = None,
    seed: SeedOption = None,
    weights: WeightsOption = None,
    clock: ClockOption = None,
    device: DeviceOption = None,
    data: DataOption = None,
    waves: Annotated[
        bool, typer.Option("--waves", help="Write waves.fst, or .vcd, and waves.gtkw as well.")
    ] = False,
    force: ForceFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Run samples through the simulated hardware with its start weights; write the outputs."""
    d = description(net, preset, clock=clock, device=device, seed=seed)
    d, asked = asked_of(d, data, samples, SAMPLES)
    (x, *axes), parameters = asked.inputs, initial(weights, d)
    samples = len(x)
    check_cache()
    out = console(as_json)
    kind = usual() if waves else None
    files = ["outputs.csv", *([f"waves.{kind}", "waves.gtkw"] if waves else [])]
    with owning(output, "simulate", force=force) as folder:
        folder.check(*files)
        quick, tell = is_short(d, 0, len(x)), tell_building(out, d.name)
        simulation = Simulation.of(d, quick=quick, debug=kind, building=tell)
        with RtlEngine(d, simulation, check=True, initial=parameters) as engine:
            if waves:
                engine.simulation.trace(folder.file(f"waves.{kind}"), 0, 1 << 62)
            y = asked.problem.units.given(engine.predict([x, *axes]))
            cycles, equal = engine.simulation.cycles, engine.difference is None
        columns = asked.columns(y)
        text = grid_csv(axes, y) if axes else samples_csv(x, y, columns)
        saved = {"waves.gtkw": gtkwave_save(d, f"waves.{kind}")} if waves else {}
        folder.write({"outputs.csv": text} | saved)
    if axes:
        out.print(f"{samples} functions at {y[0].size} points each")
    else:
        out.print(_table(x, y, columns))
    unit = "function" if axes else "sample"
    out.print(f"{cycles} clocks, {cycles / samples:.1f} a {unit}; as the integer model: {equal}")
    if asked.classes:
        out.print(f"{samples} samples, {asked.line(y)}")
    tell_removed(out, folder.removed)
    out.print(f"Wrote {', '.join(files)} in {output}")
    if kind == "vcd":
        out.print(f"For waves.fst, which is far smaller: apt-get install {PACKAGES}")
    if as_json:
        classes = {name: column.tolist() for name, column in columns.items()}
        found = asked.told(y) if asked.classes and asked.answered else {}
        said = {"equal": equal, "samples": samples, "cycles": cycles, "files": files}
        emit_json(said | classes | found)
    if not equal:
        raise typer.Exit(1)


def _table(x: np.ndarray, y: np.ndarray, columns: dict[str, Indices]) -> Table:
    """The first samples with their outputs and classes."""
    table = Table("sample", "inputs", "outputs", *columns, box=None, pad_edge=False)
    for n in range(min(len(x), 16)):
        classes = [str(column[n]) for column in columns.values()]
        table.add_row(str(n), _numbers(x[n].ravel()), _numbers(y[n]), *classes)
    return table


def _numbers(values: np.ndarray) -> str:
    shown = " ".join(f"{value:.4f}" for value in values[:6])
    return shown + (" ..." if len(values) > 6 else "")
