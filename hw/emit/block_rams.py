"""Deep memories of a core as block RAMs of the ECP5, with the register after their output.

Yosys never takes this register, which makes of 5.8 ns to the word less than one. So the module of a
`hw.layer.memory.registered_memory` is written a second time, as `hw.emit.blocks` does for
multipliers: port A of each DP16KD writes, port B reads, through its output register (Lattice
FPGA-TN-02204).
"""

import re

from dualspike.hw.layer.memory.registered_memory import DEEP

_MODULE = re.compile(
    r"^module (\w*memory_(\d+)x(\d+)) ?"
    r"\(address, clk, (reset, )?rst, word, write__addr, write__data, write__en\);",
    re.MULTILINE,
)
_WIDTHS = ((18, 10), (9, 11))
"""Bits of a word and of its address, of the two ways in which a DP16KD is used here."""
_ADDRESS = 14


def block_rams(verilog: str, least_bits: int = DEEP) -> str:
    """The memories in ``verilog`` of at least so many bits once more, as block RAMs.

    Those of more words than a block has at a width of 9 are left as they are.
    """
    texts: list[str] = []
    for name, depth, width, reset in _MODULE.findall(verilog):
        words, bits = int(depth), int(width)
        fits = [(wide, address) for wide, address in _WIDTHS if words <= 1 << address]
        if words * bits >= least_bits and fits:
            texts.append(_module(name, words, bits, reset, *fits[0]))
    return "".join(texts)


def _module(name: str, words: int, bits: int, reset: str, wide: int, address: int) -> str:
    """A memory as blocks side by side, each ``wide`` bits."""
    count = -(-bits // wide)
    whole = count * wide
    top = max((words - 1).bit_length(), 1) - 1
    lines = [
        f"module {name}(address, clk, {reset}rst, word, write__addr, write__data, write__en);",
        f"  input clk, {reset}rst, write__en;",
        f"  input [{top}:0] address, write__addr;",
        f"  input [{bits - 1}:0] write__data;",
        f"  output [{bits - 1}:0] word;",
        f"  wire [{address - 1}:0] from = address, to = write__addr;",
        f"  wire [{whole - 1}:0] given = write__data, words;",
        "  assign word = words;",
        *(_block(n, wide, address) for n in range(count)),
        "endmodule",
        "",
    ]
    return "\n".join(lines)


def _block(number: int, wide: int, address: int) -> str:
    """One DP16KD. With words of 18 bits the lowest bits of an address enable its two bytes."""
    low = _ADDRESS - address
    first = number * wide
    ports: list[str] = []
    for port, value in (("A", "to"), ("B", "from")):
        lowest = ["1'b1", "1'b1"] if wide == 18 and port == "A" else []
        bits = [
            *lowest,
            *["1'b0"] * (low - len(lowest)),
            *(f"{value}[{n}]" for n in range(address)),
        ]
        ports += [f".AD{port}{n}({bit})" for n, bit in enumerate(bits)]
        ports += [f".CLK{port}(clk)", f".CE{port}(1'b1)", f".OCE{port}(1'b1)", f".RST{port}(1'b0)"]
        ports += [f".CS{port}{n}(1'b0)" for n in range(3)]
    ports += [".WEA(write__en)", ".WEB(1'b0)"]
    ports += [f".DIA{n}(given[{first + n}])" for n in range(wide)]
    ports += [f".DIA{n}(1'b0)" for n in range(wide, 18)]
    ports += [f".DIB{n}(1'b0)" for n in range(18)]
    ports += [f".DOB{n}(words[{first + n}])" for n in range(wide)]
    parameters = [f".DATA_WIDTH_{port}({wide})" for port in "AB"]
    parameters += ['.REGMODE_A("NOREG")', '.REGMODE_B("OUTREG")', '.RESETMODE("SYNC")']
    parameters += [f'.CSDECODE_{port}("0b000")' for port in "AB"] + ['.GSR("AUTO")']
    return f"  DP16KD #({', '.join(parameters)}) block_{number} ({', '.join(ports)});"
