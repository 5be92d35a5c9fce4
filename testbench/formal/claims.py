"""What is proved of a component: free inputs, assumptions, and claims that hold in every clock."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from amaranth.hdl import (
    Assert,
    Assume,
    Elaboratable,
    Fragment,
    Module,
    ShapeLike,
    Signal,
    Value,
)
from amaranth.lib import memory

from dualspike.testbench.formal.registers import RegisterMemory


@dataclass(frozen=True)
class Proof:
    """``state`` says what holds of a component; all of it is proved at once, under ``name``.

    ``steps`` 0: no register is in it, so all inputs are all cases. Else by induction: what held
    for so many clocks at most, from whatever state, holds in the next, and it holds after a reset.
    With ``reaches`` the claim is instead that a course of so many clocks at most reaches something.
    A ``slow`` one takes more than two seconds.
    """

    name: str
    family: str
    state: Callable[["Claims"], None]
    steps: int = 0
    reaches: int = 0
    slow: bool = False

    @property
    def claims(self) -> list[str]:
        """What is proved, a line each."""
        claims = Claims(self.state)
        Fragment.get(claims, None)
        return claims.said


class Claims(Elaboratable):
    """A module to prove: ``state`` puts a component, its inputs and what must hold into it.

    Reset is a free input like all others, so it may come at any time.
    """

    def __init__(self, state: Callable[["Claims"], None]) -> None:
        self.m = Module()
        self.inputs: list[Signal] = []
        self.said: list[str] = []
        self.states: list[dict[str, int]] = []
        state(self)

    def elaborate(self, platform: object) -> Module:
        """All of it."""
        return self.m

    def anything(self, shape: ShapeLike, name: str) -> Signal:
        """A value of the prover's choice, another one in each clock."""
        signal = Signal(shape, name=name)
        self.inputs.append(signal)
        return signal

    def given(self, condition: Value) -> None:
        """Only inputs of which ``condition`` holds are looked at."""
        self.m.d.comb += Assume(condition, "")

    def always(self, what: str, condition: Value) -> None:
        """``condition`` holds in every clock."""
        self.said.append(what)
        self.m.d.comb += Assert(condition, what)

    def reached(self, what: str, condition: Value) -> None:
        """Some course of inputs leads to a clock in which ``condition`` holds."""
        self.said.append(what)
        self.m.d.comb += Assert(~condition, what)

    def opened(self, component: Any) -> dict[str, Signal]:
        """The component becomes part of the module; its registers and memories by their names.

        Of a name that several have, the later ones get _1, _2 ... in the order of being driven.
        Word n of memory k is also memory_k_n, in the order in which they are made. ``states`` has
        the numbers of the states of every state machine, by their names.
        """
        with _registers_for_memories() as memories:
            fragment = Fragment.get(component, None)
        self.m.submodules += fragment
        self.states += _machines(fragment)
        found, met = dict[str, Signal](), Counter[str]()
        rows = [row for one in memories for row in one.rows]
        for signal in [*_driven(fragment), *rows]:
            name, count = signal.name, met[signal.name]
            found[f"{name}_{count}" if count else name] = signal
            met[name] += 1
        for k, one in enumerate(memories):
            found |= {f"memory_{k}_{n}": row for n, row in enumerate(one.rows)}
        self.inputs += [free for one in memories for free in one.free]
        return found


def _driven(fragment: Fragment) -> Iterator[Signal]:
    seen: set[int] = set()
    for domain, statements in fragment.statements.items():
        if domain == "comb":
            continue
        for signal in statements._lhs_signals():
            if id(signal) not in seen:
                seen.add(id(signal))
                yield signal
    for part, *_ in fragment.subfragments:
        yield from _driven(part)


def _machines(fragment: Fragment) -> Iterator[dict[str, int]]:
    yield from (dict(one.encoding) for one in fragment.generated.values())
    for part, *_ in fragment.subfragments:
        yield from _machines(part)


@contextmanager
def _registers_for_memories() -> Iterator[list[RegisterMemory]]:
    made: list[RegisterMemory] = []

    def make(**what: Any) -> RegisterMemory:
        made.append(RegisterMemory(**what))
        return made[-1]

    with patch.object(memory, "Memory", make):
        yield made
