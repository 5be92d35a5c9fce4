"""``dualspike generate``."""

import json
import shlex
from pathlib import Path
from typing import Annotated

import typer

from dualspike.commands.estimates import device_table, layer_table, summary
from dualspike.commands.fitting import (
    BudgetOption,
    ClockOption,
    DeviceOption,
    FitFlag,
    RateOption,
    Wanted,
)
from dualspike.commands.operators import generate_operator
from dualspike.commands.source import (
    FolderOption,
    NetArgument,
    PresetOption,
    WeightsOption,
    any_description,
    initial,
)
from dualspike.golden.files import output_folder, write_atomic
from dualspike.golden.fixed import first_chip
from dualspike.golden.network import Parameters
from dualspike.hw.product import companions, core_verilog, hex_words, manifest, top_name, waivers
from dualspike.hw.soc import WRAPS
from dualspike.model.cache import check_cache
from dualspike.model.description import Description
from dualspike.model.devices import Device
from dualspike.model.errors import BadInput
from dualspike.model.estimate import core_area, estimate
from dualspike.model.geometry import geometry
from dualspike.model.identity import config_hash
from dualspike.model.operator_chip import OperatorDescription
from dualspike.model.save import toml_text
from dualspike.output import JsonFlag, console, emit_json


def generate(
    net: NetArgument = None,
    output: FolderOption = Path("generated"),
    preset: PresetOption = None,
    weights: WeightsOption = None,
    wrap: Annotated[
        str | None, typer.Option(metavar="BUS", help="Wrap the core for a SoC: axi or wishbone.")
    ] = None,
    fit: FitFlag = False,
    rate: RateOption = None,
    clock: ClockOption = None,
    device: DeviceOption = None,
    budget: BudgetOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Write Verilog, lint waivers, manifest, register map, start weights and an estimate."""
    wanted = Wanted(fit, rate, clock, device, budget)
    described = any_description(net, preset)
    if wrap is not None and wrap not in WRAPS:
        raise BadInput(f"--wrap must be one of {', '.join(WRAPS)}, not {wrap!r}")
    source = shlex.quote(str(net)) if net else f"--preset {preset}"
    if isinstance(described, OperatorDescription):
        d = wanted.folded_operator(described)
        first, on = initial(weights, d), wanted.on
        generate_operator(d, output, source, first, wrap, on, fitted=fit, as_json=as_json)
        return
    d = wanted.folded(described)
    files = write_core(d, output, initial(weights, d), wrap, wanted.on)
    if fit:
        net = output / f"{d.name}.toml"
        write_atomic(net, toml_text(d))
        files.append(net.name)
    g, found = geometry(d), estimate(d, wanted.on)
    out = console(as_json)
    for name in files:
        out.print(f"wrote {output / name}")
    out.print(layer_table(found["layers"]))
    for line in summary(found):
        out.print(line)
    if wanted.on:
        out.print(device_table(core_area(d, wanted.on.family), wanted.on))
    lanes = f"{g.lanes} tangent lanes" if d.learns else "inference only"
    out.print(f"A sample every {g.interval} clocks, {lanes}. Next:")
    out.print(f"  dualspike verify {source}")
    if as_json:
        emit_json(
            {
                "folder": str(output),
                "files": files,
                "config_hash": config_hash(d),
                "sample_interval": g.interval,
                "estimate": found,
            }
        )


def write_core(
    d: Description,
    folder: Path,
    first: Parameters | None = None,
    wrap: str | None = None,
    device: Device | None = None,
) -> list[str]:
    """Write everything that belongs to a core; returns the file names.

    The weights are ``first``, or those of the seed. ``wrap`` is one of `hw.soc.WRAPS`, or None.
    The estimate names ``device``.
    """
    check_cache()
    output_folder(folder)
    top = top_name(d, wrap)
    contents = {
        f"{top}.v": core_verilog(d, wrap=wrap),
        f"{top}.vlt": waivers(d, wrap),
        "manifest.json": manifest(d, wrap),
        **companions(d, wrap),
    }
    bits = d.formats.weight.bits
    chip = first_chip(d, first)
    for kind, arrays in (("weights", chip.weights), ("biases", chip.biases)):
        for layer, values in enumerate(arrays):
            contents[f"{kind}_{layer}.hex"] = hex_words([int(v) for v in values.flat], bits)
    contents["report/estimate.json"] = json.dumps(estimate(d, device), indent=2) + "\n"
    output_folder(folder / "report")
    for name, text in contents.items():
        write_atomic(folder / name, text)
    return list(contents)
