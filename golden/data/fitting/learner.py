"""Tables of a network that learns labels online, from how strongly its inputs drive it."""

import math
from dataclasses import dataclass
from typing import Any

from dualspike.model.description.checks import MOST_SIGNED

THRESHOLD, GATE = 0.5, 1.5
"""A threshold in standard deviations of first membranes; half the width of a gate in thresholds."""
NARROWEST, WIDEST = 0.01, 16.0
"""Of gates."""
READOUT, FIRST = 1, 3
"""Rates, as powers of two, for a step of size one: see `learner`."""
BATCH, STAGES = 48, 5
MOST_SHIFT, SIGNAL_FRACTION = 24, 8
WEIGHT_FRACTION, MEMBRANE = 9, (4, 12)
"""Formats that the learner has by itself."""


@dataclass(frozen=True)
class Drive:
    """What comes into a first layer: ``inputs``, in so many ``steps``, and ``power``.

    That is the sum over the inputs and the constant one of the square of their traces, a[t] =
    leak a[t-1] + x[t], as a mean over samples and steps. ``leak`` k: 1 - 2^-k is kept in a step.
    """

    inputs: int
    steps: int
    leak: int
    power: float

    @property
    def spread(self) -> float:
        """Standard deviation of a first membrane: start weights are within 1 / sqrt(inputs)."""
        return math.sqrt(self.power / (3 * self.inputs))


def learner(drive: Drive, hidden: int, classes: int, samples: int, fraction: int) -> dict[str, Any]:
    """Tables network, learning and formats of a network with one hidden layer.

    It learns from so many presentations of ``samples``. ``fraction``: bits of a trace of the inputs
    after the point. Thresholds are `THRESHOLD` of the spread. A change moves the answer to what it
    was learned from by the rate times the square of that, which adds up over the steps to no more
    than steps times neurons at the readout, and to steps times power at the first layer: rates are
    2^`READOUT` and 2^`FIRST` over these, rounded to a power of two. Where that asks for shifts
    above `MOST_SHIFT`, weights are finer.

    Errors come back by matrices that follow a lane, or by lanes where classes are too many for it.
    """
    threshold = max(2.0**-8, THRESHOLD * drive.spread)
    rate = round(math.log2(hidden * drive.steps)) - READOUT
    first = round(math.log2(drive.power * drive.steps)) - FIRST
    weight = max(WEIGHT_FRACTION, SIGNAL_FRACTION + fraction + first + STAGES - 1 - MOST_SHIFT)
    membrane, below = MEMBRANE
    membrane = max(membrane, math.ceil(math.log2(8 * threshold)))
    return {
        "network": {
            "layers": [drive.inputs, hidden, classes],
            "time_steps": drive.steps,
            "threshold": _short(threshold),
            "leak": 1 - 2.0**-drive.leak,
            "surrogate": {"sigma": _short(min(WIDEST, max(NARROWEST, GATE * threshold)))},
        },
        "learning": {
            "rule": "online",
            "feedback": "forward-dfa" if classes <= MOST_SIGNED else "forward",
            "loss": "margin",
            "batch": BATCH,
            "rate": rate,
            "layer_shift": [first - rate, 0],
            "stages": STAGES,
            "updates": math.ceil(samples / BATCH),
        },
        "formats": {"weight": f"s2.{weight}", "membrane": f"s{membrane}.{below}"},
    }


def _short(value: float) -> float:
    return float(f"{value:.3g}")
