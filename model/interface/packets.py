"""How many results make a packet of an AXI4-Stream, and the register of a wrap that says so."""

import math

from dualspike.model.description.description import Description
from dualspike.model.interface.register import Field, Register


def row_of_results(d: Description) -> int:
    """Results of a sample, or of a function of an operator network: those of a packet by itself."""
    return d.basis if d.kind == "mlp" else math.prod(d.batch[1:])


def packet_bits(row: int) -> int:
    """Width of the register where a sample has ``row`` results."""
    return max(24, row.bit_length())


def packet_register(address: int, row: int) -> Register:
    """PACKET, at that address."""
    bits = packet_bits(row)
    return Register(
        "PACKET",
        "rw",
        f"results in a packet, TLAST with the last; 0 stands for 2^{bits}; a write begins a packet",
        (Field("results", bits),),
        row,
        address=address,
    )
