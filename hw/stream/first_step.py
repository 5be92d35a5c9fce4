"""Whether a row belongs to a sample's first step, told without a comparison in its own clock."""

from amaranth.hdl import Module, Mux, Signal, Value


def first_step_next(
    m: Module, taken: Value, following: Value, rows: int, step: Value, steps: int
) -> Signal:
    """A register: whether the row after the present one is in the first step of a sample.

    Frames of ``rows`` rows come once a step, ``steps`` times a sample. The present one is ``taken``
    and of step ``step``, the one after it has the place ``following``.
    """
    found = Signal(init=rows > 1 or steps == 1, name="first_step_next")
    with m.If(taken):
        if rows > 1:
            m.d.sync += found.eq(Mux(following == rows - 1, step == steps - 1, found))
        else:
            m.d.sync += found.eq(steps == 1 or step == steps - 2)
    return found
