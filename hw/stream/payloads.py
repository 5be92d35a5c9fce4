"""Payloads of the streams between components.

The handshake law, for every stream: a payload moves in each cycle in which valid and ready are
both 1, and what is offered stays offered, unchanged, until it is taken.
"""

from amaranth.hdl import Shape, Value, signed, unsigned
from amaranth.lib import data

from dualspike.hw.stream.counters import counter_shape
from dualspike.hw.stream.layouts import ArrayLayout, StructLayout
from dualspike.model.sizes.layers import Layer


def row(value: Shape, tangent_bits: int, lanes: int, width: int) -> data.StructLayout:
    """``width`` dual numbers side by side: value[width], tangent[width][lanes] if there are any."""
    members = {"value": ArrayLayout(value, width)}
    if tangent_bits and lanes:
        lane = ArrayLayout(signed(tangent_bits), lanes)
        members["tangent"] = ArrayLayout(lane, width)
    return StructLayout(members)


def layer_input(layer: Layer, lanes: int) -> data.StructLayout:
    """A chunk of ``simd`` inputs of a weight layer."""
    shape = Shape(layer.value_bits, layer.value_signed)
    return row(shape, layer.tangent_in_bits, lanes, layer.simd)


def sifted(layer: Layer, lanes: int) -> data.StructLayout:
    """A chunk with its number in the frame, and whether it is the last that was kept."""
    members = {"chunk": layer_input(layer, lanes), "index": counter_shape(layer.chunks - 1)}
    return StructLayout({**members, "last": unsigned(1)})


def mac_input(layer: Layer, lanes: int) -> data.StructLayout:
    """What a layer's multipliers take: every chunk, or those that a zero skipper has kept."""
    return (sifted if layer.skips else layer_input)(layer, lanes)


def sums(layer: Layer, lanes: int, width: int, *, shared: bool) -> data.StructLayout:
    """``width`` neurons' sums of weight * value, weight * tangent and sign * value.

    With ``shared`` signs (structure factored) the last is one for all neurons. Those of a layer
    that learns online are ``weighted``.
    """
    if layer.lag:
        return weighted(layer, width)
    members = {"value": ArrayLayout(signed(layer.value_sum_bits), width)}
    if lanes:
        if layer.tangent_in_bits:
            lane = ArrayLayout(signed(layer.tangent_sum_bits), lanes)
            members["tangent"] = ArrayLayout(lane, width)
        lane = ArrayLayout(signed(layer.sign_sum_bits), lanes)
        members["sign"] = ArrayLayout(lane, 1 if shared else width)
    return StructLayout(members)


def spikes(layer: Layer, width: int) -> data.StructLayout:
    """``width`` inputs of a layer: spikes, signs of lanes that begin there, tangents of others."""
    members = {"value": ArrayLayout(Shape(layer.value_bits, layer.value_signed), width)}
    return StructLayout(members | _lanes(layer, width, 2, layer.tangent_in_bits))


def weighted(layer: Layer, width: int) -> data.StructLayout:
    """``width`` neurons' sums of weight times each of these.

    A weight with its sign turned round may have a bit more.
    """
    members = {"value": ArrayLayout(signed(layer.value_sum_bits), width)}
    return StructLayout(
        members | _lanes(layer, width, layer.value_sum_bits, layer.tangent_sum_bits)
    )


def _lanes(layer: Layer, width: int, own: int, others: int) -> dict[str, data.ArrayLayout]:
    counts = {"own": (own, layer.own_lanes), "tangent": (others, layer.lanes_in - layer.own_lanes)}
    return {
        name: ArrayLayout(ArrayLayout(signed(bits), count), width)
        for name, (bits, count) in counts.items()
        if count
    }


def entries(view: data.View, count: int) -> list[Value]:
    """The first ``count`` elements of an array view."""
    return [view[n] for n in range(count)]
