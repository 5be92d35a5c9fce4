"""Memories of vectors for the product unit: terms come in one by one and are read in chunks."""

from amaranth.hdl import Array, Module, Mux, Signal, Value, signed
from amaranth.lib import memory, stream, wiring
from amaranth.lib.wiring import In, Out

from dualspike.hw.head.product.terms import TermAddressGenerator
from dualspike.hw.stream.arithmetic import round_saturate
from dualspike.hw.stream.counters import counter_shape
from dualspike.hw.stream.layouts import ArrayLayout
from dualspike.model.ceil_div import ceil_div
from dualspike.model.sizes.head import Sum


class VectorMemory(wiring.Component):
    """``rows`` vectors of ``basis`` terms.

    ``write`` adds ``term`` to them until ``full``; ``clear`` takes them all away, ``free`` the
    earliest, whose place the next one gets; ``stored`` counts whole rows. One or two ``readers``:
    with ``read_n`` in one cycle, ``chunk_n`` has ``terms`` terms from ``place_n`` = row * chunks +
    chunk from the next on. What pads a row's last chunk has no value.
    """

    def __init__(self, rows: int, basis: int, terms: int, bits: int, readers: int) -> None:
        self._rows, self._basis, self._terms, self._bits = rows, basis, terms, bits
        self._readers = readers
        self._places = rows * ceil_div(basis, terms)
        members = {
            "write": In(1),
            "term": In(signed(bits)),
            "clear": In(1),
            "free": In(1),
            "full": Out(1),
            "stored": Out(counter_shape(rows)),
        }
        for n in range(readers):
            members[f"read_{n}"] = In(1)
            members[f"place_{n}"] = In(counter_shape(self._places - 1))
            members[f"chunk_{n}"] = Out(ArrayLayout(signed(bits), terms))
        super().__init__(members)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.addresses = addresses = TermAddressGenerator(
            self._rows, self._basis, self._terms
        )
        stored = Signal.like(self.stored)
        m.d.comb += [
            addresses.advance.eq(self.write),
            addresses.clear.eq(self.clear),
            self.stored.eq(stored),
            self.full.eq(stored == self._rows),
        ]
        with m.If(self.clear):
            m.d.sync += stored.eq(0)
        with m.Else():
            m.d.sync += stored.eq(stored + (self.write & addresses.last_term) - self.free)
        for slot in range(self._terms):
            store = memory.Memory(shape=signed(self._bits), depth=self._places, init=[])
            m.submodules[f"slot_{slot}"] = store
            write = store.write_port()
            m.d.comb += [
                write.addr.eq(addresses.address),
                write.data.eq(self.term),
                write.en.eq(self.write & (addresses.slot == slot)),
            ]
            for n in range(self._readers):
                read = store.read_port()
                m.d.comb += [
                    read.addr.eq(getattr(self, f"place_{n}")),
                    read.en.eq(getattr(self, f"read_{n}")),
                    getattr(self, f"chunk_{n}")[slot].eq(read.data),
                ]
        return m


class AccumulatorBank(wiring.Component):
    """Exact sums of ``rows`` vectors of ``basis`` terms, rounded when they are given out.

    ``add`` in one cycle and ``products`` in the next add ``terms`` products to the sums at
    ``place``, or begin them where ``fresh`` is set with ``add``. ``give``, a cycle before the last
    ``add`` or later, sends all of them, term after term, each rounded
    (`model.sizes.head.Sum`) and saturated to ``bits`` bits; nothing is added meanwhile.
    With ``apart`` it sends one row, the next at every ``give``, and the others are added to: while
    all rows wait ``free`` is low, and none is. ``overflow`` pulses for each term that was clipped.
    One place is added to in two cycles running only with ``repeats``.
    Throughput: a chunk and, with ``apart``, a term a cycle. Latency: 2 cycles, from ``give`` to the
    first term 4.
    """

    def __init__(
        self,
        rows: int,
        basis: int,
        terms: int,
        product_bits: int,
        exact: Sum,
        bits: int,
        *,
        apart: bool,
        repeats: bool,
    ) -> None:
        self._rows, self._basis, self._terms, self._exact = rows, basis, terms, exact
        self._bits, self._places, self._repeats = bits, rows * ceil_div(basis, terms), repeats
        self._apart = apart
        super().__init__(
            {
                "add": In(1),
                "place": In(counter_shape(self._places - 1)),
                "fresh": In(1),
                "products": In(ArrayLayout(signed(product_bits), terms)),
                "give": In(1),
                "free": Out(1),
                "outputs": Out(stream.Signature(signed(bits))),
                "overflow": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.addresses = addresses = TermAddressGenerator(
            self._rows, self._basis, self._terms
        )
        adding = Signal()
        fresh = Signal()
        place = Signal.like(self.place)
        giving = Signal()
        ahead = Signal()
        added = Signal()
        ended = Signal()
        slot = Signal.like(addresses.slot)
        advance = Signal()
        outstanding = Signal(counter_shape(self._rows if self._apart else 1))
        m.d.sync += [adding.eq(self.add), fresh.eq(self.fresh), place.eq(self.place)]
        m.d.sync += [added.eq(self.give), outstanding.eq(outstanding + self.give - ended)]
        m.d.comb += [
            advance.eq(~self.outputs.valid | self.outputs.ready),
            giving.eq(outstanding > added),
            addresses.advance.eq(giving & advance),
            ended.eq(addresses.advance & (addresses.last_term if self._apart else addresses.last)),
            self.free.eq(outstanding != (self._rows if self._apart else 1)),
        ]
        one_chunk = self._places == self._rows
        sums: list[Value] = []
        for s in range(self._terms):
            store = memory.Memory(shape=signed(self._exact.bits), depth=self._places, init=[])
            m.submodules[f"slot_{s}"] = store
            write = store.write_port()
            read = store.read_port(transparent_for=[write] if self._repeats else [])
            out = read
            if self._apart:
                out = store.read_port(transparent_for=[write] if one_chunk else [])
                m.d.comb += [read.addr.eq(self.place), read.en.eq(self.add)]
                m.d.comb += [out.addr.eq(addresses.address), out.en.eq(advance)]
            else:
                m.d.comb += read.addr.eq(Mux(giving, addresses.address, self.place))
                m.d.comb += read.en.eq(Mux(giving, advance, self.add))
            m.d.comb += [
                write.addr.eq(place),
                write.data.eq(Mux(fresh, 0, read.data) + self.products[s]),
                write.en.eq(adding),
            ]
            sums.append(out.data)
        exact = Array(sums)[slot] if self._terms > 1 else sums[0]
        rounded, clips = round_saturate(m, exact, self._exact.shift, self._bits, "rounded")
        given = Signal.like(self.outputs.payload, reset_less=True)
        m.d.comb += self.outputs.payload.eq(given)
        with m.If(advance):
            m.d.sync += [
                ahead.eq(giving),
                slot.eq(addresses.slot),
                self.outputs.valid.eq(ahead),
            ]
            with m.If(ahead):
                m.d.sync += given.eq(rounded)
        m.d.comb += self.overflow.eq(advance & ahead & clips)
        return m
