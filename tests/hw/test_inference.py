"""A core that only infers has nothing in it that belongs to learning."""

import re

from dualspike.hw.emit.files import core_verilog
from dualspike.model.description.load import describe

NET = {"name": "net", "network": {"layers": [2, 5, 4, 2], "time_steps": 6}}
# Words of learning, and not assign, signed, last_step.
LEARNING = re.compile(
    r"learn|tangent|lane|(?<!as)sign(?!al|ature|ed)|sweep|lfsr|drawer|loss|jvp|target|updates"
    r"|mask|shift|surrogate|charge|slope|saturated|clipped|move(?!s)|prime",
    re.IGNORECASE,
)


def verilog(rule: str) -> str:
    return core_verilog(describe(NET | {"learning": {"rule": rule}}, "test"))


def register_bits(text: str) -> int:
    """Bits of all registers, memories left out."""
    widths = re.findall(r"^  reg (?:\[(\d+):0\] )?\w+( =|;)", text, re.MULTILINE)
    return sum(int(width or 0) + 1 for width, _ in widths)


def test_there_is_no_trace_of_learning() -> None:
    without, learning = verilog("none"), verilog("rfg")

    def traces(text: str) -> set[str]:
        return {word for word in re.findall(r"[A-Za-z_]\w*", text) if LEARNING.search(word)}

    assert traces(without) == set()
    assert len(traces(learning)) > 50
    assert 3 * register_bits(without) < register_bits(learning)
    assert 2 * len(without) < len(learning)
