"""Outputs that a chip owes for the samples inside."""

from amaranth.hdl import Module, Mux, Signal, Value


def outstanding(m: Module, entered: Value, left: Value, outputs: int, samples: int) -> Signal:
    """A count: ``outputs`` more with every sample that has entered, one less with each that left.

    It is as wide as ``samples`` inside at once need (`model.sizes.layers.most_inside`).
    """
    inside = Signal(range(samples * outputs + 1))
    m.d.sync += inside.eq(inside + Mux(entered, outputs, 0) - left)
    return inside
