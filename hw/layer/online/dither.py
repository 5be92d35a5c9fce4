"""Numbers that round changes at random: windows of two registers that a weight's place tells."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from dualspike.hw.stream.arithmetic import wire
from dualspike.hw.stream.layouts import ArrayLayout
from dualspike.hw.stream.lfsr import leap, output_bits
from dualspike.model.interface.lfsr import DITHER, SIGNS, WORD


class Dither(wiring.Component):
    """Windows of ``pe`` rows and ``simd`` columns of the present place in a pass over the weights.

    The window of row i are the next 24 output bits of the rows' register i steps from where this
    change starts, that of column j likewise; input j of a layer has column j + 1 and the bias
    column 0 (``first``). ``load``[0] starts the rows from ``word``, ``load``[1] the columns.
    ``advance`` with ``last_chunk`` and ``last_row`` goes on to the next chunk, which begins anew
    with each group of ``pe`` neurons; after the last row both start 32 steps on.
    Latency: 1 cycle, without an enable. Throughput: a chunk a cycle.
    """

    def __init__(self, pe: int, simd: int) -> None:
        self._pe, self._simd = pe, simd
        super().__init__(
            {
                "load": In(2),
                "word": In(WORD),
                "advance": In(1),
                "last_chunk": In(1),
                "last_row": In(1),
                "rows": Out(ArrayLayout(DITHER, pe)),
                "columns": Out(ArrayLayout(DITHER, simd)),
                "first": Out(DITHER),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        ends = wire(m, self.advance & self.last_row, "ends")
        starts = [Signal(SIGNS.length, name=f"{name}_start") for name in ("rows", "columns")]
        row, column = (Signal(SIGNS.length, name=name) for name in ("row", "column"))
        following = [
            wire(m, leap(SIGNS, start, WORD), f"following_{n}") for n, start in enumerate(starts)
        ]
        m.d.sync += self.first.eq(starts[1][:DITHER])
        m.d.sync += [self.rows[p].eq(output_bits(SIGNS, row, p, DITHER)) for p in range(self._pe)]
        m.d.sync += [
            self.columns[s].eq(output_bits(SIGNS, column, 1 + s, DITHER)) for s in range(self._simd)
        ]
        with m.If(self.advance & self.last_chunk):
            m.d.sync += row.eq(Mux(self.last_row, following[0], leap(SIGNS, row, self._pe)))
        with m.If(self.advance):
            restart = Mux(self.last_row, following[1], starts[1])
            ahead = leap(SIGNS, column, self._simd)
            m.d.sync += column.eq(Mux(self.last_chunk, restart, ahead))
        for n, (start, register) in enumerate(zip(starts, (row, column), strict=True)):
            with m.If(ends):
                m.d.sync += start.eq(following[n])
            with m.If(self.load[n]):
                m.d.sync += [start.eq(self.word), register.eq(self.word)]
        return m
