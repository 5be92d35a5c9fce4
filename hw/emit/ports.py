"""Ports of a module in generated Verilog."""

import re
from typing import NamedTuple

_PORT = re.compile(r"^  (input|output) (?:\[(\d+):0\] )?(\w+) ?;$", re.MULTILINE)


class Port(NamedTuple):
    """``flow`` is "in" or "out"."""

    name: str
    flow: str
    bits: int


def ports_of(verilog: str, top: str) -> list[Port]:
    """Those of module ``top``."""
    inside = verilog.partition(f"module {top}(")[2].partition("endmodule")[0]
    return [
        Port(name, flow.removesuffix("put"), int(last or 0) + 1)
        for flow, last, name in _PORT.findall(inside)
    ]
