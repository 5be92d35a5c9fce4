"""What of the generated Verilog the benches reached: ``python -m dualspike.testbench.coverage``.

Reads what was recorded under $DUALSPIKE_COVERAGE (`testbench.coverage.recording`). Lines are what
Verilator counts as lines and branches; a toggle is a bit's change from 0 to 1 or from 1 to 0. Parts
of a component that have benches of their own count there and not in what is built from them. A
point that cannot be reached is left out only if `testbench.coverage.unreachable` says why. Of state
machines every state and every transition that is written must be taken in some shape.
"""

import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dualspike.testbench.arguments import folder_of
from dualspike.testbench.coverage.machines import Walked, is_watching, walked
from dualspike.testbench.coverage.points import Point, merged, read_points
from dualspike.testbench.coverage.recording import DESIGN
from dualspike.testbench.coverage.unreachable import UNREACHABLE, Unreachable

_LONGEST = 300
"""Characters of a line of the report; statements of a register map go on for thousands."""

_FUNCTION = re.compile(r"function (?:\[\d+:\d+\] )?(\w+);")
_CALL = re.compile(r"^assign .*= (_\d+_)\(")

# Names of submodules that are components with benches of their own.
_PARTS = {
    *("addresses", "admission", "buffer", "copy", "core", "counter", "dense", "drawer", "encoder"),
    *("errors", "fork", "macs", "multiplier", "neurons", "product", "repeat", "repeater"),
    *("requantizer", "schedule", "sequencer", "serializer", "sign", "skid", "skipper", "store"),
}


@dataclass(frozen=True)
class Missed:
    """A point that no run reached: the shape it is in, the point, the statement it stands in."""

    shape: str
    point: Point
    statement: str

    def __str__(self) -> str:
        point = self.point
        place = f"{self.shape}:{point.line} {point.module}"
        return f"{place} {point.what}: {self.statement}"


@dataclass
class Reach:
    """Points of one component in all its shapes: reached, reachable, missed, left out."""

    shapes: int = 0
    reached: int = 0
    reachable: int = 0
    left_out: int = 0
    missed: list[Missed] = field(default_factory=list)


@dataclass
class Survey:
    """Lines and toggles by component, machines, and the exclusions that something did reach."""

    lines: dict[str, Reach] = field(default_factory=dict)
    toggles: dict[str, Reach] = field(default_factory=dict)
    machines: list[Walked] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)


def survey(folder: Path, unreachable: Sequence[Unreachable] = UNREACHABLE) -> Survey:
    """All that was recorded in a folder; ValueError if that is nothing."""
    result, used = Survey(), Counter[Unreachable]()
    shapes: set[tuple[str, str]] = set()
    for component, shape, design, counts in _designs(folder):
        shapes.add((component, shape))
        statements = _statements(design.read_text("utf-8"))
        _walk(result.machines, walked(design.parent, statements, counts))
        for kind in (result.lines, result.toggles):
            kind.setdefault(component, Reach()).shapes += 1
        own = [(point, n) for point, n in counts.items() if not _has_bench(component, point.module)]
        for point, count in sorted(own):
            statement = statements[point.line - 1]
            if is_watching(statement):
                continue
            count_ = (result.toggles if point.kind == "toggle" else result.lines)[component]
            rule = _rule(unreachable, (component, shape), point, statement)
            if rule is not None and count == 0:
                used[rule] += 1
                count_.left_out += 1
                continue
            if rule is not None:
                result.stale.append(f"{Missed(shape, point, statement)} was reached: {rule.reason}")
            count_.reachable += 1
            count_.reached += count > 0
            if count == 0:
                count_.missed.append(Missed(shape, point, statement))
    if not result.lines:
        raise ValueError(f"no coverage was recorded in {folder}")
    result.stale += [
        f"nothing in {rule.component} is like {rule.statement!r}: {rule.reason}"
        for rule in unreachable
        if not used[rule]
        and any(
            re.fullmatch(rule.component, component) and re.fullmatch(rule.shape, shape)
            for component, shape in shapes
        )
    ]
    return result


def table(result: Survey) -> list[str]:
    """Markdown: a row for each component and their sum."""
    rows = ["| component | shapes | lines | | toggles | | left out |"]
    rows.append("|---|--:|--:|--:|--:|--:|--:|")
    for name in sorted(result.lines):
        rows.append(_row(name, [result.lines[name]], [result.toggles[name]]))
    rows.append(_row("**all**", list(result.lines.values()), list(result.toggles.values())))
    return rows


def machine_table(result: Survey) -> list[str]:
    """Markdown: a row for each state machine, of whichever components have it."""
    rows = ["| machine in | states | visited | transitions | taken |", "|---|--:|--:|--:|--:|"]
    for one in result.machines:
        states, arcs = len(one.machine.states), len(one.machine.arcs)
        visited, taken = states - len(one.unvisited), arcs - len(one.missed)
        rows.append(f"| {one.where} | {states} | {visited} | {arcs} | {taken} |")
    return rows


def _steps(one: Walked) -> Iterator[str]:
    yield from (f"{one.where}: state {name} was never visited" for name in one.unvisited)
    yield from (f"{one.where}: transition {name} was never taken" for name in one.missed)


def main(arguments: Sequence[str]) -> int:
    """Print the table, then the missed lines; write missed toggles, and all in short, there."""
    folder = folder_of(arguments, "coverage", __doc__)
    result = survey(folder)
    print("\n".join([*table(result), "", *machine_table(result)]))
    missed = [f"{name} {one}" for name, count_ in result.lines.items() for one in count_.missed]
    missed += [step for one in result.machines for step in _steps(one)]
    toggles = [f"{name} {one}" for name, count_ in result.toggles.items() for one in count_.missed]
    (folder / "missed_toggles.txt").write_text("".join(f"{one}\n" for one in toggles), "utf-8")
    (folder / "coverage.json").write_text(_record(result, missed) + "\n", "utf-8")
    for title, found in (("missed lines", missed), ("stale exclusions", result.stale)):
        if found:
            print("\n".join(["", f"{title}:", *(one[:_LONGEST] for one in found)]))
    return 1 if missed or result.stale else 0


def _record(result: Survey, missed: list[str]) -> str:
    counts = {
        kind: {
            "reached": sum(one.reached for one in reaches.values()),
            "reachable": sum(one.reachable for one in reaches.values()),
            "left out": sum(one.left_out for one in reaches.values()),
        }
        for kind, reaches in (("lines", result.lines), ("toggles", result.toggles))
    }
    for kind, whole, left in (
        ("states", "states", "unvisited"),
        ("transitions", "arcs", "missed"),
    ):
        due = sum(len(getattr(one.machine, whole)) for one in result.machines)
        gone = sum(len(getattr(one, left)) for one in result.machines)
        counts[kind] = {"reached": due - gone, "reachable": due, "left out": 0}
    return json.dumps({"counts": counts, "missed": missed, "stale": result.stale}, indent=1)


def _walk(known: list[Walked], found: list[Walked]) -> None:
    """Add what one design took of its machines to what all others took of the same."""
    for one in found:
        same = next((other for other in known if other.machine == one.machine), None)
        if same:
            same.taken += one.taken
            if one.where not in same.where.split(", "):
                same.where += f", {one.where}"
        else:
            known.append(one)


def _designs(folder: Path) -> Iterator[tuple[str, str, Path, Counter[Point]]]:
    for design in sorted(folder.glob(f"*/*/{DESIGN}")):
        runs = sorted(design.parent.glob("*.dat"))
        counts = merged(read_points(run.read_text("utf-8")) for run in runs)
        shape = design.parts[-2].split(".")[0]
        yield design.parts[-3], shape, design, counts


def _statements(text: str) -> list[str]:
    """All lines; those of a function, a choice in Yosys's words, with the call."""
    lines = [line.strip() for line in text.splitlines()]
    calls = {found[1]: line for line in lines if (found := _CALL.search(line))}
    caller = ""
    for number, line in enumerate(lines):
        if function := _FUNCTION.fullmatch(line):
            caller = f" in {calls.get(function[1], function[1])}"
        if line == "endfunction":
            caller = ""
        lines[number] += caller
    return lines


def _has_bench(component: str, module: str) -> bool:
    """Whether a module is a part that another bench is for."""
    return not _PARTS.isdisjoint(module.removeprefix(component).split("_"))


def _rule(
    unreachable: Iterable[Unreachable], place: tuple[str, str], point: Point, statement: str
) -> Unreachable | None:
    return next((one for one in unreachable if one.covers(*place, point, statement)), None)


def _row(name: str, lines: list[Reach], toggles: list[Reach]) -> str:
    cells = [name, str(sum(one.shapes for one in lines))]
    for tallies in (lines, toggles):
        reached = sum(one.reached for one in tallies)
        reachable = sum(one.reachable for one in tallies)
        cells += [f"{reached:,} / {reachable:,}", f"{100 * reached / max(reachable, 1):.1f} %"]
    left_out = sum(one.left_out for one in (*lines, *toggles))
    return "| " + " | ".join([*cells, str(left_out)]) + " |"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
