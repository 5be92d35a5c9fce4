"""``dualspike verify``."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from dualspike.api.data import initial, problem_of
from dualspike.commands.source import (
    ClockOption,
    DataOption,
    DeviceOption,
    NetArgument,
    PresetOption,
    SeedOption,
    UpdatesOption,
    WeightsOption,
    description,
)
from dualspike.model.description.description import Description
from dualspike.model.system.cache import check_cache
from dualspike.output import JsonFlag, console, emit_json
from dualspike.progress import progress_bar
from dualspike.testbench.cosim.verify import Verdict
from dualspike.testbench.cosim.verify import verify as co_simulate


def verify(
    net: NetArgument = None,
    preset: PresetOption = None,
    updates: UpdatesOption = 10,
    seed: SeedOption = None,
    weights: WeightsOption = None,
    clock: ClockOption = None,
    device: DeviceOption = None,
    data: DataOption = None,
    waveform: Annotated[
        Path, typer.Option(metavar="FILE.vcd", help="Where a mismatch's waveform goes.")
    ] = Path("mismatch.vcd"),
    as_json: JsonFlag = False,
) -> None:
    """Train the hardware in Verilator with the integer model next to it and compare every bit.

    A core that only infers runs test samples instead. Then come batches at the limits, several
    with one command. The exit status is 1 if they differ.
    """
    d = description(net, preset, data, clock=clock, device=device, updates=updates, seed=seed)
    problem = problem_of(d)
    parameters = initial(weights, d)
    out = console(as_json)
    check_cache()
    out.print(f"Building {d.name} with Verilator (kept for the next time) ...")
    with progress_bar("verify", d.learning.updates) as show:
        verdict = co_simulate(d, problem, d.learning.updates, waveform, show, parameters)
    out.print(_table(d, verdict))
    if verdict.difference:
        out.print(f"FIRST DIFFERENCE: {verdict.difference}")
        if verdict.waveform:
            out.print(f"The clocks around it are in {verdict.waveform}")
    if as_json:
        difference = asdict(verdict.difference) if verdict.difference else None
        emit_json(
            {
                "equal": verdict.equal,
                "updates": verdict.updates,
                "samples": verdict.samples,
                "cycles": verdict.cycles,
                "cycles_per_sample": verdict.cycles_per_sample,
                "inferences": verdict.inferences,
                "inference_cycles_per_sample": verdict.inference_cycles_per_sample,
                "cycles_per_second": verdict.cycles_per_second,
                "skips": [asdict(skips) for skips in verdict.skips],
                "first_difference": difference,
            }
        )
    if not verdict.equal:
        raise typer.Exit(1)


def _table(d: Description, verdict: Verdict) -> Table:
    table = Table("", d.name, box=None, pad_edge=False)
    unit = "sample" if d.kind == "mlp" else "function"
    inference = (f"clocks a {unit}, inference", f"{verdict.inference_cycles_per_sample:.2f}")
    rows = [
        (f"updates, {unit}s", f"{verdict.updates}, {verdict.samples}"),
        (f"clocks a {unit}, learning", f"{verdict.cycles_per_sample:.2f}"),
        inference,
        ("clocks a second, simulated", f"{verdict.cycles_per_second:,.0f}"),
    ]
    if not d.learns:
        rows = [("inferences", f"{verdict.inferences}"), inference]
    for skips in verdict.skips:
        learning = f"{skips.learning:.1%} learning, " if d.learns else ""
        shares = f"{learning}{skips.inference:.1%} inference"
        rows.append((f"clocks skipped, layer {skips.layer}", shares))
    for row in [("equal, every bit", "yes" if verdict.equal else "NO"), *rows]:
        table.add_row(*row)
    return table
