"""State machines of a component: which states and transitions are written, and which were taken.

What is written is read from Amaranth's statements: every ``m.next`` in every ``m.State``. What is
taken is counted by Verilator, at a cover point for each of them that is put into the Verilog.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from amaranth.hdl import Elaboratable, Fragment
from amaranth.hdl._ast import Assign, Const, Switch  # the version is fixed

from dualspike.testbench.coverage.points import Point

FILE = "machines.json"
_NAME = "fsm_watched"
_REGISTER = re.compile(rf"^  reg (?:\[\d+:0\] )?({_NAME}_(\d+)) =.*;$", re.M)
_POINT = re.compile(rf"{_NAME}_(\d+)_from_(\d+)_to_(\d+): cover")


@dataclass(frozen=True)
class Machine:
    """``states`` by their numbers, and the ``arcs`` from one to another that are written."""

    states: tuple[str, ...]
    arcs: frozenset[tuple[int, int]]

    def arc(self, first: int, then: int) -> str:
        """A transition in words."""
        return f"{self.states[first]} -> {self.states[then]}"


@dataclass
class Walked:
    """How often each arc of a machine was taken, in all designs of the components ``where``."""

    machine: Machine
    where: str = ""
    taken: Counter[tuple[int, int]] = field(default_factory=Counter)

    @property
    def missed(self) -> list[str]:
        """Arcs that nothing took."""
        arcs = self.machine.arc
        return [arcs(*one) for one in sorted(self.machine.arcs) if not self.taken[one]]

    @property
    def unvisited(self) -> list[str]:
        """States but the first to which no arc that was taken leads."""
        seen = {0, *(then for (_, then), count in self.taken.items() if count)}
        return [name for n, name in enumerate(self.machine.states) if n not in seen]


class Watched(Elaboratable):
    """A component whose state machines are found, and their registers named after ``machines``."""

    def __init__(self, component: Any) -> None:
        self.component, self.machines = component, list[Machine]()
        self._fragment = Fragment.get(component, None)
        for fsm, fragment in _found(self._fragment):
            machine = _machine(fsm, fragment)
            if machine not in self.machines:
                self.machines.append(machine)
            fsm.state.name = f"{_NAME}_{self.machines.index(machine)}"

    def __getattr__(self, name: str) -> Any:
        return getattr(self.component, name)

    def elaborate(self, platform: object) -> Fragment:
        """What the component is."""
        return self._fragment

    def with_points(self, verilog: str) -> str:
        """Its Verilog with a cover point for every transition that is written."""
        return re.sub(r"^module .*?^endmodule", self._points, verilog, flags=re.M | re.S)

    def _points(self, module: re.Match[str]) -> str:
        lines = list[str]()
        reset = "rst" if re.search(r"^  input rst;", module[0], re.M) else "1'b0"
        for name, number in _REGISTER.findall(module[0]):
            lines += [
                f"  reg [7:0] {name}_before = 0; reg {name}_reset = 0;",
                f"  always @(posedge clk) {name}_before <= {name};",
                f"  always @(posedge clk) {name}_reset <= {reset};",
            ]
            lines += [
                f"  {name}_from_{first}_to_{then}: cover property (@(posedge clk)"
                f" !{name}_reset && {name}_before == {first} && {name} == {then});"
                for first, then in sorted(self.machines[int(number)].arcs)
            ]
        return module[0].removesuffix("endmodule") + "".join(f"{n}\n" for n in lines) + "endmodule"


def is_watching(statement: str) -> bool:
    """Whether a line of Verilog is one that `Watched.with_points` has put there."""
    return bool(re.search(rf"{_NAME}_\d+_(before|reset|from)", statement))


def save(machines: Sequence[Machine], folder: Path) -> None:
    """Next to a design."""
    record = [{"states": one.states, "arcs": sorted(one.arcs)} for one in machines]
    (folder / FILE).write_text(json.dumps(record), "utf-8")


def walked(folder: Path, statements: list[str], counts: Counter[Point]) -> list[Walked]:
    """The machines of a component's design in a folder, and what its runs took of them."""
    place = folder / FILE
    if not place.exists():
        return []
    where = folder.parent.name
    found = [
        Walked(Machine(tuple(one["states"]), frozenset(map(tuple, one["arcs"]))), where)
        for one in json.loads(place.read_text("utf-8"))
    ]
    for point, count in counts.items():
        here = _POINT.search(statements[point.line - 1])
        if here and point.kind == "user":
            number, first, then = map(int, here.groups())
            found[number].taken[first, then] += count
    return found


def _found(fragment: Fragment) -> Iterator[tuple[Any, Fragment]]:
    for fsm in fragment.generated.values():
        yield fsm, fragment
    for part, *_ in fragment.subfragments:
        yield from _found(part)


def _machine(fsm: Any, fragment: Fragment) -> Machine:
    states = tuple(sorted(fsm.encoding, key=fsm.encoding.__getitem__))
    arcs = set[tuple[int, int]]()
    for statements in fragment.statements.values():
        for one in statements:
            if isinstance(one, Switch) and one.test is fsm.state:
                for patterns, body, _ in one.cases:
                    numbers = [int(str(pattern), 2) for pattern in patterns or ()]
                    nexts = set(_nexts(body, fsm.state))
                    arcs |= {(n, then) for n in numbers for then in nexts if then != n}
    return Machine(states, frozenset(arcs))


def _nexts(statements: Any, state: Any) -> Iterator[int]:
    for one in statements:
        if isinstance(one, Assign) and one.lhs is state and isinstance(one.rhs, Const):
            yield one.rhs.value
        if isinstance(one, Switch):
            for _, body, _ in one.cases:
                yield from _nexts(body, state)
