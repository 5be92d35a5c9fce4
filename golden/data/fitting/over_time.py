"""Descriptions for labels of inputs over time: events, counts, signals of sensors."""

from typing import Any

import numpy as np

from dualspike.golden.data.fitting.learner import Drive, learner
from dualspike.golden.data.fitting.scales import applied, middle, over, whole
from dualspike.golden.data.labelled.samples import ClassData
from dualspike.golden.numeric import Doubles
from dualspike.model.description.part import TRACE_FRACTION

LEAKS = 2, 1, 3, 5
"""A membrane keeps 1 - 2^-k of itself in a step: the k that may suit."""
STEPS = 16
"""Frames of events in a file."""
HIDDEN = 64, 128
"""Neurons of the hidden layer, and where there are more classes than `FEW`."""
FEW = 8
LEAST, MOST_SAMPLES = 30_000, 60_000
MOST_BITS = 4
LEVELS = 2**MOST_BITS - 1
"""Whole numbers up to here are taken as they are."""
SPREAD, FARTHEST, BITS = 4, 20, 5
"""Of others, once scaled: standard deviation, the largest, bits of a format that holds more."""
KEPT = 0.9
"""Share of counted events that a format keeps."""
LOOKED_AT = 500


def of_frames(found: ClassData, *, own: bool) -> list[dict[str, Any]]:
    """Tables of descriptions for samples [N, T, n] with labels, one for every leak of `LEAKS`.

    A frame has whole numbers: see `_numbers` for how those of a file of one's ``own`` become such.
    """
    keys, bits = _numbers(found, own=own)
    x = np.asarray(found.whole.x[:LOOKED_AT], np.float64)
    x = np.clip(np.rint(applied(x, keys)), -(2**bits), 2**bits - 1)
    _, steps, n = x.shape
    samples = min(max(LEAST, 32 * len(found.whole)), MOST_SAMPLES)
    hidden = HIDDEN[found.classes > FEW]
    found_tables: list[dict[str, Any]] = []
    for leak in LEAKS:
        drive = Drive(n, steps, leak, _power(x, leak))
        tables = learner(drive, hidden, found.classes, samples, TRACE_FRACTION)
        tables["network"]["coding"] = "frames"
        tables["formats"]["input"] = f"s{bits}.0"
        found_tables.append(tables | {"data": keys})
    return found_tables


def _numbers(found: ClassData, *, own: bool) -> tuple[dict[str, Any], int]:
    """Keys offset and scale of ``[data]``, and bits of the whole numbers that frames hold then.

    Whole numbers up to `LEVELS` stay as they are. Of counts (uint8) that the chip clips a format
    holds all but a share of 1 - `KEPT` of the events, where one up to `LEVELS` does. Others, of a
    file of one's own: from every input its mean is taken away, and what is left is brought to a
    standard deviation of `SPREAD`, or less where a sample were beyond `FARTHEST`.
    """
    x, test_x = (one.x for one in (found.whole, found.test))
    if x.dtype == np.uint8:
        wanted = KEPT * float(x.sum(dtype=np.float64))
        enough = [b for b in range(1, MOST_BITS + 1) if np.minimum(x, 2**b - 1).sum() >= wanted]
        if enough or not own:
            return {}, min(enough, default=MOST_BITS)
    x, test_x = x.astype(np.float64), test_x.astype(np.float64)
    largest = float(max(np.abs(x).max(), np.abs(test_x).max()))
    if whole(x) and largest <= LEVELS:
        return {}, max(1, int(largest).bit_length())
    offset = middle(x)
    away = np.maximum(*(np.abs(one - offset).max(axis=(0, 1)) for one in (x, test_x)))
    scale = over(np.maximum(x.std(axis=(0, 1)) / SPREAD, away / FARTHEST))
    return {"offset": offset, "scale": scale}, BITS


def _power(x: Doubles, leak: int) -> float:
    """See `Drive`, for frames [N, T, n]; the constant one counts as where it has settled."""
    trace, power = np.zeros_like(x[:, 0]), 0.0
    for t in range(x.shape[1]):
        trace = trace * (1 - 2.0**-leak) + x[:, t]
        power += float(np.square(trace).sum(axis=1).mean())
    return power / x.shape[1] + 4.0**leak
