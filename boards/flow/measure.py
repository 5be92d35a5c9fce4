"""One core, synthesised: what it takes next to what was estimated, and the clock it reaches."""

import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dualspike.boards.flow.gates import gate_equivalents
from dualspike.boards.flow.place import DEVICES as PLACED
from dualspike.boards.flow.place import place
from dualspike.boards.flow.synthesis import area_of, synthesise
from dualspike.boards.flow.tools import NEXTPNR, YOSYS, release
from dualspike.hw.emit.files import core_verilog
from dualspike.model.cost.devices import DEVICES, Device
from dualspike.model.cost.estimate import chip_area, memory_bits
from dualspike.model.description.description import Description
from dualspike.model.interface.identity import config_hash

DEFAULT_DEVICES = {"ecp5": "ecp5-85f", "ice40": "ice40-hx8k", "gates": "ecp5-85f"}


AIM = 100.0
"""MHz for place and route where no clock is asked for."""


@dataclass(frozen=True)
class Route:
    """Place and route as well: nextpnr's seed, and the clock in MHz that it aims at."""

    seed: int = 1
    clock: float = AIM


def device_of(target: str, name: str | None) -> Device:
    """The device of this name if it is the target's, or the target's usual one."""
    known = name in PLACED.get(target, [])
    return DEVICES[name if name and known else DEFAULT_DEVICES[target]]


def measure(
    d: Description, target: str, device: Device, route: Route | None = None
) -> dict[str, Any]:
    """The content of ``report/synth-<target>.json`` as plain data.

    BadInput if a tool is not installed or the device too small, RuntimeError if a tool fails.
    """
    tools = [release(YOSYS)]
    if route:
        tools.append(release(NEXTPNR[target]))
    placed = None
    with tempfile.TemporaryDirectory(prefix="dualspike-") as name:
        folder = Path(name)
        cells = synthesise(core_verilog(d), d.name, target, device.family, folder)
        if route:
            placed = place(device, folder, route.seed, route.clock)
    result: dict[str, Any] = {
        "name": d.name,
        "config_hash": config_hash(d),
        "target": target,
        "device": None if target == "gates" else device.name,
        "tool": ", ".join(tools),
        "depth": asdict(d.depth),
        "actual": _actual(d, target, cells),
        "estimate": None if target == "gates" else _estimate(d, device),
        "fmax_mhz": placed.fmax if placed else None,
        "seed": route.seed if route else None,
    }
    if placed and route:
        path = placed.path
        result["placed"] = {"cells": placed.cells, "ff": placed.ff, "clock_mhz": route.clock}
        result["placed"] |= {"from": path[0], "to": path[-1]} if path else {}
    return result


def _actual(d: Description, target: str, cells: dict[str, int]) -> dict[str, Any]:
    if target != "gates":
        return area_of(cells, target)
    every = memory_bits(d)
    memories = {kind: bits for kind, bits in every.items() if kind != "signs"}
    return {
        "gate_equivalents": round(gate_equivalents(cells)),
        "ff": cells.get("$_DFF_P_", 0),
        "memory_bits": sum(memories.values()),
    }


def _estimate(d: Description, device: Device) -> dict[str, int]:
    family = device.family
    area = chip_area(d, family)
    return {"lut4": round(area.lut4), "ff": round(area.ff), "bram": area.bram, "dsp": area.dsp}
