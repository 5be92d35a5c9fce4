"""Memories that are read in the clock that asks, as block RAMs of an iCE40.

Membranes, tangents, counts and rows that wait are read so. An ECP5 has tables that can be memories;
an iCE40 would take a flip-flop for every bit and a choice among all words. But its block RAMs can
take the other edge of the clock for reading (Lattice FPGA-TN-02002): what registers address after a
rising edge is read in the middle of the clock, and is there before the next. All else of a core
takes the rising edge, so each register gets what it would get from the plain memory. Each module
with such memories is written a second time, as `hw.emit.mapping.blocks` does with multipliers.
"""

import re

_WHOLE = re.compile(r"^module (?:.*?)^endmodule\n", re.MULTILINE | re.DOTALL)
_MEMORY = re.compile(r"^  (reg \[(\d+):0\] (\w+) \[(\d+):0\];)$", re.MULTILINE)
_LEAST_BITS = 56
"""Memories of fewer bits a block stay in flip-flops."""
_WIDTH = 16


def falling_reads(verilog: str) -> str:
    """The modules in ``verilog`` that have such memories, once more."""
    texts = ((found[0], _module(found[0])) for found in _WHOLE.finditer(verilog))
    return "".join(made for plain, made in texts if made != plain)


def _module(text: str) -> str:
    """A module with its memories in blocks, as far as they are read without a clock."""
    for declared, top, name, last in _MEMORY.findall(text):
        width, words = int(top) + 1, int(last) + 1
        read = re.search(rf"^  assign (\w+) = {name}\[(.*)\];$", text, re.MULTILINE)
        if read is None or width * words < _LEAST_BITS * -(-width // _WIDTH):
            continue
        word, address = read.groups()
        text = text.replace(declared, f'(* ram_style = "block" *)\n  {declared}')
        text = text.replace(read[0], f"  always @(negedge clk) {word} <= {name}[{address}];")
        text = re.sub(rf"^  wire ((\[\d+:0\] )?{word};)$", r"  reg \1", text, flags=re.MULTILINE)
    return text
