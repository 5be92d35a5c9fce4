"""A matrix as it should be, element by element, and the host that reads and writes it."""

from collections.abc import Callable
from typing import Any

from amaranth.hdl import Array, Cat, Const, Mux, ResetSignal, Signal, Value, signed

from dualspike.hw.layer.memory.ecc import encode
from dualspike.hw.layer.memory.host_way import READ, Folding
from dualspike.hw.stream.counters import counter_shape
from dualspike.model.interface.ecc import Code
from dualspike.testbench.formal.claims import Claims


def clipped(value: Value, bits: int) -> Value:
    """The nearest number of so many bits."""
    low, high = -1 << (bits - 1), (1 << (bits - 1)) - 1
    return Mux(value < low, low, Mux(value > high, high, value))


def ago(c: Claims, value: Value, clocks: int, name: str) -> list[Signal]:
    """``value`` of 1, 2 ... ``clocks`` clocks ago; a reset does not make it forgotten."""
    found: list[Signal] = []
    for n in range(clocks):
        found.append(Signal(value.shape(), name=f"{name}_{n + 1}_ago", reset_less=True))
        c.m.d.sync += found[-1].eq(found[-2] if n else value)
    return found


class Matrix:
    """Words [bank][row] of ``bits`` bits, all 0 at first."""

    def __init__(self, f: Folding, bits: int, name: str) -> None:
        self._f = f
        self.bits, self.name = bits, name
        self.words = [
            [
                Signal(signed(bits), name=f"{name}_{bank}_{row}", reset_less=True)
                for row in range(f.rows)
            ]
            for bank in range(f.banks)
        ]

    def at(self, bank: int, row: Value) -> Value:
        """The word of a bank in a row."""
        return Array(self.words[bank])[row]

    def exists(self, bank: int, row: Value) -> Value:
        """Whether it belongs to the matrix."""
        f, (s, p) = self._f, divmod(bank, self._f.pe)
        there = [
            row == r
            for r in range(f.rows)
            if r // f.chunks * f.pe + p < f.n_out and r % f.chunks * f.simd + s < f.n_in
        ]
        return Cat(there).any() if there else Const(0)

    def put(self, c: Claims, when: Value, bank: int, row: Value, value: Value) -> None:
        """From the next clock on."""
        for r, word in enumerate(self.words[bank]):
            with c.m.If(when & (row == r)):
                c.m.d.sync += word.eq(value)

    def kept(
        self,
        c: Claims,
        inner: dict[str, Signal],
        code: Code,
        memories: list[int],
        under_way: Callable[[int, int], Value],
    ) -> None:
        """The memories, by their numbers, have the words but those that are on their way there."""
        right: list[Value] = []
        for bank, words in enumerate(self.words):
            for row, word in enumerate(words):
                stored = inner[f"memory_{memories[bank]}_{row}"]
                wanted = encode(c.m, code, word.as_unsigned(), f"{self.name}_{bank}_{row}_code")
                right.append((stored == wanted) | under_way(bank, row))
        c.always(f"the memories have the {self.name}", Cat(right).all())


class Host:
    """Any host at the ports of a memory: element by element, row by row of the matrix.

    It stops at the last element until it goes back to the first, and leaves a clock between two
    accesses, as the register bus does. ``row`` and ``bank`` are those of the next element.
    """

    def __init__(self, c: Claims, f: Folding, ports: list[tuple[Any, Matrix]]) -> None:
        self._c, self._f, self._ports = c, f, ports
        self._i = Signal(counter_shape(f.n_out), name="host_i")
        self._j = Signal(counter_shape(f.n_in), name="host_j")
        group, p = _divided(self._i, f.pe, f.n_out)
        chunk, s = _divided(self._j, f.simd, f.n_in)
        self.row, self.bank = group * f.chunks + chunk, s * f.pe + p
        self.done = self._i == f.n_out
        accesses, writes, rewinds = [], [], []
        for n, (port, matrix) in enumerate(ports):
            rewind, access = c.anything(1, f"rewind_{n}"), c.anything(1, f"access_{n}")
            write, word = c.anything(1, f"write_{n}"), c.anything(signed(matrix.bits), f"word_{n}")
            c.m.d.comb += [
                port.rewind.eq(rewind),
                port.access.eq(access),
                port.write.eq(write),
                port.write_data.eq(word),
            ]
            for bank in range(f.banks):
                matrix.put(c, access & write & (self.bank == bank), bank, self.row, word)
            accesses.append(access)
            writes.append(access & write)
            rewinds.append(rewind)
        self.access, self.writes = Cat(accesses).any(), writes
        self.before = ago(c, self.access, 2, "accessed")
        self.written = [ago(c, one, 2, f"written_{n}") for n, one in enumerate(writes)]
        self.last_row, self.last_bank = (
            ago(c, self.row, 1, "host_row")[0],
            ago(c, self.bank, 1, "host_bank")[0],
        )
        self._rewind = Cat(rewinds).any()
        c.given(~self.access | (~self.done & ~self.before[0] & ~self._rewind & ~ResetSignal()))
        c.given(Cat(accesses) != 3)
        ends = self._j == f.n_in - 1
        with c.m.If(self._rewind):
            c.m.d.sync += [self._i.eq(0), self._j.eq(0)]
        with c.m.Elif(self.access):
            c.m.d.sync += [self._i.eq(self._i + ends), self._j.eq(Mux(ends, 0, self._j + 1))]

    def claims(self, inner: dict[str, Signal], names: list[str]) -> None:
        """Words go to the element's place, the second clock after, and come from it, the fourth."""
        c, f = self._c, self._f
        p, s, column, base = (inner.get(one, Const(0)) for one in ("p", "s", "column", "base"))
        row = inner.get("row", Const(0))
        here = (column == self._j) & (s * f.pe + p == self.bank) & (row == self.row)
        first = base == self.row - _divided(self._j, f.simd, f.n_in)[0]
        within = (self._i <= f.n_out) & (self._j < f.n_in) & (~self.done | (self._j == 0))
        c.always("the walk is at the host's element", self.done | (here & first))
        c.always("the host's element is within the matrix", within)
        for n, ((port, matrix), name) in enumerate(zip(self._ports, names, strict=True)):
            written = self.written[n][0]
            value = Array(matrix.at(bank, self.last_row) for bank in range(f.banks))[self.last_bank]
            there = (inner[f"{name}_word"] == value) & (
                inner.get(f"{name}_row", 0) == self.last_row
            )
            banks = Mux(written, 1 << self.last_bank, 0)
            c.always(f"what is written is on its way: {name}", ~written | there)
            c.always(f"it goes to one bank: {name}", inner[f"{name}_here"] == banks[: f.banks])
            asked = [Signal(name=f"{name}_asked_{n}") for n in range(READ - 1)]
            wanted = Signal(signed(matrix.bits), name=f"{name}_wanted", reset_less=True)
            c.m.d.sync += [
                new.eq(old & (~port.access if n else ~port.write))
                for n, (new, old) in enumerate(zip(asked, [port.access, *asked], strict=False))
            ]
            with c.m.If(port.access):
                at = Array(matrix.at(bank, self.row) for bank in range(f.banks))
                c.m.d.sync += wanted.eq(at[self.bank])
            known = Signal(name=f"{name}_known")
            with c.m.If(asked[-1]):
                c.m.d.sync += known.eq(1)
            with c.m.If(port.access):
                c.m.d.sync += known.eq(0)
            c.always(
                f"what is read is the element, until the next access: {name}",
                ~known | (port.read_data == wanted),
            )


def _divided(value: Signal, by: int, highest: int) -> tuple[Value, Value]:
    """Quotient and remainder of a number up to ``highest``."""
    return (
        Array(Const(n // by, 8) for n in range(highest + 1))[value],
        Array(Const(n % by, 8) for n in range(highest + 1))[value],
    )
