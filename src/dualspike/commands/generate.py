"""``dualspike generate``."""

import json
import shlex
from pathlib import Path

from dualspike.commands.estimates import layer_table, summary
from dualspike.commands.source import (
    FolderOption,
    NetArgument,
    PresetOption,
    WeightsOption,
    description,
    initial,
)
from dualspike.files import output_folder, write_atomic
from dualspike.golden.fixed import first_chip
from dualspike.golden.network import Parameters
from dualspike.hw.product import companions, core_verilog, hex_words, manifest, waivers
from dualspike.model.description import Description
from dualspike.model.estimate import estimate
from dualspike.model.geometry import geometry
from dualspike.model.identity import config_hash
from dualspike.output import JsonFlag, console, emit_json


def generate(
    net: NetArgument = None,
    output: FolderOption = Path("generated"),
    preset: PresetOption = None,
    weights: WeightsOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Write Verilog, lint waivers, manifest, register map, start weights and an estimate."""
    d = description(net, preset)
    files = write_core(d, output, initial(weights, d))
    g, found = geometry(d), estimate(d)
    out = console(as_json)
    for name in files:
        out.print(f"wrote {output / name}")
    out.print(layer_table(found))
    for line in summary(found):
        out.print(line)
    out.print(f"A sample every {g.interval} clocks, {g.lanes} tangent lanes. Next:")
    out.print(f"  dualspike verify {shlex.quote(str(net)) if net else f'--preset {preset}'}")
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


def write_core(d: Description, folder: Path, first: Parameters | None = None) -> list[str]:
    """Write everything that belongs to a core; returns the file names.

    The weights are ``first``, or those of the seed.
    """
    output_folder(folder)
    contents = {
        f"{d.name}.v": core_verilog(d),
        f"{d.name}.vlt": waivers(d),
        "manifest.json": manifest(d),
        **companions(d),
    }
    bits = d.formats.weight.bits
    chip = first_chip(d, first)
    for kind, arrays in (("weights", chip.weights), ("biases", chip.biases)):
        for layer, values in enumerate(arrays):
            contents[f"{kind}_{layer}.hex"] = hex_words([int(v) for v in values.flat], bits)
    contents["report/estimate.json"] = json.dumps(estimate(d), indent=2) + "\n"
    output_folder(folder / "report")
    for name, text in contents.items():
        write_atomic(folder / name, text)
    return list(contents)
