"""Deep memories of a core as block RAMs of the ECP5, with the register after their output.

Yosys never takes this register, which makes of 5.8 ns to the word less than one. So the module of a
`hw.stream.buffers.registered_memory` is written a second time, as `hw.emit.mapping.blocks` does for
multipliers: port A of each DP16KD writes, port B reads, through its output register (Lattice
FPGA-TN-02204).
"""

import re

from dualspike.hw.emit.verilog.ports import ports_of
from dualspike.model.sizes.depth import DEEP

_MODULE = re.compile(r"^module (\w*memory_(\d+)x(\d+)(?:_held)?) \(\n", re.MULTILINE)
_WIDTHS = ((18, 10), (9, 11))
"""Bits of a word and of its address, of the two ways in which a DP16KD is used here."""
_ADDRESS = 14
_WIDE = ("address", "word", "write__addr", "write__data")
_WORD = re.compile(r"^    \w+\[(\d+)\] = \d+'h([0-9a-f]+);", re.MULTILINE)
_SLOT, _SLOTS = 20, 16
"""What is there at power-up: INITVAL_00 and so on have 16 times 18 bits, in places of 20."""


def block_rams(verilog: str, least_bits: int = DEEP) -> str:
    """The memories in ``verilog`` of at least so many bits, and all held ones, as block RAMs.

    Those of more words than a block has at a width of 9 are left as they are.
    """
    texts: list[str] = []
    for found in _MODULE.finditer(verilog):
        name, words, bits = found[1], int(found[2]), int(found[3])
        ports = [port.name for port in ports_of(verilog, name)]
        fits = [(wide, address) for wide, address in _WIDTHS if words <= 1 << address]
        if ("advance" in ports or words * bits >= least_bits) and fits:
            inside = verilog[found.end() : verilog.index("endmodule", found.end())]
            init = {int(n): int(word, 16) for n, word in _WORD.findall(inside)}
            texts.append(_module(name, init, words, bits, ports, *fits[0]))
    return "".join(texts)


def _module(
    name: str,
    init: dict[int, int],
    words: int,
    bits: int,
    ports: list[str],
    wide: int,
    address: int,
) -> str:
    """A memory as blocks side by side, each ``wide`` bits, with ``init`` in them at power-up."""
    count = -(-bits // wide)
    whole = count * wide
    top = max((words - 1).bit_length(), 1) - 1
    reads = "advance" if "advance" in ports else "1'b1"
    lines = [
        f"module {name} ({', '.join(ports)});",
        f"  input {', '.join(port for port in ports if port not in _WIDE)};",
        f"  input [{top}:0] address, write__addr;",
        f"  input [{bits - 1}:0] write__data;",
        f"  output [{bits - 1}:0] word;",
        f"  wire [{address - 1}:0] from = address, to = write__addr;",
        f"  wire [{whole - 1}:0] given = write__data, words;",
        "  assign word = words;",
        *(_block(n, init, wide, address, reads) for n in range(count)),
        "endmodule",
        "",
    ]
    return "\n".join(lines)


def _initial(init: dict[int, int], first: int, wide: int) -> list[str]:
    """The parameters of a block for its bits of each word, from bit ``first`` on."""
    slots: dict[int, int] = {}
    each = 18 // wide
    for place, word in init.items():
        slot, part = divmod(place, each)
        bits = word >> first & (1 << wide) - 1
        slots[slot] = slots.get(slot, 0) | bits << part * wide
    values: dict[int, int] = {}
    for slot, value in slots.items():
        row, place = divmod(slot, _SLOTS)
        values[row] = values.get(row, 0) | value << place * _SLOT
    return [
        f".INITVAL_{row:02X}({_SLOT * _SLOTS}'h{value:x})" for row, value in values.items() if value
    ]


def _block(number: int, init: dict[int, int], wide: int, address: int, reads: str) -> str:
    """One DP16KD that ``reads`` enables. With 18 bits the lowest of an address enable its bytes."""
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
        enable = reads if port == "B" else "1'b1"
        ports += [f".CLK{port}(clk)", f".CE{port}({enable})", f".OCE{port}({enable})"]
        ports += [f".RST{port}(1'b0)"]
        ports += [f".CS{port}{n}(1'b0)" for n in range(3)]
    ports += [".WEA(write__en)", ".WEB(1'b0)"]
    ports += [f".DIA{n}(given[{first + n}])" for n in range(wide)]
    ports += [f".DIA{n}(1'b0)" for n in range(wide, 18)]
    ports += [f".DIB{n}(1'b0)" for n in range(18)]
    ports += [f".DOB{n}(words[{first + n}])" for n in range(wide)]
    parameters = [f".DATA_WIDTH_{port}({wide})" for port in "AB"]
    parameters += ['.REGMODE_A("NOREG")', '.REGMODE_B("OUTREG")', '.RESETMODE("SYNC")']
    parameters += [f'.CSDECODE_{port}("0b000")' for port in "AB"] + ['.GSR("AUTO")']
    parameters += _initial(init, first, wide)
    return f"  DP16KD #({', '.join(parameters)}) block_{number} ({', '.join(ports)});"
