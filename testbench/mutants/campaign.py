"""A component's mutants before its bench: one build, one simulator for many, each with an end."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from dualspike.hw.emit.generate import plain_verilog
from dualspike.model.system.children import environment
from dualspike.testbench.cosim.verilate import tool_environment
from dualspike.testbench.mutants.equality import harmless
from dualspike.testbench.mutants.planting import AGAIN, NONE, plant
from dualspike.testbench.unit import benches
from dualspike.testbench.unit.run import build_bench, case_name, simulate

STOPPED = "did not end"
TURNS = range(1, 5)
"""Other random numbers with which every bench looks for what it has not found."""
_PATIENCE = 120
"""Seconds without a word from a simulator, after which what it is at is said never to end."""


@dataclass(frozen=True)
class Outcome:
    """What became of a mutant of ``where``: ``found`` by a test, ``proved`` equal, or neither.

    ``proved`` is None while no proof was tried. ``component`` and ``bench`` are digests of what
    was tried: of the Verilog, and of the files of benches.
    """

    where: str
    mutant: str
    found: str
    proved: bool | None
    component: str = ""
    bench: str = ""

    @property
    def survives(self) -> bool:
        """Neither was it found, nor is it harmless."""
        return not self.found and not self.proved


@dataclass(frozen=True)
class Target:
    """One case of a bench. With ``part`` mutants are only in this module of it.

    ``further``: another bench of the same component, whose tests come after the bench's own.
    """

    bench: str
    given: Mapping[str, Any]
    part: str = ""
    further: str = ""

    @property
    def name(self) -> str:
        """Bench and case."""
        return f"{self.bench}-{case_name(self.given)}"

    @property
    def module(self) -> str:
        """The bench's module."""
        return self.modules[0]

    @property
    def modules(self) -> list[str]:
        """All modules with tests."""
        names = [one for one in (self.bench, self.further) if one]
        return [f"{benches.__name__}.bench_{name}" for name in names]

    @property
    def top(self) -> str:
        """The component's name in Verilog."""
        return import_module(self.module).TOP

    @cached_property
    def verilog(self) -> str:
        """The component as Yosys writes it, who reads it again to plant what is wrong."""
        component = import_module(self.module).component(**self.given)
        return plain_verilog(component, self.top)

    @property
    def digests(self) -> dict[str, str]:
        """Those of an `Outcome`."""
        given = f"{self.verilog}{self.part}"
        tests = "".join(path.read_text("utf-8") for path in self._files)
        return {"component": digest(given), "bench": digest(tests)}

    @property
    def _files(self) -> list[Path]:
        """The bench, and the files that benches share."""
        folder = Path(next(iter(benches.__path__)))
        shared = (one for one in folder.glob("*.py") if not one.name.startswith("bench_"))
        own = [folder / f"{name.rpartition('.')[2]}.py" for name in self.modules]
        return [*own, *sorted(shared)]

    def still(self, found: Iterable[Outcome]) -> list[Outcome]:
        """Those of its mutants whose outcome stands.

        The component is what it was; and what survived, had these tests.
        """
        return standing(self.name, self.digests, found)

    def planted(self, count: int, folder: Path) -> tuple[list[str], str]:
        """Its mutants, and its Verilog with all of them (`plant`)."""
        return plant(self.verilog, self.top, count, folder, self.part)


def standing(where: str, now: Mapping[str, str], found: Iterable[Outcome]) -> list[Outcome]:
    """Outcomes of a target of which ``now`` are the digests: those that are not stale."""
    return [
        one
        for one in found
        if one.where == where
        and one.component == now["component"]
        and (one.bench == now["bench"] or not one.survives)
    ]


def digest(text: str) -> str:
    """Of what was tried."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def outcomes(target: Target, count: int, known: set[str]) -> Iterator[Outcome]:
    """Up to ``count`` mutants of a target, but for those that are ``known``, as they end."""
    top = target.top
    with tempfile.TemporaryDirectory(prefix="dualspike-") as name:
        folder = Path(name)
        mutants, planted = target.planted(count, folder)
        left = [n for n, one in enumerate(mutants, 1) if one not in known]
        if not left:
            return
        build_bench(planted, top, tool_environment(), "-O0")
        (folder / f"{top}.mutants").write_text(planted, "utf-8")
        alive = list[int]()
        for number, found in _tried(target, folder / f"{top}.mutants", left, folder, [0]):
            if found:
                yield Outcome(target.name, mutants[number - 1], found, None, **target.digests)
            else:
                alive.append(number)
        for number, found in _tried(target, folder / f"{top}.mutants", alive, folder, [*TURNS]):
            yield Outcome(target.name, mutants[number - 1], found, None, **target.digests)


class Planted(Protocol):
    """What survivors are proved of: a component, or a whole core."""

    @property
    def name(self) -> str:
        """Of the target."""
        ...

    @property
    def part(self) -> str:
        """The module that its mutants are in; "" if that is all of it."""
        ...

    @property
    def top(self) -> str:
        """Its name in Verilog."""
        ...

    @property
    def digests(self) -> dict[str, str]:
        """Those of an `Outcome`."""
        ...

    def planted(self, count: int, folder: Path) -> tuple[list[str], str]:
        """Its mutants, and its Verilog with all of them."""
        ...


def proofs(target: Planted, unfound: list[str]) -> Iterator[Outcome]:
    """Those of its mutants that no test has found: are they harmless?"""
    with tempfile.TemporaryDirectory(prefix="dualspike-") as name:
        if unfound:
            target.planted(1, Path(name))
        for mutant in unfound:
            proved = harmless(mutant, target.part or target.top, Path(name))
            yield Outcome(target.name, mutant, "", proved, **target.digests)


def _tried(
    target: Target, planted: Path, left: list[int], folder: Path, turns: list[int]
) -> Iterator[tuple[int, str]]:
    """Each mutant's number, and the test that found it; none of them twice."""
    told, at_once = folder / "told.jsonl", len(left)
    while left:
        told.unlink(missing_ok=True)
        case = {
            "bench": target.module,
            "tests": target.modules,
            "given": target.given,
            "mutants": left[:at_once],
            "turns": turns,
            "told": str(told),
        }
        given = json.dumps({"case": case, "planted": str(planted)})
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", __name__, given],
            env=environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            process_group=0,
        )
        size = -1
        try:
            while child.poll() is None:
                try:
                    child.wait(_PATIENCE)
                except subprocess.TimeoutExpired:
                    grown = told.stat().st_size if told.exists() else 0
                    if grown == size:
                        break
                    size = grown
        finally:
            _end(child)
        lines = [json.loads(line) for line in told.read_text("utf-8").splitlines()]
        ended = {line["mutant"]: line["found"] for line in lines if "mutant" in line}
        begun = [line["begun"] for line in lines if "begun" in line]
        if begun and begun[-1] not in ended:
            ended[begun[-1]] = STOPPED
        if ended.pop(NONE, STOPPED):
            raise RuntimeError(f"{target.name}: its bench fails without a mutant")
        if ended.pop(AGAIN, "") and at_once > 1:
            # A memory keeps what a mutant has left there: each begins anew.
            at_once = 1
            continue
        yield from ended.items()
        left = [number for number in left if number not in ended]


def _end(child: subprocess.Popen[bytes]) -> None:
    """It and the simulator that it has started."""
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def line_of(outcome: Outcome) -> str:
    """A line of the results."""
    return json.dumps(asdict(outcome)) + "\n"


def _simulate(given: str) -> None:
    """In a process of its own: the trial of a case (`trial`)."""
    parsed = json.loads(given)
    planted, tools = Path(parsed["planted"]), tool_environment()
    program = build_bench(planted.read_text("utf-8"), planted.stem, tools, "-O0")
    with tempfile.TemporaryDirectory(prefix="dualspike-") as work:
        simulate(program, "dualspike.testbench.mutants.trial", parsed["case"], Path(work), tools)


if __name__ == "__main__":
    _simulate(sys.argv[1])
