"""Shifts made before a product, so that nothing is shifted by any number after it.

d a / 2^s is (d a 2^k) / 2^top with k = top - s, top the largest shift that a chip reaches: one
factor is shifted left by k, once for all products that it takes part in.
"""

from amaranth.hdl import Module, Mux, Signal, Value

from dualspike.hw.stream.arithmetic import wire


def below_top(m: Module, shift: Value, reach: range, name: str) -> Signal:
    """k of a right shift s; one that is out of ``reach`` counts as the end of it."""
    most = len(reach) - 1
    k = wire(m, reach[-1] - shift, f"{name}_exact")
    small = Signal(range(most + 1), name=name)
    m.d.comb += small.eq(Mux(k < 0, 0, Mux(k > most, most, k)))
    return small


def scaled(value: Value, k: Value, reach: range) -> Value:
    """Signed or unsigned ``value`` times 2^k, with the bits that the largest k takes."""
    shape = value.shape()
    exact = (value << k)[: shape.width + len(reach) - 1]
    return exact.as_signed() if shape.signed else exact
