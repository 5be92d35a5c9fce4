"""``dualspike synth``."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from dualspike.boards.flow.measure import AIM, Route, device_of, measure
from dualspike.boards.flow.place import DEVICES
from dualspike.boards.flow.synthesis import TARGETS
from dualspike.commands.source import (
    ClockOption,
    FolderOption,
    ForceFlag,
    NetArgument,
    PresetOption,
    description,
)
from dualspike.golden.files.owned import owning
from dualspike.model.description.load import revised
from dualspike.model.errors import BadInput, not_one_of
from dualspike.model.system.cache import check_cache
from dualspike.model.system.seal import sealed
from dualspike.output import JsonFlag, console, emit_json

_NAMES = {
    "lut4": "LUT4, carry and LUT memory",
    "ff": "flip-flops",
    "bram": "block RAMs",
    "dsp": "multipliers",
    "lutram": "memories in LUTs, 16 x 4",
    "carry": "carry cells",
    "gate_equivalents": "gate equivalents (NAND2)",
    "memory_bits": "bits of memory beside them",
}

ROUTED = [name for names in DEVICES.values() for name in names]


def synth(
    net: NetArgument = None,
    output: FolderOption = Path("generated"),
    preset: PresetOption = None,
    target: Annotated[str, typer.Option(help="ecp5, ice40, or gates of no technology.")] = "ecp5",
    device: Annotated[
        str | None,
        typer.Option(metavar="NAME", help=f"The largest if left out: {', '.join(ROUTED)}."),
    ] = None,
    route: Annotated[
        bool, typer.Option("--place-and-route", help="Run nextpnr as well and report the clock.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Seed of nextpnr.")] = 1,
    clock: ClockOption = None,
    force: ForceFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Synthesise with Yosys and write report/synth-TARGET.json: what the core really takes.

    Where no clock is asked for, nextpnr aims at 100 MHz.
    """
    _check(target, device, route, seed)
    d = description(net, preset, clock=clock, device=device)
    chip = device_of(target, d.hardware.device)
    d = revised(d, "hardware", device=chip.name) if target in DEVICES else d
    check_cache()
    out = console(as_json)
    steps = "Synthesising, placing and routing" if route else "Synthesising"
    name = f"report/synth-{target}.json"
    with owning(output, f"synth --target {target}", "report", force=force) as folder:
        folder.check(name)
        out.print(f"{steps} {d.name} for {target} ...")
        found = measure(d, target, chip, Route(seed, d.hardware.clock or AIM) if route else None)
        folder.write({name: sealed(found)})
    out.print(_table(found))
    if found["fmax_mhz"]:
        out.print(f"nextpnr: {found['placed']['cells']} cells, {found['fmax_mhz']:.1f} MHz")
    out.print(f"wrote {output / name}")
    if as_json:
        emit_json(found)


def _check(target: str, device: str | None, route: bool, seed: int) -> None:
    if target not in TARGETS:
        raise BadInput(not_one_of("--target", TARGETS, target))
    devices = DEVICES.get(target, [])
    if device is not None and device not in devices:
        allowed = f"one of {', '.join(devices)}" if devices else "left out with --target gates"
        raise BadInput(f"--device must be {allowed}, not {device!r}")
    if route and not devices:
        raise BadInput("--place-and-route must be left out with --target gates")
    if not 0 <= seed < 2**31:
        raise BadInput(f"--seed must be in [0, 2147483647], not {seed}")


def _table(found: dict[str, Any]) -> Table:
    estimate: dict[str, int] = found["estimate"] or {}
    table = Table("", found["name"], *(["estimate"] if estimate else []), box=None, pad_edge=False)
    for key, value in found["actual"].items():
        guess = [str(estimate.get(key, ""))] if estimate else []
        table.add_row(_NAMES[key], str(value), *guess)
    return table
