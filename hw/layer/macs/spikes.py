"""Products that need no multiplier: one factor is a spike, or a sign."""

from amaranth.hdl import Cat, Mux, Value

from dualspike.model.sizes.layers import Layer


def spiked(layer: Layer, weight: Value, spike: Value) -> Value:
    """A weight times what a layer that takes a bit at every step is given."""
    if layer.kind == "coded":
        return Mux(spike[0], Mux(spike[1], -weight, weight), 0)
    return Mux(spike, weight, 0)


def signed_by(layer: Layer, sign: Value, value: Value, inverted: Value, on: Value) -> Value:
    """``value``, or with a ``sign`` of 1 its negative ``inverted``; 0 where not ``on``."""
    if layer.every_step:
        coded = layer.value_signed
        active = (value[0] if coded else value) & on
        negative = value[1] ^ sign if coded else sign
        return Cat(active, active & negative).as_signed()
    return Mux(on, Mux(sign, inverted, value), 0)
