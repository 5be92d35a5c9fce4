"""Slopes of one part: for every lane the sum of E dA over all its rows and outputs."""

from amaranth.hdl import Array, Module, Mux, Signal, signed
from amaranth.lib import data, memory, stream, wiring
from amaranth.lib.wiring import In, Out

from dualspike.hw.counters import count_on, counter_shape


class Slopes(wiring.Component):
    """Keeps the tangents dA of ``words`` outputs, then takes E of each, in the same order.

    The lanes share one multiplier, each ``jvp`` is an accumulator of its own; ``clear`` zeroes
    them. ``finished`` pulses as the last product of all is added; after it tangents are taken
    again. Throughput: an output's tangents a cycle in, then an E every ``lanes`` cycles.
    """

    def __init__(
        self, words: int, lanes: int, tangent_bits: int, mean_bits: int, jvp_bits: int
    ) -> None:
        self._words, self._lanes = words, lanes
        self._tangents = data.ArrayLayout(signed(tangent_bits), lanes)
        self._product_bits = tangent_bits + mean_bits
        super().__init__(
            {
                "tangents": In(stream.Signature(self._tangents)),
                "means": In(stream.Signature(signed(mean_bits))),
                "clear": In(1),
                "jvp": Out(data.ArrayLayout(signed(jvp_bits), lanes)),
                "finished": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        bits = self._tangents.as_shape().width
        m.submodules.store = store = memory.Memory(shape=bits, depth=self._words, init=[])
        write = store.write_port()
        read = store.read_port(transparent_for=[write])
        place, next_place = (Signal(counter_shape(self._words - 1)) for _ in range(2))
        lane = Signal(counter_shape(self._lanes - 1))
        full, last_place = Signal(), Signal()
        takes = Signal()
        m.d.comb += [
            last_place.eq(place == self._words - 1),
            self.tangents.ready.eq(~full),
            self.means.ready.eq(full & (lane == self._lanes - 1)),
            takes.eq(
                (self.tangents.valid & self.tangents.ready) | (self.means.valid & self.means.ready)
            ),
            next_place.eq(place),
            write.addr.eq(place),
            write.data.eq(self.tangents.payload),
            write.en.eq(self.tangents.valid & ~full),
            read.addr.eq(next_place),
        ]
        m.d.sync += place.eq(next_place)
        with m.If(takes):
            if self._words > 1:
                m.d.comb += next_place.eq(Mux(last_place, 0, place + 1))
            with m.If(last_place):
                m.d.sync += full.eq(~full)

        works, adding, last = Signal(), Signal(), Signal()
        added = Signal.like(lane)
        product = Signal(signed(self._product_bits), reset_less=True)
        tangents = data.View(self._tangents, read.data)
        m.d.comb += works.eq(full & self.means.valid)
        m.d.sync += [
            adding.eq(works),
            last.eq(takes & last_place & full),
            added.eq(lane),
            product.eq(self.means.payload * Array(tangents[k] for k in range(self._lanes))[lane]),
        ]
        with m.If(works):
            count_on(m, lane, self._lanes - 1, self.means.ready)
        m.d.comb += self.finished.eq(last)
        for k in range(self._lanes):
            with m.If(self.clear):
                m.d.sync += self.jvp[k].eq(0)
            with m.Elif(adding & (added == k)):
                m.d.sync += self.jvp[k].eq(self.jvp[k] + product)
        return m
