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
    with each group of ``pe`` neurons; after the last row both start 32 steps on.
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
                "columns": Out(ArrayLayout(bits, simd)),
                "first": Out(bits),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        bits, ends = self._bits, wire(m, self.advance & self.last_row, "ends")
        group_ends = wire(m, self.advance & self.last_chunk, "group_ends")
        row, _ = self._register(m, 0, ends, group_ends, ends, self._pe)
        column, start = self._register(m, 1, ends, self.advance, group_ends, self._simd)
        m.d.sync += self.first.eq(start[:bits])
        m.d.sync += [self.rows[p].eq(output_bits(SIGNS, row, p, bits)) for p in range(self._pe)]
        m.d.sync += [
            self.columns[s].eq(output_bits(SIGNS, column, 1 + s, bits)) for s in range(self._simd)
        ]
        return m

    def _register(
        self, m: Module, n: int, ends: Value, moves: Value, anew: Value, steps: int
    ) -> tuple[Signal, Signal]:
        """The present state of one register, and where the present change starts in it.

        What ``moves`` is ``steps`` on, or ``anew`` at the start, which ``ends`` takes a word on.
        """
        name = ("rows", "columns")[n]
        start = Signal(SIGNS.length, name=f"{name}_start", reset_less=True)
        gone = Signal(SIGNS.length, name=f"{name}_gone", reset_less=True)
        fresh = Signal(name=f"{name}_fresh", init=1)
        here = wire(m, Mux(fresh, start, gone), f"{name}_here")
        with m.If(moves):
            m.d.sync += [gone.eq(leap(SIGNS, here, steps)), fresh.eq(anew)]
        with m.If(ends):
            m.d.sync += start.eq(leap(SIGNS, start, WORD))
        with m.If(self.load[n]):
            m.d.sync += [start.eq(self.word), fresh.eq(1)]
        return here, start
