"""Points of the generated Verilog that nothing can reach, each with the reason."""

import re
from dataclasses import dataclass

from dualspike.testbench.points import Point


@dataclass(frozen=True)
class Unreachable:
    """Points of one component; all but its name are patterns for the whole of something.

    ``shape`` is that of the bench, ``statement`` the line of Verilog, ``what`` that of `Point`.
    """

    component: str
    shape: str
    statement: str
    what: str
    reason: str

    def covers(self, component: str, shape: str, point: Point, statement: str) -> bool:
        """Whether this is about that point."""
        found = ((self.shape, shape), (self.statement, statement), (self.what, point.what))
        return component == self.component and all(re.fullmatch(*one) for one in found)


_ALL_CASES = "every value that the number can have is a case of its own"
_NO_LARGER = "the surrogate is nowhere above 1, so that no product is larger than the charge"

# Choices by a number or a state, by what the call in the Verilog ends with.
_CHOICES = {
    "product_unit": [r"\(fsm_state, .*", r"\{ read__data, read_data_\d+ *\}.*"],
    "sequencer": [
        r"\(fsm_state, .*",
        r"\{ (masks|shifts|jvp|mantissas)\[.*",
        r"\{ _\d+_, turn \}\);",
    ],
    "signs": [r"\{ word_.*"],
    "weights": [r"\{ (signature_data|words_).*"],
}

UNREACHABLE: tuple[Unreachable, ...] = (
    *(
        Unreachable(component, ".*", f"default: in .*{choice}", "case", _ALL_CASES)
        for component, choices in _CHOICES.items()
        for choice in choices
    ),
    Unreachable(
        "neuron",
        "plain-0|leaky-0",
        r"assign _\d+_ = _\d+_ \? _\d+_\[\d+:1\] : _\d+_;",
        "cond_else",
        _NO_LARGER,
    ),
)
