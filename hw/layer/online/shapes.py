"""Shapes of what moves in and around a layer that learns online."""

from amaranth.hdl import Shape, signed

from dualspike.model.description.part import Part
from dualspike.model.sizes.layers import Layer
from dualspike.model.sizes.online import signal_bits, trace_bits


def trace_shape(part: Part, layer: Layer) -> Shape:
    """Traces of a layer: see `trace_bits`."""
    return Shape(trace_bits(part, layer), layer.value_signed)


def signal_shape(part: Part, layer: Layer) -> Shape:
    """What comes back to a neuron: see `signal_bits`."""
    return signed(signal_bits(part, layer))
