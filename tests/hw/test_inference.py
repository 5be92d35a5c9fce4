"""A core that only infers has nothing in it that belongs to learning."""

import re

import pytest

from dualspike.hw.emit.files import core_verilog
from dualspike.model.description.load import describe

NETS = {
    "perceptron": {"network": {"layers": [2, 5, 4, 2], "time_steps": 6}},
    "operator": {
        "operator": {"kind": "seponet", "parts": [{"layers": [1, 3, 2], "time_steps": 6}] * 3}
    },
}
# Words of learning, and not assign, signed, last_step, nor what is shifted by an operator.
LEARNING = re.compile(
    r"learn|tangent|lane|(?<!as)sign(?!al|ature|ed)|sweep|lfsr|drawer|loss|jvp|target|updates"
    r"|mask|shift(?!ed)|surrogate|charge|slope|saturated|clipped|move(?!s)|prime",
    re.IGNORECASE,
)


def verilog(kind: str, rule: str) -> str:
    learning = {"rule": rule} | ({"batch": [2, 3, 4]} if kind == "operator" else {})
    return core_verilog(describe(NETS[kind] | {"learning": learning}, "test"))


def register_bits(text: str) -> int:
    """Bits of all registers, memories left out."""
    widths = re.findall(r"^  (?:output )?reg +(?:\[(\d+):0\] )?\w+ = ", text, re.MULTILINE)
    return sum(int(width or 0) + 1 for width in widths)


@pytest.mark.parametrize("kind", NETS)
def test_there_is_no_trace_of_learning(kind: str) -> None:
    without, learning = verilog(kind, "none"), verilog(kind, "rfg")

    def traces(text: str) -> set[str]:
        code = re.sub(r"//.*", "", text)
        return {word for word in re.findall(r"[A-Za-z_]\w*", code) if LEARNING.search(word)}

    assert traces(without) == set()
    assert len(traces(learning)) > 50
    assert 3 * register_bits(without) < register_bits(learning)
    assert 2 * len(without) < len(learning)
