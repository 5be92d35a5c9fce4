"""Events of a dynamic vision sensor, and frames of how many fell where and when."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.data.labelled.shape import Shape

Whole = NDArray[np.integer[Any]]

MOST = 255
"""Events that a frame counts in one place."""


@dataclass(frozen=True, eq=False)
class Events:
    """Column ``x``, row ``y``, polarity ``p`` (1 for brighter), time ``t`` in microseconds, [N]."""

    x: Whole
    y: Whole
    p: Whole
    t: Whole

    def __len__(self) -> int:
        return len(self.t)

    def between(self, start: int, end: int) -> "Events":
        """Those with start <= t < end."""
        kept = (self.t >= start) & (self.t < end)
        return Events(self.x[kept], self.y[kept], self.p[kept], self.t[kept])


def binned(
    events: Events, steps: int, shape: Shape, block: int = 1, span: tuple[int, int] | None = None
) -> NDArray[np.uint8]:
    """Counts [steps, shape.size] of events, in equal shares of ``span``, from start up to end.

    Left out, that is the time from the first event, of which there is one, to the last. ``shape``
    has two channels, by polarity, and its pixels are blocks of ``block`` x ``block`` of the
    sensor's. Counts stay at 255; events outside of [start, end) do not count.
    """
    start, end = span or (int(events.t.min()), int(events.t.max()) + 1)
    kept = events.between(start, end)
    step = (kept.t - start) * steps // (end - start)
    pixel = kept.y // block * shape.width + kept.x // block
    cell = (step * shape.height * shape.width + pixel) * 2 + kept.p
    counts = np.bincount(cell, minlength=steps * shape.size)
    return np.minimum(counts, MOST).astype(np.uint8).reshape(steps, shape.size)


def counted(
    times: NDArray[Any],
    channels: Whole,
    steps: int,
    width: int,
    span: tuple[float, float] | None = None,
) -> NDArray[np.uint8]:
    """Counts [steps, width] of events at real ``times``, in equal shares of ``span``.

    Left out, that is the time from the first event to the last, which counts in the last share;
    without events, or with all at once, everything is in the first. Counts stay at 255; events
    outside of [start, end) do not count.
    """
    if span is None:
        start, end = (float(times[0]), float(times[-1])) if len(times) else (0.0, 0.0)
        share = (times - start) / ((end - start) or 1.0)
        step = np.minimum((share * steps).astype(np.int64), steps - 1)
    else:
        step = np.floor((times - span[0]) * (steps / (span[1] - span[0]))).astype(np.int64)
        kept = (step >= 0) & (step < steps)
        step, channels = step[kept], channels[kept]
    counts = np.bincount(step * width + channels, minlength=steps * width)
    return np.minimum(counts, MOST).astype(np.uint8).reshape(steps, width)
