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

UNREACHABLE: tuple[Unreachable, ...] = (
    Unreachable("sequencer", ".*", r"default: in .*\(fsm_state, .*", "case", _ALL_CASES),
    Unreachable("sequencer", ".*", r"default: in .*\{ masks\[.*", "case", _ALL_CASES),
    Unreachable("sequencer", ".*", r"default: in .*\{ shifts\[.*", "case", _ALL_CASES),
    Unreachable("sequencer", ".*", r"default: in .*\{ jvp\[.*", "case", _ALL_CASES),
    Unreachable("signs", ".*", r"default: in .*\{ word_.*", "case", _ALL_CASES),
    Unreachable("weights", ".*", r"default: in .*\{ signature_data.*", "case", _ALL_CASES),
    Unreachable(
        "neuron",
        "plain-0",
        r"assign _\d+_ = _\d+_ \? _\d+_\[18:1\] : _\d+_;",
        "cond_else",
        "the surrogate stays below 1, so that no product is larger than the charge",
    ),
)
