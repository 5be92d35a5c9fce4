"""Yosys on a generated core: what it takes of an FPGA, or of no technology in particular."""

import json
from pathlib import Path

from dualspike.boards.flow import gates
from dualspike.boards.flow.tools import YOSYS, run
from dualspike.hw.emit.mapping.blocks import blocks
from dualspike.model.cost.devices import Family

TARGETS = ("ecp5", "ice40", "gates")
NETLIST = "netlist.json"
_CELLS = "cells.json"
_BLOCKS = "blocks.v"


def synthesise(verilog: str, top: str, target: str, family: Family, folder: Path) -> dict[str, int]:
    """Cells by type; for an FPGA the netlist goes to ``folder`` / `NETLIST`.

    ``folder`` must be there and gets the tool's files.
    """
    read = sources(verilog, top, target, folder, multipliers=family.multiplier is not None)
    if target == "gates":
        script = gates.SCRIPT.format(top=top)
    elif target == "ecp5":
        script = f"synth_ecp5 -top {top} -json {NETLIST}"
    else:
        dsp = "-dsp " if family.multiplier else ""
        script = f"synth_ice40 {dsp}-top {top} -json {NETLIST}"
    lines = [*read, script, f"tee -q -o {_CELLS} stat -json"]
    (folder / "script.ys").write_text("\n".join(lines) + "\n", "utf-8")
    run(YOSYS, ["-q", "-s", "script.ys"], folder)
    return cells_of((folder / _CELLS).read_text("utf-8"))


def sources(
    verilog: str, top: str, target: str, folder: Path, *, multipliers: bool = True
) -> list[str]:
    """Write a core, and what the target has blocks for as these; the lines that read both."""
    (folder / f"{top}.v").write_text(verilog, "utf-8")
    lines = [f"read_verilog {top}.v"]
    if target != "gates" and (text := blocks(verilog, target, multipliers=multipliers)):
        (folder / _BLOCKS).write_text(text, "utf-8")
        lines.append(f"read_verilog -overwrite {_BLOCKS}")
    return lines


def cells_of(text: str) -> dict[str, int]:
    """Cells by type of a whole design, from what ``stat -json`` wrote."""
    found = json.loads(text[text.index("{") :])
    return found["design"]["num_cells_by_type"]


def area_of(cells: dict[str, int], target: str) -> dict[str, int]:
    """Cells as the resources of an FPGA.

    ``lut4`` are the cells that place and route fills: tables, and on the ECP5 two for each carry
    cell and four for 16 words of 4 bits of memory, which are also counted apart.
    """

    def count(*names: str) -> int:
        return sum(n for cell, n in cells.items() if cell.startswith(names))

    if target == "ice40":
        return {
            "lut4": count("SB_LUT4"),
            "ff": count("SB_DFF"),
            "bram": count("SB_RAM40"),
            "dsp": count("SB_MAC16", "ICESTORM_DSP"),
            "lutram": 0,
            "carry": count("SB_CARRY"),
        }
    carry, lutram = count("CCU2C"), count("TRELLIS_DPR16X4")
    return {
        "lut4": count("LUT4") + 2 * carry + 4 * lutram,
        "ff": count("TRELLIS_FF"),
        "bram": count("DP16KD", "PDPW16KD"),
        "dsp": count("MULT18X18D"),
        "lutram": lutram,
        "carry": carry,
    }
