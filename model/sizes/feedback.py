"""Sizes of feedback matrices that are learned on chip: M [n_l, n_out] of a hidden layer.

A step goes over M once, row by row as the layer's neurons leave it, so many outputs in a clock that
this takes no longer than a step of the slowest layer: rows * chunks <= interval / T.
"""

from dataclasses import dataclass

from dualspike.model.ceil_div import ceil_div
from dualspike.model.description.part import Part
from dualspike.model.sizes.geometry import geometry
from dualspike.model.sizes.layers import Layer

_AROUND = 5
"""Clocks from a chunk of M to its signals, but for its products: 3 to its words, 2 to add up."""


@dataclass(frozen=True)
class FeedbackSizes:
    """One matrix: ``rows`` of neurons, ``columns`` outputs in a clock, ``chunks`` clocks a row.

    ``bits`` of a stored number, without check bits, ``used`` of it as it meets an error;
    ``multiply``: clocks of their product.
    """

    rows: int
    columns: int
    chunks: int
    bits: int
    used: int
    multiply: int

    @property
    def cycles(self) -> int:
        """Clocks of a step, and rows of memory."""
        return self.rows * self.chunks

    @property
    def latency(self) -> int:
        """Clocks from the last chunk of a row to its signals."""
        return _AROUND + self.multiply


def feedback_sizes(d: Part, layer: Layer) -> FeedbackSizes | None:
    """Those of a hidden layer; None where feedback is not learned."""
    form, outputs = d.feedback_format, d.network.layers[-1]
    if form is None:
        return None
    clocks = geometry(d).interval // d.network.time_steps // layer.rows
    columns = ceil_div(outputs, clocks)
    used = d.feedback_used.bits
    multiply = d.depth.product(used, d.formats.error.bits)
    return FeedbackSizes(layer.rows, columns, ceil_div(outputs, columns), form.bits, used, multiply)
