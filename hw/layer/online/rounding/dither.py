"""Numbers that round changes at random: windows of two registers that a weight's place tells."""

from amaranth.hdl import Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from dualspike.hw.stream.arithmetic import wire
from dualspike.hw.stream.delay import bit_later
from dualspike.hw.stream.layouts import ArrayLayout
from dualspike.hw.stream.lfsr import leap, output_bits
from dualspike.model.interface.lfsr import SIGNS, WORD
from dualspike.model.sizes.layers import LEAST_PASS


class Dither(wiring.Component):
    """Windows of ``pe`` rows and ``simd`` columns of the present place in a pass over the weights.

    The window of row i are the next ``bits`` output bits of the rows' register i steps from where
    this change starts, that of column j likewise; input j of a layer has column j + 1 and the bias
    column 0 (``first``). ``load``[0] starts the rows from ``word``, ``load``[1] the columns.
    ``advance`` with ``last_chunk`` and ``last_row`` goes on to the next chunk, which begins anew
    with each group of ``pe`` neurons; after the last row both start 32 steps on. With a ``simd`` of
    0 there are rows alone. A change takes `LEAST_PASS` cycles at least, one that starts from a
    ``word`` begins 2 cycles after it.
    Latency: 1 cycle, without an enable. Throughput: a chunk a cycle.
    """

    def __init__(self, pe: int, simd: int, bits: int) -> None:
        self._pe, self._simd, self._bits = pe, simd, bits
        super().__init__(
            {
                "load": In(2),
                "word": In(WORD),
                "advance": In(1),
                "last_chunk": In(1),
                "last_row": In(1),
                "rows": Out(ArrayLayout(bits, pe)),
                **({"columns": Out(ArrayLayout(bits, simd)), "first": Out(bits)} if simd else {}),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        bits, pe, simd = self._bits, self._pe, self._simd
        ends = wire(m, self.advance & self.last_row, "ends")
        group_ends = wire(m, self.advance & self.last_chunk, "group_ends")
        row, _ = walk(m, "rows", self.load[0], self.word, (ends, group_ends, ends), pe)
        m.d.sync += [self.rows[p].eq(output_bits(SIGNS, row, p, bits)) for p in range(pe)]
        if simd:
            column, start = walk(
                m, "columns", self.load[1], self.word, (ends, self.advance, group_ends), simd
            )
            m.d.sync += self.first.eq(start[:bits])
            for s in range(simd):
                m.d.sync += self.columns[s].eq(output_bits(SIGNS, column, 1 + s, bits))
        return m


def walk(
    m: Module,
    name: str,
    load: Value,
    word: Value,
    on: tuple[Value, Value, Value],
    steps: int,
    apart: int = LEAST_PASS,
) -> tuple[Signal, Signal]:
    """The present state of one register, and where the present change starts in it.

    ``on`` says when the change ends, which takes that a word on; when the state moves, ``steps``
    on; and whether then back to where the change starts. ``load`` brings a ``word`` to where the
    next one starts, which is there 2 cycles later. Ends are ``apart`` cycles from each other, 1, 2
    or more, and from loads: in so many, 4 at most, the start after them comes ahead of its time, as
    every step of a register is a table.
    """
    ends, moves, anew = on
    start = Signal(SIGNS.length, name=f"{name}_start", reset_less=True)
    ahead = Signal(SIGNS.length, name=f"{name}_ahead", reset_less=True)
    gone = Signal(SIGNS.length, name=f"{name}_gone", reset_less=True)
    fresh = Signal(name=f"{name}_fresh", init=1)
    here = wire(m, Mux(fresh, start, gone), f"{name}_here")
    begins = wire(m, ends | bit_later(m, load, 1, f"{name}_loaded"), f"{name}_begins")
    clocks = min(1 << (apart.bit_length() - 1), LEAST_PASS)
    left = Signal(range(clocks), name=f"{name}_left")
    with m.If(moves):
        m.d.sync += [gone.eq(leap(SIGNS, here, steps)), fresh.eq(anew)]
    with m.If(begins):
        m.d.sync += [start.eq(ahead), fresh.eq(1), left.eq(clocks - 1)]
    with m.Elif(left != 0):
        m.d.sync += left.eq(left - 1)
    with m.If(load):
        m.d.sync += ahead.eq(word)
    with m.Elif(begins | (left != 0)):
        m.d.sync += ahead.eq(leap(SIGNS, ahead, WORD // clocks))
    return here, start
