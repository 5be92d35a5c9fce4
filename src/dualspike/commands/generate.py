"""``dualspike generate``."""

from pathlib import Path
from typing import Annotated

import typer

from dualspike.api.core_files import write_core
from dualspike.api.data import initial
from dualspike.commands.estimates import device_table, layer_table, pace, summary
from dualspike.commands.fitting import (
    BudgetOption,
    FitFlag,
    FoldingRequest,
    RateOption,
)
from dualspike.commands.source import (
    BakedFlag,
    ClockOption,
    DeviceOption,
    FolderOption,
    ForceFlag,
    NetArgument,
    PresetOption,
    WeightsOption,
    description,
)
from dualspike.golden.files.owned import owning
from dualspike.hw.soc.soc import check_wrap
from dualspike.model.cost.estimate import chip_area, estimate
from dualspike.model.description.files.save import toml_text
from dualspike.model.interface.identity import config_hash
from dualspike.output import JsonFlag, console, emit_json, shell, tell_removed


def generate(
    net: NetArgument = None,
    output: FolderOption = Path("generated"),
    preset: PresetOption = None,
    weights: WeightsOption = None,
    wrap: Annotated[
        str | None,
        typer.Option(
            metavar="BUS",
            help="Wrap the core for a SoC: axi or wishbone; axi_events or wishbone_events, with"
            " events in place of frames.",
        ),
    ] = None,
    baked: BakedFlag = False,
    fit: FitFlag = False,
    rate: RateOption = None,
    clock: ClockOption = None,
    device: DeviceOption = None,
    budget: BudgetOption = None,
    force: ForceFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Write Verilog, lint waivers, testbench, manifest, register map, weights and an estimate."""
    described = description(net, preset, clock=clock, device=device)
    wanted = FoldingRequest(fit, rate, described.hardware.clock, described.hardware.device, budget)
    if wrap is not None:
        check_wrap(described, wrap)
    d = wanted.folded(described)
    first = initial(weights, d)
    with owning(output, "generate", "report", force=force) as folder:
        files = write_core(d, folder, first, wrap, wanted.on, baked=baked)
        if fit:
            folder.write({f"{d.name}.toml": toml_text(d, output)})
            files.append(f"{d.name}.toml")
    found, out = estimate(d, wanted.on), console(as_json)
    for name in files:
        out.print(f"wrote {output / name}")
    tell_removed(out, folder.removed)
    for n, part in enumerate(found["parts"]):
        if d.kind != "mlp":
            name, lanes = d.operator.part_name(n), part["lanes"]
            out.print(f"Part {n}, {name}: {part['interval']:,} clocks a row, {lanes} lanes.")
        out.print(layer_table(part["layers"]))
    for line in summary(found):
        out.print(line)
    if wanted.on:
        out.print(device_table(chip_area(d, wanted.on.family), wanted.on))
    out.print(f"{pace(d, found)} Next:")
    out.print(f"  {shell('dualspike', 'verify', output)}")
    if as_json:
        result = {"folder": str(output), "files": files, "config_hash": config_hash(d)}
        emit_json(result | {"estimate": found})
