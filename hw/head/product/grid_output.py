"""The points of the grid: y, its error against the target, and the loss.

y = sat( round( sum of Q F ) ), e = sat( round( y - target ) ), w = sat( round( e v ) ) with the
weight v of the point's function (w = e where functions have none), loss = sum of e w.
"""

import math

from amaranth.hdl import Const, Module, Mux, Signal, Value, signed
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from dualspike.hw.head.product.axis import pairs_of
from dualspike.hw.stream.arithmetic import add, round_saturate
from dualspike.hw.stream.counters import count_on, counter_shape
from dualspike.model.ceil_div import ceil_div
from dualspike.model.description.description import Description
from dualspike.model.sizes.head import ProductSizes


class GridOutput(wiring.Component):
    """Takes the pairs of the last axis, chunk by chunk, point by point, function by function.

    With ``learn`` every y meets a target, and the weighted error leaves on ``errors``; with a
    ``floor`` in the description ``scales`` has one v for each function. Without, y leaves on
    ``results``, and ``counted`` pulses with the last one of a function. ``clear`` zeroes ``loss``.
    ``overflow`` pulses: bit 0 y, bit 1 e or w clipped. A chip that only infers has neither targets
    nor what comes of them.
    Latency from a point's last chunk in: 3 cycles to y; from y to its error 1, with a floor 3; to
    the loss 2 more. Throughput: a chunk a cycle.
    """

    def __init__(self, description: Description, geometry: ProductSizes) -> None:
        self._d, self._g = description, geometry
        f = description.formats
        self._weighted = description.floor is not None
        self._points = math.prod(description.batch[1:])
        self._chunks = ceil_div(description.basis, geometry.terms)
        members = {
            "pairs": In(stream.Signature(pairs_of(description, geometry.terms))),
            "results": Out(stream.Signature(signed(f.membrane.bits))),
            "counted": Out(1),
            "overflow": Out(1 + description.learns),
        }
        if description.learns:
            members |= {
                "targets": In(stream.Signature(signed(f.target.bits))),
                "errors": Out(stream.Signature(signed(f.error.bits))),
                "learn": In(1),
                "clear": In(1),
                "loss": Out(signed(geometry.loss_bits)),
            }
        if self._weighted:
            members["scales"] = In(stream.Signature(signed(f.scale.bits)))
        super().__init__(members)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        y = Signal(signed(self._d.formats.membrane.bits), reset_less=True)
        there = Signal()
        last_point = Signal()
        given = Signal()
        self._output(m, y, there, given)

        point = Signal(counter_shape(self._points - 1))
        m.d.comb += last_point.eq(point == self._points - 1)
        with m.If(there & given):
            count_on(m, point, self._points - 1, last_point)

        onward = Signal()
        taken = Signal()
        valid, moves = (
            self._meet(m, there, taken, onward) if self._d.learns else (there, self.results.ready)
        )
        m.d.comb += [
            self.results.valid.eq(valid),
            self.results.payload.eq(y),
            given.eq(moves),
            self.counted.eq(self.results.valid & self.results.ready & last_point),
        ]
        if self._weighted:
            m.d.comb += self.scales.ready.eq(taken & last_point)
        if self._d.learns:
            error = self._weigh(m, y, taken, onward)
            self._accumulate(m, error)
        return m

    def _meet(self, m: Module, there: Signal, taken: Signal, onward: Signal) -> tuple[Value, Value]:
        """While learning every y is ``taken`` with its target, else a result.

        Whether it is on offer as one, and whether it goes.
        """
        scaled: Value = self.scales.valid if self._weighted else Const(1)
        m.d.comb += [
            self.targets.ready.eq(taken),
            taken.eq(self.learn & there & self.targets.valid & scaled & onward),
        ]
        return ~self.learn & there, Mux(self.learn, taken, self.results.ready)

    def _output(self, m: Module, y: Signal, there: Signal, given: Signal) -> None:
        """y from its chunks: multiply, add up, round."""
        f, g, terms = self._d.formats, self._g, self._g.terms
        chunk = Signal(counter_shape(self._chunks - 1))
        last_chunk = chunk == self._chunks - 1
        valid = Signal()
        first = Signal()
        last = Signal()
        summed = Signal()
        advance = Signal()
        products = [
            Signal(signed(2 * f.factor.bits), name=f"product_{slot}", reset_less=True)
            for slot in range(terms)
        ]
        total = Signal(signed(g.output.bits), reset_less=True)
        rounded, clips = round_saturate(m, total, g.output.shift, f.membrane.bits, "rounded_total")
        m.d.comb += [
            self.pairs.ready.eq(advance),
            advance.eq(~there | given),
            self.overflow[0].eq(advance & summed & clips),
        ]
        with m.If(advance & self.pairs.valid):
            count_on(m, chunk, self._chunks - 1, last_chunk)
            m.d.sync += [
                first.eq(chunk == 0),
                last.eq(last_chunk),
                *(
                    product.eq(one.prefix * one.factor)
                    for product, one in zip(products, self.pairs.payload, strict=True)
                ),
            ]
        with m.If(advance & valid):
            m.d.sync += total.eq(Mux(first, 0, total) + add(*products))
        with m.If(advance):
            m.d.sync += [
                valid.eq(self.pairs.valid),
                summed.eq(valid & last),
                there.eq(summed),
                y.eq(rounded),
            ]

    def _weigh(self, m: Module, y: Signal, taken: Signal, onward: Signal) -> Signal:
        """e and, two stages after it, w; returns the e that belongs to the w on offer.

        ``onward`` says that the next y can be taken: a stage moves when the one after it can.
        """
        f, g = self._d.formats, self._g
        given = ~self.errors.valid | self.errors.ready
        off = y - self.targets.payload.shift_left(f.membrane.fraction - f.target.fraction)
        rounded, clips = round_saturate(m, off, g.error.shift, f.error.bits, "rounded_error")
        error = Signal(signed(f.error.bits), reset_less=True)
        clipped = taken & clips
        with m.If(onward):
            m.d.sync += error.eq(rounded)
        if not self._weighted:
            with m.If(onward):
                m.d.sync += self.errors.valid.eq(taken)
            m.d.comb += [
                onward.eq(given),
                self.errors.payload.eq(error),
                self.overflow[1].eq(clipped),
            ]
            return error
        valid = [Signal(name=f"valid_{n}") for n in range(2)]
        earlier = [Signal.like(error, name=f"error_{n}", reset_less=True) for n in range(2)]
        scale = Signal(signed(f.scale.bits), reset_less=True)
        product = Signal(signed(f.error.bits + f.scale.bits), reset_less=True)
        rounded, clips = round_saturate(m, product, g.scaled.shift, f.error.bits, "rounded_product")
        multiplied = Signal()
        m.d.comb += [
            multiplied.eq(~valid[1] | given),
            onward.eq(~valid[0] | multiplied),
            self.overflow[1].eq(clipped | (given & valid[1] & clips)),
        ]
        with m.If(onward):
            m.d.sync += [scale.eq(self.scales.payload), valid[0].eq(taken)]
        with m.If(multiplied):
            m.d.sync += [
                product.eq(error * scale),
                earlier[0].eq(error),
                valid[1].eq(valid[0]),
            ]
        with m.If(given):
            m.d.sync += [
                self.errors.payload.eq(rounded),
                earlier[1].eq(earlier[0]),
                self.errors.valid.eq(valid[1]),
            ]
        return earlier[1]

    def _accumulate(self, m: Module, error: Signal) -> None:
        """loss += e w of every error that goes."""
        product = Signal((error * error).shape(), reset_less=True)
        adds = Signal()
        m.d.sync += [
            adds.eq(self.errors.valid & self.errors.ready),
            product.eq(error * self.errors.payload),
        ]
        with m.If(self.clear):
            m.d.sync += self.loss.eq(0)
        with m.Elif(adds):
            m.d.sync += self.loss.eq(self.loss + product)
