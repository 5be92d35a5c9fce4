"""Counters that wrap."""

from amaranth.hdl import Module, Mux, Shape, Signal, Value, unsigned


def counter_shape(highest: int) -> Shape:
    """Unsigned shape that holds 0 to ``highest``, at least one bit."""
    return unsigned(max(1, highest.bit_length()))


def count_on(m: Module, count: Signal, highest: int, last: Value | None = None) -> None:
    """Count 0, 1 ... ``highest``, and 0 again, once in each cycle of the condition it stands in.

    ``last`` tells that ``count`` is at its highest, where that is known already. A count of a
    single number stays a constant: no register, and nothing that chooses by it, is made.
    """
    if highest:
        ends = count == highest if last is None else last
        m.d.sync += count.eq(Mux(ends, 0, count + 1))
