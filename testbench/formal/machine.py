"""A state machine: which states follow which, and that it comes home."""

from collections.abc import Mapping

from amaranth.hdl import Cat, Mux, Signal, Value

from dualspike.testbench.formal.claims import Claims


class Machine:
    """The ``which``-th state machine of what was opened, whose register is ``state``."""

    def __init__(self, c: Claims, state: Signal, which: int = 0) -> None:
        self._c, self._state, self._numbers = c, state, c.states[which]

    def at(self, *names: str) -> Value:
        """Whether it is in one of these."""
        return Cat(self._state == self._numbers[name] for name in names).any()

    def goes(self, follows: Mapping[str, str]) -> None:
        """States that may follow each, a word each; it may stay where it is."""
        c, before = self._c, Signal.like(self._state, name="state_before")
        c.m.d.sync += before.eq(self._state)
        if set(follows) != set(self._numbers):
            raise ValueError(f"states are {set(self._numbers)}, not {set(follows)}")
        c.always("its states are these", self._state < len(self._numbers))
        for name, after in follows.items():
            there = self.at(name, *after.split(", ")) if after else self.at(name)
            c.always(f"after {name} comes {after}", (before != self._numbers[name]) | there)

    def comes_home(self, home: Value, waits: Value, ranks: Mapping[str, Value | int]) -> None:
        """While not at ``home`` the rank falls in each clock but those in which it ``waits``.

        A rank is a number from 0 on. So it is home after as many clocks that do not wait.
        """
        c = self._c
        rank, bits = Signal(24, name="rank"), 24
        for name, value in ranks.items():
            with c.m.If(self.at(name)):
                c.m.d.comb += rank.eq(value)
        before, waited = Signal(bits, name="rank_before"), Signal(name="rank_waited")
        away = Signal(name="away")
        c.m.d.sync += [before.eq(rank), waited.eq(waits), away.eq(~home)]
        c.always(
            "it comes nearer home, or waits",
            ~away | home | Mux(waited, rank <= before, rank < before),
        )

    def visits_all(self) -> None:
        """One course visits every state."""
        seen = Signal(len(self._numbers), name="seen")
        now = Signal(len(self._numbers), name="visits")
        self._c.m.d.comb += now.eq(1 << self._state)
        self._c.m.d.sync += seen.eq(seen | now)
        self._c.reached(f"every state of {', '.join(self._numbers)} is visited", (seen | now).all())
