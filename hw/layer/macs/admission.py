"""When the multipliers of a layer, which never wait, may end a group."""

from amaranth.hdl import Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from dualspike.hw.stream.counters import count_on, counter_shape
from dualspike.model.sizes.layers import Layer


class Admission(wiring.Component):
    """``admits`` is 1, from a register, while the `Serializer` will be empty when a group comes.

    ``ended`` pulses with a group's last chunk into the `MacArray`, ``leaves`` with a row out of the
    `RowBuffer`. The rows of a group come to the serializer 2 + ``fetch`` + ``multiply`` cycles
    after its last chunk. They find it empty and moving if the rows of all groups before, as many as
    have not left, have places in the buffer and one is free besides; and if the group before has
    ended as many cycles ago as it has rows. So a stall is seen at the last chunk of a group alone,
    whose sums keep until then.
    Latency: ``admits`` follows in the next cycle. Throughput: a group of r rows every max(r,
    ``chunks``) cycles while rows leave as they come, the first 4 + ``fetch`` + ``multiply`` cycles
    after its chunk: as many places there are (`Layer.row_places`).
    """

    def __init__(self, layer: Layer) -> None:
        self._layer = layer
        super().__init__({"ended": In(1), "leaves": In(1), "admits": Out(1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        layer = self._layer
        group = Signal(counter_shape(layer.groups - 1))
        last_group = group == layer.groups - 1
        rows = Mux(last_group, layer.last_group_rows, layer.group_rows)
        # Rows that have not left, and cycles to go before the next group can end.
        inside = Signal(range(layer.row_places + layer.group_rows))
        pause = Signal(counter_shape(layer.group_rows - 1))
        next_inside = Signal.like(inside)
        next_pause = Signal.like(pause)
        admits = Signal(init=1)
        # With groups of one row there are never more inside than places.
        fills = layer.row_places == (1 << len(inside)) - 1
        at_most = Const(1) if fills else inside <= layer.row_places
        # ``next_inside`` < ``row_places``: both pulses come late in a cycle, and only choose.
        fits = Mux(
            self.ended,
            Mux(self.leaves, inside + rows <= layer.row_places, inside + rows < layer.row_places),
            Mux(self.leaves, at_most, inside < layer.row_places),
        )
        m.d.comb += [
            self.admits.eq(admits),
            next_inside.eq(inside + Mux(self.ended, rows, 0) - self.leaves),
            next_pause.eq(Mux(self.ended, rows - 1, Mux(pause == 0, 0, pause - 1))),
        ]
        m.d.sync += [
            inside.eq(next_inside),
            pause.eq(next_pause),
            admits.eq(fits & (next_pause == 0)),
        ]
        with m.If(self.ended):
            count_on(m, group, layer.groups - 1, last_group)
        return m
