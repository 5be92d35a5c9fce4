"""What the head of a chip tells its learner, for a perceptron and an operator network alike."""

from dataclasses import dataclass
from enum import IntEnum

from amaranth.hdl import Value
from amaranth.lib import data

Clips = dict[IntEnum, Value]
"""What pulses when something is clipped, by its bit of FLAGS."""


@dataclass
class HeadSignals:
    """What the head tells the learner: the loss, a slope for every lane, what was clipped.

    ``settled``: whether all is where a batch can begin, None where it always is.
    """

    loss: Value
    jvp: data.View
    clips: Clips
    settled: Value | None = None
