"""Points of the generated Verilog that nothing can reach, each with the reason."""

import re
from dataclasses import dataclass

from dualspike.testbench.coverage.points import Point


@dataclass(frozen=True)
class Unreachable:
    """Points, by patterns for the whole of something.

    ``component`` and ``shape`` are those of the bench, ``statement`` is the line of Verilog,
    ``what`` and ``module`` are those of `Point`.
    """

    component: str
    shape: str
    statement: str
    what: str
    reason: str
    module: str = ".*"

    def covers(self, component: str, shape: str, point: Point, statement: str) -> bool:
        """Whether this is about that point."""
        found = (
            (self.component, component),
            (self.shape, shape),
            (self.statement, statement),
            (self.what, point.what),
            (self.module, point.module),
        )
        return all(re.fullmatch(*one) for one in found)


_ALL_CASES = "every value that the number can have is a case of its own"
_FIVE_INPUTS = "signs of five inputs and of a bias add up to less than half the tangent's range"
_ONE_WEIGHT = "one weight and one bias, each below 2, are together within the format factor"
_ROOM = "a trunk takes no more rows than the axis has room for, until that is emptied"
_NO_FURTHER = (
    "threshold times surrogate is below 2, so that no reset takes a charge past its opposite"
)

# Choices by a number or a state, by what the call in the Verilog ends with; where there is no case
# for a value that cannot be, Yosys itself has made the default x.
_CHOICES = {
    ".*": [r"\(\d+'hx+, .*", r"\(fsm_(state|watched_\d+), .*"],
    "sequencer": [r"\{ (masks|shifts|jvp|mantissas)\[.*"],
    "signs": [r"\{ word_.*"],
    "weights": [r"\{ (signature_data|words\[).*"],
}

UNREACHABLE: tuple[Unreachable, ...] = (
    *(
        Unreachable(component, ".*", f"default: in .*{choice}", "case", _ALL_CASES)
        for component, choices in _CHOICES.items()
        for choice in choices
    ),
    Unreachable(
        "requantizer",
        "folded-0",
        r"assign _\d+_ = _\d+_ \? rounded_tangent_sum_\d_\d\[8:0\] : _\d+_;",
        "cond_else",
        _FIVE_INPUTS,
    ),
    Unreachable(
        "operator_core",
        "single",
        r"assign _\d+_ = _\d+_ \? rounded\[17:0\] : _\d+_;",
        "cond_else",
        _ONE_WEIGHT,
        "operator_core_part_1",
    ),
    Unreachable(
        "operator_core",
        ".*",
        r"else if \(advance\) factors__.*",
        "else",
        _ROOM,
        "operator_core_part_1",
    ),
    Unreachable(
        "neuron",
        "attached-0",
        r"assign write_data_\d+ *= _\d+_ \? kept_\d_\d\[\d+:0\] : _\d+_;",
        "cond_else",
        _NO_FURTHER,
    ),
)
