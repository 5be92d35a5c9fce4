"""nextpnr on a synthesised core: cells as they are placed, and the clock that they reach.

The core is placed by itself: its ports are not pins of the chip on the ECP5, and any pins on the
iCE40. Paths from and to the ports do not count for the clock.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dualspike.boards.flow.synthesis import NETLIST
from dualspike.boards.flow.tools import NEXTPNR, run
from dualspike.model.cost.devices import Device
from dualspike.model.errors import BadInput
from dualspike.model.system.children import Children

REPORT = "report.json"
_FULL = (
    "no BELs remaining",
    "Unable to find a placement location",
    "Unable to find legal placement",
)
_OPTIONS = {
    "ecp5-12f": ("--12k", "--package", "CABGA381", "--speed", "6"),
    "ecp5-25f": ("--25k", "--package", "CABGA381", "--speed", "6"),
    "ecp5-45f": ("--45k", "--package", "CABGA381", "--speed", "6"),
    "ecp5-85f": ("--85k", "--package", "CABGA381", "--speed", "6"),
    "ice40-up5k": ("--up5k", "--package", "sg48"),
    "ice40-hx8k": ("--hx8k", "--package", "ct256"),
}
_ROUTER = {"ecp5": ("--router", "router2"), "ice40": ()}
"""nextpnr's usual router hardly comes to an end on large cores, see docs/decisions.md."""
DEVICES = {
    "ecp5": [name for name in _OPTIONS if name.startswith("ecp5")],
    "ice40": [name for name in _OPTIONS if name.startswith("ice40")],
}


@dataclass(frozen=True)
class Placed:
    """Logic cells and flip-flops in use, the clock reached in MHz, and its slowest path."""

    cells: int
    ff: int
    fmax: float
    path: list[str]


def place(device: Device, folder: Path, seed: int, clock: float) -> Placed:
    """Place and route the netlist in ``folder``, aiming at ``clock`` MHz.

    BadInput if the device is too small for the core or its ports.
    """
    family = device.family.name
    arguments = [*_OPTIONS[device.name], "--json", NETLIST, "--report", REPORT]
    arguments += ["--seed", str(seed), "--freq", f"{clock:g}", "--timing-allow-fail", "-q"]
    if family == "ecp5":
        arguments += ["--out-of-context", "--lpf-allow-unconstrained"]
    else:
        arguments += ["--pcf-allow-unconstrained"]
    return placed(route(device, arguments, folder))


def route(
    device: Device,
    arguments: list[str],
    folder: Path,
    children: Children | None = None,
    heard: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Run nextpnr with ``arguments`` in ``folder``; its report, to be asked for as `REPORT`.

    It ends with ``children``, if they are given; each of its lines is ``heard``. BadInput if the
    device is too small.
    """
    family = device.family.name
    try:
        run(NEXTPNR[family], [*arguments, *_ROUTER[family]], folder, children, heard)
    except RuntimeError as error:
        if any(words in str(error) for words in _FULL):
            raise BadInput(f"{device.name} is too small for this core: {error}") from error
        raise
    return json.loads((folder / REPORT).read_text("utf-8"))


def placed(report: dict[str, Any]) -> Placed:
    """What nextpnr's report says. Its path inside the clock names the cells in order."""
    used = {name: entry["used"] for name, entry in report["utilization"].items()}
    (clock,) = report["fmax"].values()
    inside = [
        path
        for path in report["critical_paths"]
        if path["from"] == path["to"] and path["from"].startswith("posedge")
    ]
    cells = [part["to"]["cell"] for path in inside for part in path["path"]]
    return Placed(
        cells=used.get("TRELLIS_COMB", 0) + used.get("ICESTORM_LC", 0),
        ff=used.get("TRELLIS_FF", 0),
        fmax=round(clock["achieved"], 2),
        path=list(dict.fromkeys(cells)),
    )
