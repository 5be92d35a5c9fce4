"""The host's way to the banks of a memory: where its words lie, what it writes, what it reads."""

from collections.abc import Sequence
from dataclasses import dataclass

from amaranth.hdl import Array, Module, Mux, Signal, Value
from amaranth.lib import wiring

from dualspike.hw.layer.memory.bank import ReadRow
from dualspike.hw.stream.arithmetic import wire
from dualspike.hw.stream.copies import copies
from dualspike.hw.stream.counters import count_on, counter_shape
from dualspike.hw.stream.delay import bit_later, later, take
from dualspike.model.ceil_div import ceil_div

EACH = 4
"""Banks that take what the host writes, and the row to read, from the same register."""
CHOSEN = 8
"""Banks of which one is chosen in a clock; among the chosen ones in the next."""
READ = 4
"""Clocks from the host's access to what it reads."""


@dataclass(frozen=True)
class Folding:
    """Sizes of a matrix, and of the banks that hold it (`hw.layer.memory.weights.Weights`)."""

    n_out: int
    n_in: int
    pe: int
    simd: int

    @property
    def chunks(self) -> int:
        """Rows of the banks for one group of neurons."""
        return ceil_div(self.n_in, self.simd)

    @property
    def rows(self) -> int:
        """Rows of the banks."""
        return ceil_div(self.n_out, self.pe) * self.chunks

    @property
    def banks(self) -> int:
        """Words of a row."""
        return self.pe * self.simd

    def bank(self, number: int, words: Sequence[int]) -> list[int]:
        """The rows of a bank, of ``words`` in the host's order; 0 where the matrix has none."""
        if not words:
            return []
        s, p = divmod(number, self.pe)
        found: list[int] = []
        for row in range(self.rows):
            group, chunk = divmod(row, self.chunks)
            i, j = group * self.pe + p, chunk * self.simd + s
            found.append(words[i * self.n_in + j] if i < self.n_out and j < self.n_in else 0)
        return found


@dataclass(frozen=True)
class Written:
    """A word that the host writes: its row, a bit for its bank, and the word for each few banks.

    ``flips`` are the bits of its code word that the host wants wrong.
    """

    row: Signal
    banks: Signal
    words: list[Value]
    flips: Value

    def word(self, bank: int) -> Value:
        """The word, from the register next to a bank."""
        return self.words[bank * len(self.words) // len(self.banks)]


def host_walk(m: Module, f: Folding, rewind: Value, access: Value) -> tuple[Signal, Signal]:
    """Bank and row of the host's next word: input by input, neuron by neuron."""
    p = Signal(counter_shape(f.pe - 1))
    s = Signal(counter_shape(f.simd - 1))
    column = Signal(counter_shape(f.n_in - 1))
    base = Signal(counter_shape(f.rows - 1))
    row = Signal(counter_shape(f.rows - 1))
    with m.If(rewind):
        m.d.sync += [p.eq(0), s.eq(0), column.eq(0), base.eq(0), row.eq(0)]
    with m.Elif(access):
        count_on(m, s, f.simd - 1)
        with m.If(s == f.simd - 1):
            m.d.sync += row.eq(row + 1)
        count_on(m, column, f.n_in - 1)
        with m.If(column == f.n_in - 1):
            m.d.sync += [s.eq(0), row.eq(base)]
            count_on(m, p, f.pe - 1)
            with m.If(p == f.pe - 1):
                m.d.sync += [base.eq(base + f.chunks), row.eq(base + f.chunks)]
    bank = Signal(counter_shape(f.banks - 1))
    m.d.comb += bank.eq(s * f.pe + p)
    return bank, row


def written(
    m: Module,
    port: wiring.PureInterface,
    bank: Signal,
    row: Signal,
    banks: int,
    name: str,
    *,
    spread: bool,
) -> Written:
    """What the host writes, a cycle later: from registers, as a word goes to all banks."""
    word = Signal.like(port.write_data, name=f"{name}_word", reset_less=True)
    there = Signal.like(row, name=f"{name}_row", reset_less=True)
    here = Signal(banks, name=f"{name}_here")
    m.d.sync += [
        word.eq(port.write_data),
        there.eq(row),
        here.eq(Mux(port.access & port.write, 1 << bank, 0)),
    ]
    places, each = banks * len(word), EACH * len(word)
    words = copies(m, port.write_data, word, places, name, each, spread=spread)
    flips = later(m, port.flips, 1, f"{name}_flips") if "flips" in port.signature.members else 0
    return Written(there, here, words, Value.cast(flips))


def read_rows(
    m: Module,
    port: wiring.PureInterface,
    host_row: Signal,
    row: Signal,
    banks: int,
    next_row: Value | None = None,
    *,
    deep: bool = False,
    spread: bool,
) -> list[ReadRow]:
    """The row that each bank reads: ``row``, or in the cycle after the host's access its row.

    Where ``next_row``, what ``row`` is in the next cycle, is known, they come from registers next
    to each few banks, and those of ``deep`` banks from inside these.
    """
    name = f"read_row_{len(port.read_data)}"
    if next_row is None:
        turn, there = bit_later(m, port.access, 1, name), later(m, host_row, 1, name)
        return [ReadRow(wire(m, Mux(turn, there, row), name))] * banks
    ahead = wire(m, Mux(port.access, host_row, next_row), name)
    if deep:
        return [ReadRow(row, ahead)] * banks
    now = later(m, ahead, 1, name)
    found = copies(m, ahead, now, banks, name, EACH, spread=spread)
    return [ReadRow(found[bank * len(found) // banks]) for bank in range(banks)]


def answer(
    m: Module,
    port: wiring.PureInterface,
    host_bank: Signal,
    words: list[Value],
    *,
    spread: bool,
) -> None:
    """The host's read data, `READ` cycles after its access and kept until the next one.

    A cycle passes until the banks know the row, one until they give it, and two for the choice.
    """
    name = f"read_{len(port.read_data)}"
    asked = bit_later(m, port.access, READ - 1, name)
    there = None if spread else bit_later(m, port.access, READ - 2, f"{name}_there")
    bank = later(m, host_bank, READ - 2, f"{name}_bank")
    parts: list[Signal] = []
    for at in range(0, len(words), CHOSEN):
        part = Signal.like(port.read_data, name=f"{name}_part_{at}", reset_less=True)
        take(m, part, Array(words[at : at + CHOSEN])[bank % CHOSEN], there)
        parts.append(part)
    number = later(m, bank, 1, f"{name}_part")
    data = Signal.like(port.read_data, name=name, reset_less=True)
    m.d.comb += port.read_data.eq(data)
    part = Array(parts)[number.shift_right(CHOSEN.bit_length() - 1)] if len(parts) > 1 else parts[0]
    with m.If(asked):
        m.d.sync += data.eq(part)
