"""Rounding and saturation as expressions. Written apart from the golden model on purpose."""

from amaranth.hdl import Const, Mux, Value, signed


def round_half_up(value: Value, shift: int) -> Value:
    """floor(value / 2^shift + 1/2); a negative shift multiplies, exactly."""
    if shift <= 0:
        return value.shift_left(-shift)
    return (value.shift_right(shift - 1) + 1).shift_right(1)


def saturate(value: Value, bits: int) -> tuple[Value, Value]:
    """Signed ``value`` clipped to ``bits`` bits, and whether that changed it."""
    width = value.shape().width
    if width <= bits:
        return value, Const(0, 1)
    top = value[bits - 1 :]
    over = ~(top.all() | ~top.any())
    half = 1 << (bits - 1)
    edge = Mux(value[-1], Const(-half, signed(bits)), Const(half - 1, signed(bits)))
    return Mux(over, edge, value[:bits].as_signed()), over


def fit(value: Value, shift: int, bits: int) -> tuple[Value, Value]:
    """`round_half_up`, then `saturate`."""
    return saturate(round_half_up(value, shift), bits)


def add(*terms: Value) -> Value:
    """Balanced sum; every level is one bit wider, so nothing is lost."""
    values = list(terms)
    while len(values) > 1:
        pairs = [a + b for a, b in zip(values[::2], values[1::2], strict=False)]
        values = pairs + values[len(pairs) * 2 :]
    return values[0] if values else Const(0, signed(1))
