"""The order in which a layer's weights are visited: groups of neurons, chunks of inputs."""

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from dualspike.hw.streams import counter_shape
from dualspike.model.geometry import Layer


class Walk(wiring.Component):
    """Position in a pass over the weights; ``advance`` moves it on, the end wraps to the start.

    ``row`` = group * chunks + chunk addresses the weight memories. The ``last_*`` and
    ``first_chunk`` members describe the present position.
    """

    def __init__(self, layer: Layer) -> None:
        self._layer = layer
        super().__init__(
            {
                "advance": In(1),
                "row": Out(counter_shape(layer.cycles - 1)),
                "chunk": Out(counter_shape(layer.chunks - 1)),
                "group": Out(counter_shape(layer.groups - 1)),
                "first_chunk": Out(1),
                "last_chunk": Out(1),
                "last_group": Out(1),
                "last_row": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        row, chunk, group = (Signal.like(s) for s in (self.row, self.chunk, self.group))
        m.d.comb += [
            self.row.eq(row),
            self.chunk.eq(chunk),
            self.group.eq(group),
            self.first_chunk.eq(chunk == 0),
            self.last_chunk.eq(chunk == self._layer.chunks - 1),
            self.last_group.eq(group == self._layer.groups - 1),
            self.last_row.eq(self.last_chunk & self.last_group),
        ]
        with m.If(self.advance):
            m.d.sync += [row.eq(row + 1), chunk.eq(chunk + 1)]
            with m.If(self.last_chunk):
                m.d.sync += [chunk.eq(0), group.eq(group + 1)]
                with m.If(self.last_group):
                    m.d.sync += [row.eq(0), group.eq(0)]
        return m
