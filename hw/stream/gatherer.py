"""From rows of a few neurons to groups of many, as multipliers take them."""

from amaranth.hdl import Module, Mux, Shape, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from dualspike.hw.stream.counters import count_on, counter_shape
from dualspike.hw.stream.layouts import ArrayLayout
from dualspike.model.sizes.layers import Layer


class Gatherer(wiring.Component):
    """Rows of ``next_simd`` numbers in, groups of ``pe`` out: the other way round a `Serializer`.

    The last group of a frame has fewer rows; what it has for neurons that are not there is left
    over from others. The next group's rows come in from the clock on in which a group is taken.
    Latency: 1 cycle from a group's last row. Throughput: a row a cycle.
    """

    def __init__(self, layer: Layer, shape: Shape) -> None:
        self._layer, self._shape = layer, shape
        super().__init__(
            {
                "inputs": In(stream.Signature(ArrayLayout(shape, layer.next_simd))),
                "outputs": Out(stream.Signature(ArrayLayout(shape, layer.pe))),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        layer = self._layer
        rows, last_rows = layer.group_rows, layer.last_group_rows
        row = Signal(counter_shape(rows - 1))
        group = Signal(counter_shape(layer.groups - 1))
        full = Signal()
        taken = Signal()
        last_group = group == layer.groups - 1
        ends = row == Mux(last_group, last_rows - 1, rows - 1)
        m.d.comb += [
            self.outputs.valid.eq(full),
            self.inputs.ready.eq(~full | self.outputs.ready),
            taken.eq(self.inputs.valid & self.inputs.ready),
        ]
        with m.If(taken):
            m.d.sync += full.eq(ends)
            count_on(m, row, rows - 1, ends)
            with m.If(ends):
                count_on(m, group, layer.groups - 1, last_group)
        with m.Elif(self.outputs.ready):
            m.d.sync += full.eq(0)
        for p in range(layer.pe):
            held = Signal(self._shape, name=f"held_{p}", reset_less=True)
            n, slot = divmod(p, layer.next_simd)
            m.d.comb += self.outputs.payload[p].eq(held)
            with m.If(taken & (row == n)):
                m.d.sync += held.eq(self.inputs.payload[slot])
        return m
