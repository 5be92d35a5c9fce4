"""Numbers that round changes at random: windows of two registers that a weight's place tells."""

from amaranth.hdl import Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from dualspike.hw.stream.arithmetic import wire
from dualspike.hw.stream.layouts import ArrayLayout
from dualspike.hw.stream.lfsr import leap, output_bits
from dualspike.model.interface.lfsr import SIGNS, WORD


class Dither(wiring.Component):
    """Windows of ``pe`` rows and ``simd`` columns of the present place in a pass over the weights.

    The window of row i are the next ``bits`` output bits of the rows' register i steps from where
    this change starts, that of column j likewise; input j of a layer has column j + 1 and the bias
    column 0 (``first``). ``load``[0] starts the rows from ``word``, ``load``[1] the columns.
    ``advance`` with ``last_chunk`` and ``last_row`` goes on to the next chunk, which begins anew
    with each group of ``pe`` neurons; after the last row both start 32 steps on. With a ``simd`` of
    0 there are rows alone.
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
    m: Module, name: str, load: Value, word: Value, on: tuple[Value, Value, Value], steps: int
) -> tuple[Signal, Signal]:
    """The present state of one register, and where the present change starts in it.

    ``on`` says when the change ends, which takes that a word on; when the state moves, ``steps``
    on; and whether then back to where the change starts. ``load`` starts both from ``word``.
    """
    ends, moves, anew = on
    start = Signal(SIGNS.length, name=f"{name}_start", reset_less=True)
    gone = Signal(SIGNS.length, name=f"{name}_gone", reset_less=True)
    fresh = Signal(name=f"{name}_fresh", init=1)
    here = wire(m, Mux(fresh, start, gone), f"{name}_here")
    with m.If(moves):
        m.d.sync += [gone.eq(leap(SIGNS, here, steps)), fresh.eq(anew)]
    with m.If(ends):
        m.d.sync += start.eq(leap(SIGNS, start, WORD))
    with m.If(load):
        m.d.sync += [start.eq(word), fresh.eq(1)]
    return here, start
