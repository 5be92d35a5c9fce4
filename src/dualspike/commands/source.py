"""What a command works on: a TOML file or a preset, with the options that override it."""

from pathlib import Path
from typing import Annotated, Any

import typer

from dualspike.api.data import with_data
from dualspike.boards.catalog import BOARDS
from dualspike.model.cost.devices import DEVICES, device_named
from dualspike.model.description.description import Description
from dualspike.model.description.hardware import CLOCKS
from dualspike.model.description.load import load, load_preset, presets, revised
from dualspike.model.errors import BadInput

NetArgument = Annotated[
    Path | None, typer.Argument(metavar="[NET.toml]", help="The description; or give --preset.")
]
PresetOption = Annotated[
    str | None,
    typer.Option(metavar="NAME", help=f"A built-in description instead: {', '.join(presets())}."),
]
UpdatesOption = Annotated[
    int | None, typer.Option(metavar="N", help="Updates to run; the rate schedule spans them.")
]
ValidationOption = Annotated[
    float | None,
    typer.Option(
        "--validation-split",
        metavar="SHARE",
        help="Hold out so much of the training samples, 0.1 for a tenth, and follow them.",
    ),
]
PatienceOption = Annotated[
    int | None,
    typer.Option(
        metavar="N", help="Stop after N looks at them, of 50 in a run, without a better one."
    ),
]
RestoreFlag = Annotated[
    bool, typer.Option("--restore-best", help="End with the weights that were best on them.")
]
SeedOption = Annotated[
    int | None, typer.Option(metavar="S", help="Seed of weights, samples and signs.")
]
WeightsOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE.npz", help="Weights to start from, as train writes them; else the seed's."
    ),
]
BakedFlag = Annotated[
    bool,
    typer.Option(
        "--baked", help="Have the weights in the chip's memories at power-up: nobody loads them."
    ),
]
ClockOption = Annotated[
    float | None,
    typer.Option(
        metavar="MHZ",
        help="The clock to ask for, which decides how deep pipelines are; else the description's.",
    ),
]
DeviceOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="The FPGA it is for, whose delays count; else the description's:"
        f" {', '.join(DEVICES)}.",
    ),
]
ForceFlag = Annotated[
    bool, typer.Option("--force", help="Write over what dualspike did not leave there.")
]
PortOption = Annotated[
    str | None,
    typer.Option(metavar="PORT", help="The board's serial port; left out, a simulated board."),
]
BaudOption = Annotated[
    int, typer.Option(metavar="N", min=1, max=100_000_000, help="The baud rate of the board.")
]
FolderOption = Annotated[
    Path, typer.Option("-o", "--output", metavar="DIR", help="The folder to write.")
]


BOARD_NAMES = ", ".join(BOARDS)


DataOption = Annotated[
    str | None,
    typer.Option(
        "--data",
        metavar="FILE|NAME[=FOLDER]|FOLDER",
        help="An .npz or .csv, a data set, or where the files of the description's data set are.",
    ),
]


def description(
    net: Path | None,
    preset: str | None,
    data: str | None = None,
    *,
    clock: float | None = None,
    device: str | None = None,
    **learning: int | None,
) -> Description:
    """The description that was asked for, for another clock and device if they are given.

    Checked again with the ``learning`` keys replaced, and with other ``data``: an ``.npz``, the
    name of a data set, with a folder or without, or the folder of the data set that the
    description names.
    """
    if (net is None) == (preset is None):
        raise BadInput("give either NET.toml or --preset NAME, one of the two")
    least, most = CLOCKS
    if clock is not None and not least <= clock <= most:
        raise BadInput(f"--clock must be in [{least}, {most}], not {clock:g}")
    if device is not None:
        device_named(device)
    d = load(net) if net else load_preset(preset or "")
    d = revised(d, "learning", **learning)
    return with_data(revised(d, "hardware", clock=clock, device=device), data)


def perceptron(net: Path | None, preset: str | None, what: str, **keys: Any) -> Description:
    """As `description`, for ``what`` only perceptrons can have."""
    d = description(net, preset, **keys)
    if d.kind != "mlp":
        raise BadInput(f"{what} must be that of a perceptron, [network], not of a {d.kind}")
    return d
