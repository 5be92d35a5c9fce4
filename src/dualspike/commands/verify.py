"""``dualspike verify``."""

from collections.abc import Mapping
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
    PresetOption,
    SeedOption,
    UpdatesOption,
    WeightsOption,
    description,
)
from dualspike.model.description.description import Description
from dualspike.model.errors import BadInput
from dualspike.model.system.cache import check_cache
from dualspike.output import JsonFlag, console, emit_json, tell_building
from dualspike.progress import progress_bar
from dualspike.testbench.cosim.compare import Difference
from dualspike.testbench.cosim.verify import Verdict
from dualspike.testbench.cosim.verify import verify as co_simulate
from dualspike.testbench.cosim.waveforms import usual, waveform_of


def verify(
    net: Annotated[
        Path | None,
        typer.Argument(
            metavar="[NET.toml|FOLDER]",
            help="The description, or a folder that generate wrote; or give --preset.",
        ),
    ] = None,
    preset: PresetOption = None,
    updates: UpdatesOption = 10,
    seed: SeedOption = None,
    weights: WeightsOption = None,
    clock: ClockOption = None,
    device: DeviceOption = None,
    data: DataOption = None,
    waveform: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.fst|FILE.vcd",
            help="Where a mismatch's waveform goes; by default mismatch.fst, or .vcd.",
        ),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Train the hardware in Verilator with the integer model next to it and compare every bit.

    A core that only infers runs test samples instead. Then come batches at the limits, several
    with one command. The exit status is 1 if they differ. Of a folder the Verilog that is there is
    run, on random samples; what was proved goes into FOLDER/proof.json.
    """
    if net is not None and net.is_dir():
        given = {
            "--preset": preset,
            "--seed": seed,
            "--weights": weights,
            "--clock": clock,
            "--device": device,
            "--data": data,
        }
        _verify_folder(net, updates, given, as_json)
        return
    d = description(net, preset, data, clock=clock, device=device, updates=updates, seed=seed)
    problem = problem_of(d)
    parameters = initial(weights, d)
    out = console(as_json)
    check_cache()
    to = waveform or Path(f"mismatch.{usual()}")
    waveform_of(to)
    tell = tell_building(out, d.name)
    with progress_bar("verify", d.learning.updates) as show:
        verdict = co_simulate(d, problem, d.learning.updates, to, show, parameters, tell)
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


def _verify_folder(
    folder: Path, updates: int | None, given: Mapping[str, object], as_json: bool
) -> None:
    """Prove the files of a folder."""
    from dualspike.api.shipping import PROOF, prove_folder

    for option, value in given.items():
        if value is not None:
            raise BadInput(f"{option} must be left out with a folder: its files say all of that")
    out = console(as_json)
    tell = tell_building(out, folder.name)
    proof = prove_folder(folder, 10 if updates is None else updates, tell)
    inside = f" in {proof['wrap']}" if proof["wrap"] else ""
    inside += ", weights inside" if proof["baked_weights"] else ""
    out.print(
        f"{folder}: {proof['name']}{inside}, {proof['updates']} updates, {proof['inferences']}"
        f" inferences, {proof['cycles']:,} clocks, then batches at the limits"
    )
    out.print(f"equal, every bit: {'yes' if proof['equal'] else 'NO'}. wrote {folder / PROOF}")
    if proof["first_difference"]:
        out.print(f"FIRST DIFFERENCE: {Difference(**proof['first_difference'])}")
    if as_json:
        emit_json(proof)
    if not proof["equal"]:
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
