"""Slopes of one part: for every lane the sum of E dA over all its rows and outputs."""

from amaranth.hdl import Array, Cat, Module, Mux, Signal, signed
from amaranth.lib import data, memory, stream, wiring
from amaranth.lib.wiring import In, Out

from dualspike.hw.stream.counters import count_on, counter_shape
from dualspike.hw.stream.layouts import ArrayLayout


class Slopes(wiring.Component):
    """Keeps the tangents dA of ``frames`` times ``words`` outputs, and takes E of each, in order.

    The lanes share one multiplier, each ``jvp`` is an accumulator of its own; ``clear`` zeroes
    them. ``finished`` pulses as the last product of a frame is added. Throughput: an output's
    tangents a cycle in, and an E every ``lanes`` cycles.
    """

    def __init__(
        self, frames: int, words: int, lanes: int, tangent_bits: int, mean_bits: int, jvp_bits: int
    ) -> None:
        self._ends = [words * (n + 1) - 1 for n in range(frames)]
        self._lanes = lanes
        self._tangents = ArrayLayout(signed(tangent_bits), lanes)
        self._product_bits = tangent_bits + mean_bits
        super().__init__(
            {
                "tangents": In(stream.Signature(self._tangents)),
                "means": In(stream.Signature(signed(mean_bits))),
                "clear": In(1),
                "jvp": Out(ArrayLayout(signed(jvp_bits), lanes)),
                "finished": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        bits, last_place = self._tangents.as_shape().width, self._ends[-1]
        m.submodules.store = store = memory.Memory(shape=bits, depth=last_place + 1, init=[])
        write = store.write_port()
        read = store.read_port(transparent_for=[write])
        into = Signal(counter_shape(last_place))
        place = Signal(counter_shape(last_place))
        next_place = Signal(counter_shape(last_place))
        level = Signal(counter_shape(last_place + 1))
        lane = Signal(counter_shape(self._lanes - 1))
        last_lane = Signal()
        takes = Signal()
        ends = Signal()
        m.d.comb += [
            last_lane.eq(lane == self._lanes - 1),
            self.tangents.ready.eq(level != last_place + 1),
            self.means.ready.eq((level != 0) & last_lane),
            takes.eq(self.means.valid & self.means.ready),
            ends.eq(takes & Cat(place == end for end in self._ends).any()),
            write.addr.eq(into),
            write.data.eq(self.tangents.payload),
            write.en.eq(self.tangents.valid & self.tangents.ready),
            next_place.eq(place),
            read.addr.eq(next_place),
        ]
        m.d.sync += [place.eq(next_place), level.eq(level + write.en - takes)]
        with m.If(write.en):
            count_on(m, into, last_place)
        if last_place:
            with m.If(takes):
                m.d.comb += next_place.eq(Mux(place == last_place, 0, place + 1))

        works = Signal()
        adding = Signal()
        last = Signal()
        added = Signal.like(lane)
        product = Signal(signed(self._product_bits), reset_less=True)
        tangents = data.View(self._tangents, read.data)
        m.d.comb += works.eq((level != 0) & self.means.valid)
        m.d.sync += [
            adding.eq(works),
            last.eq(ends),
            added.eq(lane),
            product.eq(self.means.payload * Array(tangents[k] for k in range(self._lanes))[lane]),
        ]
        with m.If(works):
            count_on(m, lane, self._lanes - 1, last_lane)
        m.d.comb += self.finished.eq(last)
        for k in range(self._lanes):
            with m.If(self.clear):
                m.d.sync += self.jvp[k].eq(0)
            with m.Elif(adding & (added == k)):
                m.d.sync += self.jvp[k].eq(self.jvp[k] + product)
        return m
