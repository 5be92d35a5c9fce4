"""Carries of dither as carry chains of the ECP5, with the exclusive or inside.

A CCU2C adds two bits in each half, and a third input turns one of them round: Yosys uses it for
subtractions, with the same bit for all of a number. So the module of a
`hw.layer.online.rounding.carry` is written a second time, as `hw.emit.mapping.blocks` does for
multipliers; it takes half of the tables.
"""

import re

_MODULE = re.compile(r"^module (\w*dither_carry_(\d+)) \(\n", re.M)
_SUM = "16'h96AA"
"""A half of a cell with D at 1: A ^ B ^ C ^ carry in; A is the carry out where it equals B ^ C."""


def carries(verilog: str) -> str:
    """The modules in ``verilog`` once more, as carry chains."""
    return "".join(_module(name, int(bits)) for name, bits in _MODULE.findall(verilog))


def _module(name: str, bits: int) -> str:
    """A chain of a half for each bit and one more, whose sum is the last carry."""
    top, count = bits - 1, bits // 2 + 1
    lines = [
        f"module {name} (carry, column, product, row);",
        f"  input [{top}:0] column, product, row;",
        "  output carry;",
        f"  wire [{count}:0] chain;",
        f"  wire [{2 * count - 1}:0] a = product, b = row, c = column, sum;",
        "  assign chain[0] = 1'b0;",
        f"  assign carry = sum[{bits}];",
        *(_cell(n) for n in range(count)),
        "endmodule",
        "",
    ]
    return "\n".join(lines)


def _cell(number: int) -> str:
    ports = [f".CIN(chain[{number}])", f".COUT(chain[{number + 1}])"]
    for half in range(2):
        bit = 2 * number + half
        ports += [f".{letter.upper()}{half}({letter}[{bit}])" for letter in "abc"]
        ports += [f".D{half}(1'b1)", f".S{half}(sum[{bit}])"]
    parameters = [f'.INIT{half}({_SUM}), .INJECT1_{half}("NO")' for half in range(2)]
    return f"  CCU2C #({', '.join(parameters)}) cell_{number} ({', '.join(ports)});"
