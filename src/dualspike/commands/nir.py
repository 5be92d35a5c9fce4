"""``dualspike nir``: networks from and for other spiking frameworks."""

from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from dualspike.api.data import initial
from dualspike.commands.source import (
    FolderOption,
    ForceFlag,
    NetArgument,
    PresetOption,
    SeedOption,
    WeightsOption,
    perceptron,
)
from dualspike.golden.data.warnings.vanishing import share_lost
from dualspike.golden.files.owned import check_free, owning
from dualspike.golden.files.writing import write_atomic
from dualspike.golden.float.layout import Parameters
from dualspike.golden.training.fixed_engine import first_chip, real_parameters, stored_parameters
from dualspike.golden.training.weights_file import npz_bytes, weight_arrays
from dualspike.model.description.description import Description
from dualspike.model.description.files.places import written_to
from dualspike.model.description.files.save import toml_text
from dualspike.model.errors import BadInput
from dualspike.output import JsonFlag, console, emit_json, shell

app = typer.Typer(name="nir", rich_markup_mode=None)

NET, WEIGHTS = "net.toml", "weights.npz"


@app.callback()
def nir() -> None:
    """Read and write networks in the Neuromorphic Intermediate Representation."""


@app.command("import")
def import_nir(
    file: Annotated[Path, typer.Argument(metavar="NET.nir", help="The network to read.")],
    output: FolderOption = Path("imported"),
    dt: Annotated[
        float | None, typer.Option(help="Time step, in the unit of tau; else metadata dt, or 1.")
    ] = None,
    time_steps: Annotated[
        int | None, typer.Option(help="Steps of a sample; else metadata time_steps, or 32.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="Name of the core; else the file's.")] = None,
    data: Annotated[
        str | None, typer.Option(metavar="FILE.npz", help="What it is trained and tested with.")
    ] = None,
    assume_soft_reset: Annotated[
        bool, typer.Option("--assume-soft-reset", help="Resets subtract the threshold.")
    ] = False,
    weight_format: Annotated[
        str | None, typer.Option(metavar="sI.F", help="Format of weights; else one with room.")
    ] = None,
    force: ForceFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Write the description and the weights of a NIR network."""
    from dualspike.nir.importing import Options, import_network

    options = Options(dt, time_steps, name, data, assume_soft_reset, weight_format)
    found = import_network(file, options)
    d, (moved, share) = found.description, _rounding(found.description, found.parameters)
    text = toml_text(d, output)
    with owning(output, "nir import", force=force) as folder:
        if (output / NET).exists() and not force:
            raise BadInput(f"{output} already holds a network: give another folder or --force")
        folder.write({WEIGHTS: npz_bytes(weight_arrays(found.parameters)), NET: text})
    out = console(as_json)
    for remark in found.remarks:
        out.print(remark)
    out.print(
        f"Rounding to {d.formats.weight} moves no weight by more than {moved:.2g},"
        f" no layer's weights by more than {share:.2%} of them."
    )
    out.print(f"Wrote {NET} and {WEIGHTS} in {output}. Next:")
    net, weights = output / NET, output / WEIGHTS
    out.print(f"  {shell('dualspike', 'generate', net, '--weights', weights)}")
    if as_json:
        emit_json(
            {
                "folder": str(output),
                "files": [NET, WEIGHTS],
                "layers": d.network.layers,
                "largest_rounding": moved,
                "largest_share_lost": share,
                "remarks": found.remarks,
            }
        )


@app.command("export")
def export_nir(
    net: NetArgument = None,
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="NET.nir", help="The file to write.")
    ] = Path("net.nir"),
    preset: PresetOption = None,
    weights: WeightsOption = None,
    seed: SeedOption = None,
    dt: Annotated[float, typer.Option(help="Time step in seconds.")] = 1e-4,
    force: ForceFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Write a network with its weights, as the chip stores them, as a NIR file."""
    from dualspike.nir.exporting import graph_of, nir_bytes

    if not 1e-12 <= dt <= 1e12:
        raise BadInput(f"--dt must be in [1e-12, 1e+12], not {dt:g}")
    d = perceptron(net, preset, "a NIR graph", seed=seed)
    chip = first_chip(d, initial(weights, d))
    stored = real_parameters(chip.weights, chip.biases, d.formats.weight)
    check_free(output, force)
    write_atomic(output, nir_bytes(graph_of(written_to(d, output.parent), stored, dt)))
    console(as_json).print(f"Wrote {output}")
    if as_json:
        emit_json({"file": str(output), "layers": d.network.layers, "dt": dt})


def _rounding(d: Description, parameters: Parameters) -> tuple[float, float]:
    """The largest change of a weight or bias by storing, and the largest share a layer loses."""
    form = d.formats.weight
    stored = real_parameters(*stored_parameters(parameters, form), form)
    pairs = zip(
        (*parameters.weights, *parameters.biases), (*stored.weights, *stored.biases), strict=True
    )
    moved = max(float(np.abs(a - b).max()) for a, b in pairs)
    return moved, max(share_lost(w, form) for w in parameters.weights)
