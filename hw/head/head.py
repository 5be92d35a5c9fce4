"""What the head of a chip tells the chip, for a perceptron and an operator network alike."""

from dataclasses import dataclass
from enum import IntEnum

from amaranth.hdl import Value
from amaranth.lib import data

Clips = dict[IntEnum, Value]
"""What pulses when something is clipped, by its bit of FLAGS."""


@dataclass
class Outputs:
    """What a chip tells of its outputs: what was clipped on the way.

    ``settled``: whether all is where a batch can begin, None where it always is.
    """

    clips: Clips
    settled: Value | None

    def busy(self, under_way: Value) -> Value:
        """Whether anything is inside, ``under_way`` or on the way to where it belongs."""
        return under_way if self.settled is None else under_way | ~self.settled


@dataclass
class HeadSignals(Outputs):
    """What the head tells the learner besides: the loss, a slope for every lane."""

    loss: Value
    jvp: data.View
