"""A memory of signs, for a layer whose chunks come from anywhere."""

from amaranth.hdl import Module, Signal, Value
from amaranth.lib import data, memory

from dualspike.model.sizes.layers import Layer


def kept_signs(m: Module, layer: Layer, row: Value, filling: Signal, here: data.View) -> data.View:
    """A row of signs for each ``row`` of weights, written along the walk while ``filling``."""
    m.submodules.kept = store = memory.Memory(shape=here.shape(), depth=layer.cycles, init=[])
    read, write = store.read_port(), store.write_port()
    m.d.comb += [
        write.addr.eq(row),
        write.data.eq(here),
        write.en.eq(filling),
        read.addr.eq(row),
    ]
    return read.data
