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
_MANY = 16
"""Rows of a step from which on the errors of one are there long before its gates fill the queue."""


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


def steps_late(d: Part, layer: Layer) -> int:
    """Steps of a hidden layer that wait for what comes back: as many as its passes are ahead."""
    return 1 + (layer.lag if layer.every_step else len(d.shapes) + 1)


def gates_late(d: Part, layer: Layer) -> int:
    """Rows of gates that wait: of all these steps, but for two of many, which a ring lacks."""
    rows = steps_late(d, layer) * layer.rows
    return rows - 2 if layer.rows >= _MANY else rows


def back_late(d: Part) -> int:
    """Steps, or samples, whose errors wait in the head for a single hidden layer.

    For several they wait next to each, as these take them at their own times.
    """
    hidden = geometry(d).layers[:-1]
    if len(hidden) != 1:
        return 0
    return hidden[0].lag + 1 if d.by_sample else steps_late(d, hidden[0]) + 1


def errors_late(d: Part) -> int:
    """Errors that wait in the head until the readout takes them, ``lag`` passes later."""
    last = geometry(d).layers[-1]
    return last.lag * last.n_out
