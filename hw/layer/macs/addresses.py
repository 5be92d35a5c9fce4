"""The order in which a layer's weights are visited: groups of neurons, chunks of inputs."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from dualspike.hw.stream.arithmetic import wire
from dualspike.hw.stream.counters import count_on, counter_shape
from dualspike.model.sizes.layers import Layer


def _position(layer: Layer) -> dict[str, wiring.Member]:
    return {
        "row": Out(counter_shape(layer.cycles - 1)),
        "chunk": Out(counter_shape(layer.chunks - 1)),
        "group": Out(counter_shape(layer.groups - 1)),
        "first_chunk": Out(1),
        "last_chunk": Out(1),
        "last_group": Out(1),
        "last_row": Out(1),
    }


class WeightAddressGenerator(wiring.Component):
    """Position in a pass over the weights; ``advance`` moves it on, the end wraps to the start.

    ``row`` = group * chunks + chunk addresses the weight memories, ``next_row`` is it in the next
    cycle. The ``last_*`` and
    ``first_chunk`` members describe the present position.
    """

    def __init__(self, layer: Layer) -> None:
        self._layer = layer
        next_row = {"next_row": Out(counter_shape(layer.cycles - 1))}
        super().__init__({"advance": In(1), **next_row, **_position(layer)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        chunks, groups = self._layer.chunks, self._layer.groups
        row = Signal.like(self.row)
        chunk = Signal.like(self.chunk)
        group = Signal.like(self.group)
        # Registers too, since all that takes a chunk waits for them.
        first_chunk = Signal(init=1)
        last_chunk = Signal(init=chunks == 1)
        last_group = Signal(init=groups == 1)
        m.d.comb += [
            self.row.eq(row),
            self.chunk.eq(chunk),
            self.group.eq(group),
            self.first_chunk.eq(first_chunk),
            self.last_chunk.eq(last_chunk),
            self.last_group.eq(last_group),
            self.last_row.eq(last_chunk & last_group),
        ]
        if self._layer.cycles > 1:
            # ``advance`` comes late in a cycle, and only chooses.
            onwards = wire(m, Mux(self.last_row, 0, row + 1)[: len(row)], "onwards")
            m.d.comb += self.next_row.eq(Mux(self.advance, onwards, row))
            m.d.sync += row.eq(self.next_row)
        with m.If(self.advance):
            count_on(m, chunk, chunks - 1, last_chunk)
            m.d.sync += first_chunk.eq(last_chunk)
            if chunks > 1:
                m.d.sync += last_chunk.eq(chunk == chunks - 2)
            with m.If(last_chunk):
                count_on(m, group, groups - 1, last_group)
                if groups > 1:
                    m.d.sync += last_group.eq(group == groups - 2)
        return m


class SparseAddressGenerator(wiring.Component):
    """A `WeightAddressGenerator` that, while ``given`` is 1, visits only the chunks it is told to.

    ``index`` is the chunk to visit and ``last`` says that the group ends with it; the groups come
    in order as ever. While ``given`` is 0 the walk visits every chunk.
    """

    def __init__(self, layer: Layer) -> None:
        self._layer = layer
        given = {"given": In(1), "index": In(counter_shape(layer.chunks - 1)), "last": In(1)}
        super().__init__({"advance": In(1), **given, **_position(layer)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        layer = self._layer
        count = Signal.like(self.chunk)
        group = Signal.like(self.group)
        base = Signal.like(self.row)
        first = Signal(init=1)
        m.d.comb += [
            self.chunk.eq(Mux(self.given, self.index, count)),
            self.group.eq(group),
            self.row.eq(base + self.chunk),
            self.first_chunk.eq(first),
            self.last_chunk.eq(Mux(self.given, self.last, count == layer.chunks - 1)),
            self.last_group.eq(group == layer.groups - 1),
            self.last_row.eq(self.last_chunk & self.last_group),
        ]
        with m.If(self.advance):
            m.d.sync += first.eq(self.last_chunk)
            with m.If(~self.given):
                m.d.sync += count.eq(count + 1)
            with m.If(self.last_chunk):
                m.d.sync += [count.eq(0), group.eq(group + 1), base.eq(base + layer.chunks)]
                with m.If(self.last_group):
                    m.d.sync += [group.eq(0), base.eq(0)]
        return m
