"""One axis of the grid of an operator chip: its factors, and the mean errors that belong to it.

With the notation of `model.sizes.head`, for axis n with rows F_n and a prefix Q_(n-1):

G_(n-1) = round( sum over rows of g F_n )        E_n = round( sum over prefixes of g Q_(n-1) )

where g is the weighted error w of each point on the last axis, and the vector G_n on the others.
"""

from amaranth.hdl import Module, Mux, Signal, Value, signed
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from dualspike.hw.head.product.vector_memory import AccumulatorBank, VectorMemory
from dualspike.hw.stream.counters import count_on, counter_shape
from dualspike.hw.stream.layouts import ArrayLayout, StructLayout
from dualspike.model.ceil_div import ceil_div
from dualspike.model.description.description import Description
from dualspike.model.sizes.cycles import prefixes_held
from dualspike.model.sizes.head import ProductSizes


def pairs_of(description: Description, terms: int) -> data.ArrayLayout:
    """A chunk of the walk over an axis: ``terms`` times a term of the prefix and one of a row."""
    factor = signed(description.formats.factor.bits)
    return ArrayLayout(StructLayout({"prefix": factor, "factor": factor}), terms)


class Axis(wiring.Component):
    """Keeps the rows of F_n, meets every prefix with all of them, and sums up what comes back.

    A batch: ``clear``, then all rows on ``factors``, term after term, until ``full``; ``stored``
    counts the whole ones. Every ``prefix`` of ``basis`` terms then leaves as ``pairs``, row after
    row in chunks of ``terms``; with ``learn`` its ``errors`` come back, one for each row on the
    last axis, else ``basis`` terms for each, and G leaves on ``carried``. The next prefixes come in
    and leave meanwhile, as many as `model.sizes.cycles.prefixes_held` has room for. ``flush``
    after the last one sends E_n of all rows to ``own``. ``overflow`` pulses where G or E is
    clipped. In a chip that only infers pairs leave and nothing comes back.
    Throughput: a chunk of pairs, a term of all else, a cycle; a prefix takes the cycles that
    `model.sizes.cycles.prefix_cycles` counts.
    """

    def __init__(self, description: Description, geometry: ProductSizes, axis: int) -> None:
        self._d, self._basis = description, description.basis
        f, batch = description.formats, description.batch
        self._rows, self._last = batch[axis], axis == len(batch) - 1
        self._terms = geometry.terms if self._last else 1
        self._chunks = ceil_div(self._basis, self._terms)
        self._held = prefixes_held(description, axis)
        self._carried, self._own = geometry.carried[axis - 1], geometry.own[axis]
        self._error_bits = (f.error if self._last else f.cotangent).bits
        factor, mean = signed(f.factor.bits), signed(f.cotangent.bits)
        members = {
            "factors": In(stream.Signature(factor)),
            "prefix": In(stream.Signature(factor)),
            "pairs": Out(stream.Signature(pairs_of(description, self._terms))),
            "clear": In(1),
            "full": Out(1),
            "stored": Out(counter_shape(self._rows)),
        }
        if description.learns:
            members |= {
                "errors": In(stream.Signature(signed(self._error_bits))),
                "carried": Out(stream.Signature(mean)),
                "own": Out(stream.Signature(mean)),
                "learn": In(1),
                "flush": In(1),
                "overflow": Out(1),
            }
        super().__init__(members)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        shape = self._basis, self._terms, self._d.formats.factor.bits, 1 + self._d.learns
        m.submodules.rows = rows = VectorMemory(self._rows, *shape)
        m.submodules.prefixes = prefix = VectorMemory(self._held, *shape)
        sent = Signal()
        free: Value = sent
        if self._d.learns:
            free = self._learn(m, rows, prefix, sent)
        else:
            self._forward(m, rows, prefix, prefix.stored != 0, sent)
        m.d.comb += [
            self.full.eq(rows.full),
            self.stored.eq(rows.stored),
            self.factors.ready.eq(~rows.full),
            rows.write.eq(self.factors.valid & ~rows.full),
            rows.term.eq(self.factors.payload),
            rows.clear.eq(self.clear),
            self.prefix.ready.eq(rows.full & ~prefix.full),
            prefix.write.eq(self.prefix.valid & self.prefix.ready),
            prefix.term.eq(self.prefix.payload),
            prefix.free.eq(free),
        ]
        return m

    def _learn(self, m: Module, rows: VectorMemory, prefix: VectorMemory, sent: Signal) -> Value:
        """Pairs leave, their errors come back to two sums; whether a prefix is done with."""
        f, basis, terms = self._d.formats, self._basis, self._terms
        bits = self._error_bits + f.factor.bits
        one_row, one_chunk, mean = self._rows == 1, self._chunks == 1, f.cotangent.bits
        m.submodules.carried_sums = carried = AccumulatorBank(
            *(2, basis, terms, bits, self._carried, mean),
            apart=True,
            repeats=one_chunk and not one_row,
        )
        m.submodules.own_sums = own = AccumulatorBank(
            *(self._rows, basis, terms, bits, self._own, mean),
            apart=False,
            repeats=one_chunk and one_row,
        )
        connect(m, carried.outputs, flipped(self.carried))
        connect(m, own.outputs, flipped(self.own))
        returned = Signal()
        away = Signal.like(prefix.stored)
        self._forward(m, rows, prefix, prefix.stored != away, sent)
        self._back(m, rows, prefix, carried, own, returned)
        with m.If(self.learn):
            m.d.sync += away.eq(away + sent - returned)
        m.d.comb += [
            carried.give.eq(returned),
            own.give.eq(self.flush),
            self.overflow.eq(carried.overflow | own.overflow),
        ]
        return Mux(self.learn, returned, sent)

    def _forward(
        self, m: Module, rows: VectorMemory, prefix: VectorMemory, sending: Value, sent: Signal
    ) -> None:
        """The pairs of every row, in order; ``sent`` goes with the last of a prefix."""
        place, chunk, last_chunk = self._places(m, "sent")
        first_chunk = self._ring(m, "sent", self._held, sent)
        advance = Signal()
        padding = Signal()
        m.d.comb += [
            advance.eq(~self.pairs.valid | self.pairs.ready),
            sent.eq(advance & sending & (place == self._rows * self._chunks - 1)),
            rows.read_0.eq(advance),
            rows.place_0.eq(place),
            prefix.read_0.eq(advance),
            prefix.place_0.eq(first_chunk + chunk),
        ]
        with m.If(advance):
            m.d.sync += [self.pairs.valid.eq(sending), padding.eq(last_chunk)]
            with m.If(sending):
                self._step(m, place, chunk, last_chunk)
        for slot in range(self._terms):
            term = prefix.chunk_0[slot]
            if (self._chunks - 1) * self._terms + slot >= self._basis:
                term = Mux(padding, 0, term)
            m.d.comb += [
                self.pairs.payload[slot].prefix.eq(term),
                self.pairs.payload[slot].factor.eq(rows.chunk_0[slot]),
            ]

    def _back(
        self,
        m: Module,
        rows: VectorMemory,
        prefix: VectorMemory,
        carried: AccumulatorBank,
        own: AccumulatorBank,
        returned: Signal,
    ) -> None:
        """Every error times its row onto G, and times the prefix onto E_n, in three cycles.

        ``returned`` goes with the last of a prefix.
        """
        place, chunk, last_chunk = self._places(m, "returned")
        first_chunk = self._ring(m, "returned", self._held, prefix.free)
        first_sum = self._ring(m, "summed", 2, returned)
        taken = Signal()
        adding = Signal()
        first = Signal()
        begins = Signal()
        first_own = Signal()
        error = Signal.like(self.errors.payload)
        m.d.comb += [
            taken.eq(self.errors.valid & carried.free),
            self.errors.ready.eq(carried.free & (last_chunk if self._last else 1)),
            returned.eq(taken & (place == self._rows * self._chunks - 1)),
            rows.read_1.eq(taken),
            rows.place_1.eq(place),
            prefix.read_1.eq(taken),
            prefix.place_1.eq(first_chunk + chunk),
        ]
        m.d.sync += adding.eq(taken)
        with m.If(self.clear):
            m.d.sync += first.eq(1)
        with m.Elif(returned):
            m.d.sync += first.eq(0)
        with m.If(taken):
            self._step(m, place, chunk, last_chunk)
            m.d.sync += [
                error.eq(self.errors.payload),
                begins.eq(place < self._chunks),
                first_own.eq(first),
                own.place.eq(place),
                carried.place.eq(first_sum + chunk),
            ]
        m.d.comb += [
            carried.add.eq(adding),
            carried.fresh.eq(begins),
            own.add.eq(adding),
            own.fresh.eq(first_own),
        ]
        with m.If(adding):
            for slot in range(self._terms):
                m.d.sync += [
                    carried.products[slot].eq(error * rows.chunk_1[slot]),
                    own.products[slot].eq(error * prefix.chunk_1[slot]),
                ]

    def _ring(self, m: Module, name: str, vectors: int, onward: Value) -> Signal:
        """Place of the present vector's first chunk, ``onward`` from one to the next."""
        base = Signal(counter_shape((vectors - 1) * self._chunks), name=f"base_{name}")
        with m.If(onward):
            last = base == (vectors - 1) * self._chunks
            m.d.sync += base.eq(Mux(last, 0, base + self._chunks))
        return base

    def _places(self, m: Module, name: str) -> tuple[Signal, Signal, Signal]:
        place = Signal(counter_shape(self._rows * self._chunks - 1), name=f"place_{name}")
        chunk = Signal(counter_shape(self._chunks - 1), name=f"chunk_{name}")
        last_chunk = Signal(name=f"last_chunk_{name}")
        m.d.comb += last_chunk.eq(chunk == self._chunks - 1)
        return place, chunk, last_chunk

    def _step(self, m: Module, place: Signal, chunk: Signal, last_chunk: Signal) -> None:
        count_on(m, place, self._rows * self._chunks - 1)
        count_on(m, chunk, self._chunks - 1, last_chunk)
