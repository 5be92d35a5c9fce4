"""What Verilator counts in a design, and the file in which it says so."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

_HEADER = "# SystemC::Coverage-3"
_ENTRY = re.compile(r"C '(.*)' (\d+)")


@dataclass(frozen=True, order=True)
class Point:
    """A place in the Verilog that was reached so and so often, in all instances of its module.

    ``kind`` is line, branch or toggle. ``what`` is the part of a statement (block, if, else, case,
    cond_then, ...) or a bit and its change (``step[3]:0->1``).
    """

    line: int
    column: int
    kind: str
    module: str
    what: str


def read_points(text: str) -> Counter[Point]:
    """The counts in one data file of Verilator; ValueError if it is none."""
    lines = text.splitlines()
    if not lines or lines[0] != _HEADER:
        raise ValueError(f"coverage data must begin with {_HEADER!r}, not {text[:24]!r}")
    counts: Counter[Point] = Counter()
    for number, line in enumerate(lines[1:], 2):
        entry = _ENTRY.fullmatch(line)
        if entry is None:
            raise ValueError(f"line {number} of the coverage data is no entry: {line[:60]!r}")
        fields = dict(part.split("\x02", 1) for part in entry[1].split("\x01")[1:])
        kind, module = fields["page"].split("/", 1)
        point = Point(
            int(fields["l"]), int(fields["n"]), kind.removeprefix("v_"), module, fields["o"]
        )
        counts[point] += int(entry[2])
    return counts


def merged(runs: Iterable[Counter[Point]]) -> Counter[Point]:
    """The sum of several runs of one design; ValueError if they have not the same points."""
    total: Counter[Point] = Counter()
    for run in runs:
        if total and total.keys() != run.keys():
            raise ValueError("runs of one design must count the same points")
        total.update(run)
    return total
