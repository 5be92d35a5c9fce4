"""Multipliers of a core as blocks of a device, with the registers that are inside these.

No tool of Yosys puts the registers around a product into a MULT18X18D. Its `ice40_dsp` takes those
of every SB_MAC16 out again that it finds, so here that block goes by the name ICESTORM_DSP, which
nextpnr has for it and Yosys does not know: the bits of the FPGA are the same. Each module of a
`hw.layer.macs.multiplier` is written a second time, by the same name and with the block in it:
Yosys reads this after the core, with ``read_verilog -overwrite``. On the ECP5 so is each register
of `hw.stream.copies`, as a cell that Yosys does not join with its equals.

The registers of a MULT18X18D are those of Lattice FPGA-TN-02205, those of an SB_MAC16 of
FPGA-TN-02007. What is used of them are those of the operands and of the product.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product

from dualspike.hw.emit.mapping.block_rams import block_rams
from dualspike.hw.emit.mapping.carries import carries
from dualspike.hw.emit.mapping.falling_reads import falling_reads
from dualspike.hw.emit.verilog.ports import Port, ports_of

_MODULE = re.compile(r"^module (\w*multiplier_([su])(\d+)_([su])(\d+)_([1-3])) \(\n", re.MULTILINE)
_WHOLE = re.compile(r"^module (\w+).*?^endmodule\n", re.MULTILINE | re.DOTALL)
_COPIES = re.compile(r"^module (\w*_copy_(\d+)) \(\n", re.MULTILINE)
_COPY = """\
module {0} (ahead, clk, register, rst);
  input clk, rst;
  input [{1}:0] ahead;
  output [{1}:0] register;
  TRELLIS_FF #(.GSR("AUTO"), .CEMUX("1"), .CLKMUX("CLK"), .LSRMUX("LSR"), .REGSET("RESET"))
    copy [{1}:0] (.CLK(clk), .CE(1'b1), .LSR(1'b0), .DI(ahead), .Q(register));
endmodule
"""
_SMALLEST = 9
"""Products of fewer bits stay with the tables, where Yosys leaves them as well."""


@dataclass(frozen=True)
class _Piece:
    """Bits of an operand from ``low`` on; of a signed one the topmost piece alone is signed."""

    name: str
    low: int
    width: int
    signed: bool

    def bits(self, width: int) -> str:
        """The piece made as wide as the input of a block."""
        text = f"{self.name}[{self.low + self.width - 1}:{self.low}]"
        more = width - self.width
        if not more:
            return text
        top = f"{self.name}[{self.low + self.width - 1}]" if self.signed else "1'b0"
        return f"{{{{{more}{{{top}}}}}, {text}}}"


@dataclass(frozen=True)
class _Family:
    """A block's widest operand, and its text for two pieces, a latency and the name of a wire.

    ``declared`` is what Yosys has to be told of the block.
    """

    width: int
    block: Callable[[_Piece, _Piece, int, str], str]
    declared: str = ""


def blocks(
    verilog: str, family: str, widest: int | None = None, *, multipliers: bool = True
) -> str:
    """What ``family`` ("ecp5" or "ice40") has blocks for in ``verilog``, once more; may be empty.

    ``widest`` is the widest operand of a multiplier, if not the family's own. Some devices have no
    ``multipliers``.
    """
    made = _FAMILIES[family]
    found = _MODULE.findall(verilog) if multipliers else []
    texts = [_module(made, widest or made.width, ports_of(verilog, one[0]), *one) for one in found]
    texts = [made.declared if any(texts) else "", *texts]
    if family == "ecp5":
        found = _COPIES.findall(verilog)
        texts += [block_rams(verilog), *(_COPY.format(name, int(bits) - 1) for name, bits in found)]
        texts.append(carries(verilog))
    else:
        texts.append(falling_reads(verilog))
    return "".join(texts)


def mapped(verilog: str, family: str) -> str:
    """A whole core with blocks of ``family`` for all that it has blocks for; empty without any."""
    text = blocks(verilog, family)
    return overwritten(verilog, text) if text else ""


def overwritten(verilog: str, text: str) -> str:
    """``verilog`` with the modules of ``text`` in place of its own of the same names."""
    known = set(re.findall(r"^module (\w+)", text, re.MULTILINE))
    rest = _WHOLE.sub(lambda found: "" if found[1] in known else found[0], verilog)
    return f"{rest}\n{text}"


def _module(made: _Family, widest: int, declared: list[Port], name: str, *found: str) -> str:
    """One multiplier: a block, or for wide operands one for each two pieces and their sum."""
    signs, widths = [kind == "s" for kind in (found[0], found[2])], [int(found[1]), int(found[3])]
    # Whoever resets a part of a chip gives the port to all of it, needed or not.
    latency, bits = int(found[4]), sum(widths)
    out = next(port.name for port in declared if port.flow == "out")
    resets = [port.name for port in declared if port.name in ("reset", "rst")]
    if bits < _SMALLEST:
        return ""
    left, right = (
        list(_pieces(operand, width, signed, widest))
        for operand, width, signed in zip(("left", "right"), widths, signs, strict=True)
    )
    ports = f"""\
  input clk;
  input [{widths[0] - 1}:0] left;
  input [{widths[1] - 1}:0] right;
"""
    parts: list[str] = []
    inside: list[str] = []
    terms: list[str] = []
    top = 2 * made.width - 1
    for n, (a, b) in enumerate(product(left, right)):
        part, head = f"part_{n}", f"module {name}_part_{n} (clk, left, part_{n}, right);"
        # The third register is one of the fabric: it can lie where the product is needed.
        body = made.block(a, b, min(latency, 2), part)
        parts.append(f"{head}\n{ports}  output [{top}:0] {part};\n{body}\nendmodule\n")
        given = ", ".join(f".{port}({port})" for port in ("clk", "left", "right", part))
        inside += [f"  wire [{top}:0] {part};", f"  {name}_part_{n} of_{part} ({given});"]
        terms.append(_term(part, 2 * made.width, a.low + b.low, bits, a.signed or b.signed))
    total = " + ".join(terms)
    if latency > 2:
        inside += [f"  reg [{bits - 1}:0] total;", f"  always @(posedge clk) total <= {total};"]
        total = "total"
    inside += [f"  assign {out} = {total};", "endmodule", ""]
    head = f"module {name} ({', '.join(port.name for port in declared)});\n{ports}"
    declarations = f"  input {', '.join(resets)};\n  output [{bits - 1}:0] {out};"
    return "\n".join([*parts, f"{head}{declarations}", *inside])


def _pieces(name: str, width: int, signed: bool, widest: int) -> Iterator[_Piece]:
    """An operand in pieces of at most ``widest`` bits."""
    for low in range(0, width, widest):
        last = low + widest >= width
        yield _Piece(name, low, min(widest, width - low), signed and last)


def _term(wire: str, width: int, low: int, bits: int, signed: bool) -> str:
    """A product of pieces at its place in the whole, with exactly the bits of this."""
    kept = min(width, bits - low)
    parts = [f"{wire}[{kept - 1}:0]", *([f"{low}'b0"] if low else [])]
    if more := bits - low - kept:
        top = f"{wire}[{width - 1}]" if signed else "1'b0"
        parts = [f"{{{more}{{{top}}}}}", *parts]
    return f"{{{', '.join(parts)}}}"


def _ecp5(a: _Piece, b: _Piece, latency: int, wire: str) -> str:
    """A MULT18X18D; what it does not use is held at 0."""
    places = ("INPUTA", "INPUTB", "OUTPUT") if latency > 1 else ("OUTPUT",)
    parameters = [f'.REG_{place}_CLK("CLK0")' for place in places]
    ports = [
        *(f".{letter}{n}({wire}_{letter}[{n}])" for letter in "AB" for n in range(18)),
        *(f".C{n}(1'b0)" for n in range(18)),
        *(f".P{n}({wire}[{n}])" for n in range(36)),
        f".SIGNEDA(1'b{a.signed:d})",
        f".SIGNEDB(1'b{b.signed:d})",
        ".SOURCEA(1'b0)",
        ".SOURCEB(1'b0)",
        ".CLK0(clk)",
        ".CE0(1'b1)",
        ".RST0(1'b0)",
    ]
    return (
        f"  wire [17:0] {wire}_A = {a.bits(18)};\n  wire [17:0] {wire}_B = {b.bits(18)};\n"
        f"  MULT18X18D #({', '.join(parameters)}) {wire}_block ({', '.join(ports)});"
    )


_HALVES = ("TOP", "BOT")
_ZEROS = (
    *(f"{letter}_{n}" for letter in "CD" for n in range(16)),
    *(f"{letter}HOLD" for letter in "ABCD"),
    *(f"{kind}{half}" for kind in ("IRST", "ORST", "OLOAD", "ADDSUB", "OHOLD") for half in _HALVES),
    *("CI", "ACCUMCI", "SIGNEXTIN"),
)
"""Inputs of an SB_MAC16 that are held at 0."""


def _ice40(a: _Piece, b: _Piece, latency: int, wire: str) -> str:
    """An SB_MAC16; its outputs 3 are the product of 16 bits by 16."""
    used = {
        "A_REG": latency > 1,
        "B_REG": latency > 1,
        "PIPELINE_16x16_MULT_REG2": True,
        "A_SIGNED": a.signed,
        "B_SIGNED": b.signed,
    }
    parameters = [f".{name}(1'b{on:d})" for name, on in used.items()]
    parameters += [f".{half}OUTPUT_SELECT(2'b11)" for half in _HALVES]
    ports = [
        *(f".{letter}_{n}({wire}_{letter}[{n}])" for letter in "AB" for n in range(16)),
        *(f".O_{n}({wire}[{n}])" for n in range(32)),
        ".CLK(clk)",
        ".CE(1'b1)",
        *(f".{name}(1'b0)" for name in _ZEROS),
    ]
    return (
        f"  wire [15:0] {wire}_A = {a.bits(16)};\n  wire [15:0] {wire}_B = {b.bits(16)};\n"
        f"  ICESTORM_DSP #({', '.join(parameters)}) {wire}_block ({', '.join(ports)});"
    )


def _icestorm_dsp() -> str:
    """The ports and parameters of an ICESTORM_DSP, as far as they are used here."""
    operands = (f"{letter}_{n}" for letter in "AB" for n in range(16))
    inputs = ", ".join([*operands, "CLK", "CE", *_ZEROS])
    outputs = ", ".join(f"O_{n}" for n in range(32))
    bits = ("A_REG", "B_REG", "PIPELINE_16x16_MULT_REG2", "A_SIGNED", "B_SIGNED")
    parameters = [
        *(f"  parameter {name} = 1'b0;\n" for name in bits),
        *(f"  parameter [1:0] {half}OUTPUT_SELECT = 2'b00;\n" for half in _HALVES),
    ]
    return (
        f"(* blackbox *)\nmodule ICESTORM_DSP({inputs}, {outputs});\n{''.join(parameters)}"
        f"  input {inputs};\n  output {outputs};\nendmodule\n"
    )


_FAMILIES = {"ecp5": _Family(18, _ecp5), "ice40": _Family(16, _ice40, _icestorm_dsp())}
