"""Weight memories that change in the pass that reads them: read, changed, written back and used."""

from amaranth.hdl import Module, Mux, Signal, Value, signed, unsigned
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out

from dualspike.hw.layer.memory.ecc import decode
from dualspike.hw.layer.memory.host_way import Folding, answer, host_walk, read_rows, written
from dualspike.hw.layer.memory.weights import Weights
from dualspike.hw.layer.memory.words import Words
from dualspike.hw.stream.arithmetic import saturate
from dualspike.hw.stream.counters import counter_shape
from dualspike.hw.stream.layouts import ArrayLayout
from dualspike.model.interface.ecc import code_of
from dualspike.model.sizes.layers import LEAST_PASS

CHANGED = 2
"""Cycles from a row's address to its change."""
USED = 3
"""Cycles from a row's address to its words."""
AGAIN = LEAST_PASS
"""Cycles after which a row's address may come again."""


class ChangingWeights(Weights):
    """`Weights` without moves: matrix element (i, j) in the same bank and row, and the same host.

    A ``row`` with ``enable`` comes out as ``words`` 3 cycles later, each less its element of
    ``changes``, saturated; ``move`` writes them back. ``changes`` and ``move`` come 2 cycles after
    the row. Changes are in halves of ``halves`` bits (`hw.layer.online.changes`).
    ``saturated`` tells in the cycle of the words that one was clipped that moves. Padding is never
    written. Nothing has an enable, so rows may come with any pauses, one row once in 4 cycles.
    Latency: 3 cycles. Throughput: a row a cycle.
    """

    def __init__(
        self, n_out: int, n_in: int, pe: int, simd: int, words: Words, halves: int
    ) -> None:
        self._n_out, self._n_in, self._pe, self._simd = n_out, n_in, pe, simd
        self._words, self._bits = words, words.bits
        self._folding = Folding(n_out, n_in, pe, simd)
        self._chunks, self._rows = self._folding.chunks, self._folding.rows
        banks = pe * simd
        wiring.Component.__init__(
            self,
            {
                "row": In(counter_shape(self._rows - 1)),
                "enable": In(1),
                "changes": In(ArrayLayout(signed(halves), banks)),
                "move": In(1),
                "words": Out(ArrayLayout(signed(words.bits), banks)),
                "saturated": Out(1),
                **words.ports,
            },
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        banks, host = self._pe * self._simd, self.host
        code, upsets, words = code_of(self._words.protection, self._bits), list[Value](), []
        host_bank, host_row = host_walk(m, self._folding, host.rewind, host.access)
        spread = self._words.spread
        stored = written(m, host, host_bank, host_row, banks, "given", spread=spread)
        rows = [self.row]
        for n in range(USED):
            rows.append(Signal.like(self.row, name=f"row_{n}", reset_less=True))
            m.d.sync += rows[-1].eq(rows[-2])
        writes = Signal()
        clipped = Signal(banks)
        m.d.sync += writes.eq(self.move)
        m.d.comb += self.saturated.eq((clipped & writes.replicate(banks)).any())
        reads = read_rows(m, host, host_row, self.row, banks, spread=spread)
        for bank in range(banks):
            init = self._init(code, bank)
            store = memory.Memory(shape=unsigned(code.bits), depth=self._rows, init=init)
            m.submodules[f"bank_{bank}"] = store
            read, write = store.read_port(), store.write_port()
            decoded, upset = decode(m, code, read.data, f"bank_{bank}")
            upsets.append(upset)
            words.append(decoded.as_signed())
            held = Signal(signed(self._bits), name=f"held_{bank}", reset_less=True)
            after, clips = self._changed(m, held, bank)
            new = Signal(signed(self._bits), name=f"new_{bank}", reset_less=True)
            exists = self._exists(bank, rows[CHANGED])
            m.d.sync += [held.eq(words[-1]), new.eq(after), clipped[bank].eq(clips & exists)]
            given, value = stored.banks[bank], Mux(writes, new, stored.word(bank))
            m.d.comb += [
                self.words[bank].eq(self._seen(m, held, new, bank)),
                read.addr.eq(reads[bank].now),
                write.addr.eq(Mux(writes, rows[USED], stored.row)),
                write.data.eq(self._coded(m, code, value, stored, given, f"bank_{bank}")),
                write.en.eq((writes & self._exists(bank, rows[USED])) | given),
            ]
        self._tell(m, host, code, upsets)
        answer(m, host, host_bank, words, spread=spread)
        return m

    def _seen(self, m: Module, held: Signal, new: Signal, bank: int) -> Value:
        """What is told of a word, a cycle after it was ``held``."""
        return new

    def _changed(self, m: Module, held: Signal, bank: int) -> tuple[Value, Value]:
        """What becomes of a word, and whether it was clipped."""
        twice = held.shift_left(1) - self.changes[bank]
        return saturate(m, twice.shift_right(1), self._bits, f"sum_{bank}")
