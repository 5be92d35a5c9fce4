"""Bytes to the streams of an operator chip, which come one after the other on the link."""

import math

from amaranth.hdl import Cat, Module, Mux, Signal, signed
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from dualspike.boards.gateware.link.numbers import number_bytes
from dualspike.hw.stream.counters import count_on, counter_shape
from dualspike.model.description.description import Description
from dualspike.model.interface.feeds import Feed, feeds_of


class RowUnpacker(wiring.Component):
    """Bytes to the rows of one stream; ``ended`` pulses with the last byte of each."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        number = signed(feed.format.bits)
        rows = feed.name.startswith("inputs")
        super().__init__(
            {
                "bytes": In(stream.Signature(8)),
                "rows": Out(
                    stream.Signature(data.ArrayLayout(number, feed.simd) if rows else number)
                ),
                "ended": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        place, count = number_bytes(self._feed.format), self._feed.simd
        chunk = Signal(8 * place * count)
        byte = Signal(counter_shape(place * count - 1))
        number = Signal(counter_shape(self._feed.chunks - 1))
        bits = self._feed.format.bits
        last = byte == place * count - 1
        taken = self.bytes.valid & self.bytes.ready
        m.d.comb += [
            self.bytes.ready.eq(~self.rows.valid),
            self.rows.payload.eq(Cat(chunk.word_select(n, 8 * place)[:bits] for n in range(count))),
            self.ended.eq(taken & last & (number == self._feed.chunks - 1)),
        ]
        with m.If(taken):
            m.d.sync += [chunk.eq(Cat(chunk[8:], self.bytes.payload)), self.rows.valid.eq(last)]
            count_on(m, byte, place * count - 1, last)
            with m.If(last):
                count_on(m, number, self._feed.chunks - 1)
        with m.If(self.rows.valid & self.rows.ready):
            m.d.sync += self.rows.valid.eq(0)
        return m


class GridUnpacker(wiring.Component):
    """Bytes to the rows of every trunk, one trunk after the other, and then to functions.

    A function is a row of the branch, and with ``learn`` its weight, if functions are weighed, and
    its targets. After those of a batch the trunks' rows come anew; without ``learn`` there are any
    number of functions. A reset begins with the trunks.
    """

    def __init__(self, description: Description) -> None:
        self._d = description
        self._rows = {feed.name: RowUnpacker(feed) for feed in feeds_of(description)}
        outputs = {name: one.signature.members["rows"] for name, one in self._rows.items()}
        super().__init__({"bytes": In(stream.Signature(8)), "learn": In(1), **outputs})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        functions, *rows = self._d.batch
        trunks = [(f"inputs_{n}", count) for n, count in enumerate(rows, 1)]
        steps = [("inputs_0", 1), ("scales", 1), ("targets", math.prod(rows))]
        order = trunks + [(name, count) for name, count in steps if name in self._rows]
        for name, one in self._rows.items():
            m.submodules[name] = one
            connect(m, one.rows, flipped(getattr(self, name)))
            m.d.comb += one.bytes.payload.eq(self.bytes.payload)
        step = Signal(counter_shape(len(order) - 1))
        row = Signal(counter_shape(max(count for _, count in order) - 1))
        function = Signal(counter_shape(functions - 1))
        branch, end = len(trunks), len(order) - 1
        with m.Switch(step):
            for n, (name, count) in enumerate(order):
                one = self._rows[name]
                with m.Case(n):
                    m.d.comb += [
                        one.bytes.valid.eq(self.bytes.valid),
                        self.bytes.ready.eq(one.bytes.ready),
                    ]
                    over = one.ended & (row == count - 1)
                    with m.If(one.ended):
                        count_on(m, row, count - 1)
                    if n < end:
                        with m.If(over & (self.learn if n == branch else 1)):
                            m.d.sync += step.eq(n + 1)
                    elif self._d.learns:
                        with m.If(over):
                            m.d.sync += step.eq(Mux(function == functions - 1, 0, branch))
                            count_on(m, function, functions - 1)
        return m
