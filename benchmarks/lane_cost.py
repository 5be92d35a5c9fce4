"""What a tangent lane costs on an ECP5-85F: LUTs, flip-flops, multipliers and the clock.

Cores 2-16-16-1 with K = 0 (inference only), 1, 2, 3, 4 and 8 lanes of scope global (RFG-G), with
tangents of 18 bits (s12.5) and 12 bits (s11.0), all 16 neurons of the middle layer at once; those
with 8 lanes with 4 neurons at once as well, since 8 lanes of 16 do not fit. They are as deep as for
100 MHz and asked for it. Then three inference-only cores 2-16-16-2, which is the network a peer was
measured on, asked for 150. Each is synthesised,
placed and routed by ``dualspike synth``'s own flow. ``python benchmarks/lane_cost.py -o DIR``
writes a JSON file for every core, and after each of them ``lanes.md`` and ``lanes.png``; cores
whose file is there already are not run again. A core that does not fit or cannot be routed keeps
its row, with the reason and what it takes when it is synthesised.
"""

import argparse
import io
import json
from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from dualspike.boards.flow.measure import Route, device_of, measure
from dualspike.golden.files.writing import write_atomic
from dualspike.model.description.description import Description
from dualspike.model.description.load import describe
from dualspike.model.errors import BadInput
from dualspike.testbench.arguments import count, folder

CLOCK, PEER_CLOCK = 100.0, 150.0
"""MHz asked for."""
LANES = (0, 1, 2, 3, 4, 8)
MOST, FEW = 8, 4
TANGENTS = {18: "s12.5", 12: "s11.0"}
COLOURS = {18: "#0f766e", 12: "#c2410c"}
PANELS = {"cells": "logic cells (TRELLIS_COMB)", "ff": "flip-flops", "fmax": "clock, MHz"}


def description(lanes: int, bits: int, pe: int = 16) -> Description:
    """2-16-16-1 with so many lanes, ``pe`` neurons of its middle layer at once."""
    folded = "" if pe == 16 else f"_pe{pe}"
    return describe(
        {
            "name": f"lanes_{lanes}_{bits}{folded}" if lanes else "lanes_0",
            "network": {"layers": [2, 16, 16, 1]},
            "learning": {"scope": "global", "directions": lanes} if lanes else {"rule": "none"},
            "formats": {"tangent": TANGENTS[bits]},
            "hardware": {"pe": [1, pe, 1], "clock": CLOCK},
        },
        "lane cost",
    )


def peer(pe: int) -> Description:
    """2-16-16-2 that only infers, ``pe`` neurons of its middle layer at once."""
    return describe(
        {
            "name": f"peer_{pe}",
            "network": {"layers": [2, 16, 16, 2]},
            "learning": {"rule": "none"},
            "hardware": {"pe": [1, pe, 1], "clock": PEER_CLOCK},
        },
        "lane cost",
    )


def cores() -> list[Description]:
    """All cores, the most telling first."""
    found = [description(3, 12), peer(1), description(3, 18), description(0, 18)]
    for bits in (12, 18):
        found += [description(lanes, bits) for lanes in LANES if lanes not in (0, 3)]
    folded = [description(MOST, bits, FEW) for bits in TANGENTS]
    return [*found, peer(4), peer(16), *folded]


def run(d: Description, folder: Path, seed: int) -> dict[str, Any]:
    """The report of one core, from its file or from the tools; ``failed``: why it has no clock."""
    path = folder / f"{d.name}.json"
    if not path.exists():
        device = device_of("ecp5", None)
        try:
            found = measure(d, "ecp5", device, Route(seed, d.hardware.clock or CLOCK))
        except (BadInput, RuntimeError) as error:
            found = measure(d, "ecp5", device) | {"failed": str(error)}
        write_atomic(path, json.dumps(found, indent=2) + "\n")
    return json.loads(path.read_text("utf-8"))


def row(name: str, bits: str, found: dict[str, Any] | None) -> str:
    """One line of the table."""
    if found is None:
        return f"| {name} | {bits} | not run yet | | | | | |"
    actual = found["actual"]
    cells = "" if "failed" in found else f"{found['placed']['cells']:,}"
    clock = found.get("failed") or f"{found['fmax_mhz']:.1f}"
    rest = " | ".join(f"{actual[key]:,}" for key in ("ff", "dsp", "bram"))
    return f"| {name} | {bits} | {actual['lut4']:,} | {cells} | {rest} | {clock} |"


def table(reports: dict[str, dict[str, Any]]) -> str:
    """All cores in Markdown."""
    lines = [
        "| core | tangent bits | LUT4 | cells | FF | DSP | BRAM | MHz |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for pe in (1, 4, 16):
        lines.append(row(f"2-16-16-2, K = 0, pe {pe}", "", reports.get(peer(pe).name)))
    for lanes in LANES:
        for bits in TANGENTS if lanes else [18]:
            found = reports.get(description(lanes, bits).name)
            lines.append(row(f"2-16-16-1, K = {lanes}", str(bits) if lanes else "", found))
    for bits in TANGENTS:
        found = reports.get(description(MOST, bits, FEW).name)
        lines.append(row(f"2-16-16-1, K = {MOST}, pe {FEW}", str(bits), found))
    return "\n".join(lines) + "\n"


def draw(reports: dict[str, dict[str, Any]]) -> bytes:
    """Cells, flip-flops and clock over the number of lanes, as PNG; hollow where folded."""
    figure = Figure(figsize=(12, 3.8), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    for panel, (key, title) in zip(figure.subplots(1, 3), PANELS.items(), strict=True):
        for bits, colour in COLOURS.items():
            for pe, lanes, style in ((16, LANES, "o-"), (FEW, (MOST,), "o")):
                found = {k: reports.get(description(k, bits, pe).name) for k in lanes}
                done = {k: f for k, f in found.items() if f and "failed" not in f}
                values = [
                    f["fmax_mhz"] if key == "fmax" else f["placed"][key] for f in done.values()
                ]
                name = f"{bits}-bit tangents, pe {pe}"
                fill = colour if pe == 16 else "white"
                panel.plot(list(done), values, style, color=colour, mfc=fill, label=name)
        panel.set(title=title, xlabel="tangent lanes", xticks=LANES)
        panel.set_ylim(bottom=0)
        panel.spines[["top", "right"]].set_visible(False)
        panel.legend(frameon=False, fontsize=8)
    content = io.BytesIO()
    figure.savefig(content, format="png", metadata={"Software": None})
    return content.getvalue()


def main() -> None:
    """Run what is not there yet, then write the table and the plot."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=folder, required=True, metavar="DIR")
    parser.add_argument("--seed", type=count, default=1, help="seed of nextpnr")
    given = parser.parse_args()
    given.output.mkdir(parents=True, exist_ok=True)
    reports: dict[str, dict[str, Any]] = {}
    for d in cores():
        reports[d.name] = found = run(d, given.output, given.seed)
        print(d.name, found.get("fmax_mhz", found.get("failed")), flush=True)
        write_atomic(given.output / "lanes.md", table(reports))
        write_atomic(given.output / "lanes.png", draw(reports))


if __name__ == "__main__":
    main()
