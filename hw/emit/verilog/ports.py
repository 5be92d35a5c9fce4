"""The order in which ports of a module stand, and those of a module in generated Verilog."""

import re
from collections.abc import Callable
from typing import NamedTuple

_PORT = re.compile(r"^  (input|output)(?: reg)? +(?:\[(\d+):0\] )?(\w+)", re.MULTILINE)
_FIRST = (
    *("aclk", "aresetn", "clk", "rst", "wb_clk_i", "wb_rst_i"),
    *("s_axi_aw", "s_axi_w", "s_axi_b", "s_axi_ar", "s_axi_r"),
    *("wb_cyc_i", "wb_stb_i", "wb_we_i", "wb_adr_i", "wb_sel_i", "wb_dat_i", "wb_dat_o", "wb_"),
    *("bus_request", "bus_write", "bus_address", "bus_write_data", "bus_done", "bus_read_data"),
    *("s_axis_events", "s_axis_inputs", "s_axis_targets", "s_axis_scales"),
    *("inputs", "targets", "scales"),
)
_LAST = ("outputs", "results", "m_axis_", "busy", "irq")
_ENDS = ("payload", "tdata", "tlast", "valid", "ready")


class Port(NamedTuple):
    """``flow`` is "in" or "out"."""

    name: str
    flow: str
    bits: int


Meaning = Callable[[Port], str]
"""What a port is for, in a few words; empty where nothing is to be said."""


def place_of(name: str, *, out: bool) -> tuple[int, str, int, str]:
    """Sorts ports: clock, bus, what goes in, what comes out; of a stream first what it carries."""
    found = re.fullmatch(rf"(.*?)_+({'|'.join(_ENDS)})", name)
    bundle = found[1] if found else name.rpartition("__")[0]
    end = next((n for n, word in enumerate(_ENDS) if name.endswith(word)), 0)
    if name in _FIRST:
        return _FIRST.index(name), bundle, end, name
    groups = [n for n, start in enumerate(_FIRST) if name.startswith(start)]
    groups += [len(_FIRST) + 2 + n for n, start in enumerate(_LAST) if name.startswith(start)]
    return next(iter(groups), len(_FIRST) + out), bundle, end, name


def ports_of(verilog: str, top: str) -> list[Port]:
    """Those of module ``top``, in their order."""
    inside = verilog.partition(f"module {top} (")[2].partition("\n);")[0]
    return [
        Port(name, flow.removesuffix("put"), int(last or 0) + 1)
        for flow, last, name in _PORT.findall(inside)
    ]
