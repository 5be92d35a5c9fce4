"""What fits on each board and how fast it learns there: real bitstreams, one for every row.

For each board there are rows of networks from large to small; the first that has room and meets
the clock after place and route is the row's result. ``python benchmarks/boards.py -o DIR`` writes
the manifest of every bitstream, a note for every network that failed, and ``boards.md``; what is
there already is not made again, so a run that was broken off goes on. ``--only BOARD`` takes the
rows of one board.
"""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dualspike.boards.catalog import BOARDS
from dualspike.boards.flow.bitstream import build_bitstream, plan
from dualspike.boards.flow.manifest import manifest
from dualspike.boards.pll import MHZ
from dualspike.golden.files.alone import writing
from dualspike.golden.files.writing import write_atomic
from dualspike.model.cost.estimate import chip_area, learning_clocks, uses
from dualspike.model.description.description import Description
from dualspike.model.description.load import describe, load_preset, revised
from dualspike.model.errors import BadInput
from dualspike.model.sizes.geometry import geometry
from dualspike.testbench.arguments import folder

TANGENTS = {18: "s12.5", 12: "s11.0"}
SAMPLES = 20_000 * 64
"""Samples in which the preset hat came below the error of the paper, 0.0342: docs/results.md."""
ROOM = {"LUT4": 0.95, "FF": 0.95}
"""Share of an FPGA's cells up to which place and route is tried; of its blocks, all of them."""


@dataclass(frozen=True)
class Row:
    """A board, the clock in MHz that is asked for, and networks from large to small."""

    board: str
    clock: float
    networks: list[Description]
    seeds: int = 3


def hat(bits: int, pe: int = 16) -> Description:
    """The preset hat with tangents of ``bits``, its middle layer ``pe`` neurons at a time."""
    preset = load_preset("hat")
    if (bits, pe) == (18, 16):
        return preset
    tables = preset.model_dump()
    tables["name"] = f"hat_{bits}" if pe == 16 else f"hat_{bits}_pe{pe}"
    tables["formats"] |= {"tangent": TANGENTS[bits]}
    tables["hardware"] |= {"pe": [1, pe, 1]}
    return describe(tables, "boards")


def net(width: int, learns: bool, pe: int = 1) -> Description:
    """2-w-w-1 with tangents of 12 bits and three lanes, or for inference only."""
    return describe(
        {
            "name": f"{'learn' if learns else 'infer'}_{width}_pe{pe}",
            "network": {"layers": [2, width, width, 1]},
            "learning": {"batch": 64, "updates": 20_000} if learns else {"rule": "none"},
            "formats": {"tangent": TANGENTS[12]},
            "hardware": {"pe": [1, pe, 1]},
        },
        "boards",
    )


def hat_in_passes() -> Description:
    """The preset hat with one of its three lanes on the chip, in passes: the same learning."""
    tables = load_preset("hat").model_dump()
    tables["name"] = "hat_passes"
    tables["hardware"] |= {"pe": [1, 16, 1], "lanes": 1}
    return describe(tables, "boards")


SMALL = [hat(12, 4), hat(12, 1), net(8, True), net(4, True), net(16, False, 4), net(8, False)]
ROWS = [
    Row("ulx3s-85f", 100, [hat(18)], seeds=4),
    Row("ulx3s-85f", 100, [hat(12)], seeds=4),
    Row("ulx3s-85f", 83, [net(128, True, 16), net(64, True, 16), net(32, True, 16)]),
    Row("ecpix5-85f", 60, [hat(18), hat(12)]),
    Row("ulx3s-45f", 50, [hat(18, 8), hat(12, 8), *SMALL]),
    Row("ulx3s-45f", 40, [net(128, True, 8), net(64, True, 8)]),
    Row("ulx3s-25f", 50, SMALL),
    Row("ulx3s-25f", 40, [net(128, True, 1), net(64, True, 1)]),
    Row("ulx3s-12f", 83, [hat_in_passes()]),
    Row("icesugar-pro", 50, SMALL),
    Row("ice40-hx8k-evn", 30, [net(4, True), net(2, True), net(16, False, 1), net(8, False)]),
    Row("icebreaker", 17.25, [net(2, True), net(8, False), net(4, False), net(2, False)]),
]


def tried(row: Row, d: Description, folder: Path) -> dict[str, Any]:
    """The manifest of one bitstream, or why there is none, from its file or from the tools."""
    path = folder / f"{row.board}-{d.name}-{row.clock:g}.json"
    if not path.exists():
        write_atomic(path, json.dumps(made(row, d), indent=2) + "\n")
    return json.loads(path.read_text("utf-8"))


def made(row: Row, d: Description) -> dict[str, Any]:
    """The same from the tools."""
    board = BOARDS[row.board]
    short = [
        use.name
        for use in uses(chip_area(d, board.device.family), board.device)
        if use.share > ROOM.get(use.name, 1)
    ]
    if short:
        return {"failed": f"{d.name} leaves no room of {', '.join(short)}"}
    try:
        p = plan(d, board, round(row.clock * MHZ), 1_000_000)
        found = build_bitstream(p, row.seeds, lambda step: print(row.board, d.name, step))
    except (BadInput, RuntimeError) as error:
        return {"failed": str(error)}
    return manifest(p, found)


def line(row: Row, d: Description, found: dict[str, Any]) -> str:
    """One line of the table; a sample takes its clocks at the Fmax that was reached."""
    use = {kind: used for kind, (used, _) in found["utilisation"].items()}
    there = {kind: of for kind, (_, of) in found["utilisation"].items()}
    logic = "TRELLIS_COMB" if "TRELLIS_COMB" in use else "ICESTORM_LC"
    blocks = sum(use.get(kind, 0) for kind in ("MULT18X18D", "ICESTORM_DSP"))
    rams = sum(use.get(kind, 0) for kind in ("DP16KD", "ICESTORM_RAM"))
    d = revised(d, "hardware", clock=row.clock, device=BOARDS[row.board].device_name)
    clocks = learning_clocks(d) if d.learns else geometry(d.parts[0]).interval
    rate = found["fmax_mhz"] * MHZ / clocks
    widths = "-".join(str(n) for n in d.network.layers)
    kind = f"{d.lanes} lanes of {d.formats.tangent.bits} bits" if d.learns else "inference only"
    if d.passes > 1:
        kind += f", {d.lanes_built} at a time"
    time = f"{SAMPLES / rate:.1f} s" if d.learns and d.name.startswith("hat") else ""
    cells = (
        f"{row.board} | {widths}, pe {geometry(d.parts[0]).layers[1].pe}, {kind}",
        f"{use[logic]:,} ({100 * use[logic] / there[logic]:.0f} %)",
        f"{use.get('TRELLIS_FF', ''):,}" if "TRELLIS_FF" in use else "",
        f"{blocks} | {rams} | {row.clock:g} | {found['fmax_mhz']:.1f} | {found['seed']}",
        f"{rate:,.0f} | {time}",
    )
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Run what is not there yet, then write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=folder, required=True, metavar="DIR")
    parser.add_argument("--only", choices=sorted({row.board for row in ROWS}), metavar="BOARD")
    given = parser.parse_args()
    with writing(given.output) as output:
        lines = [
            "| board | network | logic cells | FF | DSP | BRAM | asked, MHz | Fmax | seed"
            " | samples/s | hat learned in |",
            "|---|---|---|---|---|---|---|---|---|---|---|",
        ]
        for row in ROWS:
            if given.only in (None, row.board):
                results = ((d, tried(row, d, output)) for d in row.networks)
                met = next(((d, found) for d, found in results if found.get("clock_met")), None)
                lines.append(line(row, *met) if met else f"| {row.board} | none of the networks |")
        table = "\n".join(lines) + "\n"
        write_atomic(output / "boards.md", table)
    print(table)


if __name__ == "__main__":
    main()
