"""Rounding and saturation as expressions. Written apart from the golden model on purpose."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value, signed


def wire(m: Module, value: Value, name: str) -> Signal:
    """``value`` on wires of its own: an expression is built anew wherever it is used."""
    signal = Signal(value.shape(), name=name)
    m.d.comb += signal.eq(value)
    return signal


def round_half_up(value: Value, shift: int) -> Value:
    """floor(value / 2^shift + 1/2); a negative shift multiplies, exactly."""
    if shift <= 0:
        return value.shift_left(-shift)
    return (value.shift_right(shift - 1) + 1).shift_right(1)


def saturate(m: Module, value: Value, bits: int, name: str) -> tuple[Value, Value]:
    """Signed ``value`` clipped to ``bits`` bits, and whether that changed it; ``name`` before."""
    width = value.shape().width
    if width <= bits:
        return value, Const(0, 1)
    exact = wire(m, value, name)
    top = exact[bits - 1 :]
    over = wire(m, ~(top.all() | ~top.any()), f"{name}_clips")
    half = 1 << (bits - 1)
    edge = Mux(exact[-1], Const(-half, signed(bits)), Const(half - 1, signed(bits)))
    return Mux(over, edge, exact[:bits].as_signed()), over


def round_saturate(
    m: Module, value: Value, shift: int, bits: int, name: str
) -> tuple[Value, Value]:
    """`round_half_up`, then `saturate`."""
    return saturate(m, round_half_up(value, shift), bits, name)


def add(*terms: Value) -> Value:
    """Balanced sum; every level is one bit wider, so nothing is lost."""
    values = list(terms)
    while len(values) > 1:
        pairs = [a + b for a, b in zip(values[::2], values[1::2], strict=False)]
        values = pairs + values[len(pairs) * 2 :]
    return values[0] if values else Const(0, signed(1))


Counted = tuple[Value, Value]
"""A number in two parts: a signed value, and a bit that counts as well."""


def turned(value: Value, negative: Value) -> Counted:
    """``value``, or if ``negative`` its negative: the complement, and a bit for the 1 after it."""
    return value ^ negative.replicate(value.shape().width).as_signed(), negative


def add_counted(*terms: Counted) -> Counted:
    """Balanced sum that takes bits as carries: so many additions as sums without them."""
    values = list(terms)
    while len(values) > 1:
        pairs: list[Counted] = []
        for (a, carry), (b, rest) in zip(values[::2], values[1::2], strict=False):
            twice = Cat(1, a).as_signed() + Cat(carry, b).as_signed()
            pairs.append((twice.shift_right(1), rest))
        values = pairs + values[len(pairs) * 2 :]
    return values[0]
