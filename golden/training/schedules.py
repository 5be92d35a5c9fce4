"""Learning rates as functions of the update, counted from 0 to updates - 1."""

import math
from dataclasses import dataclass
from typing import Protocol

from dualspike.model.errors import BadInput


class Schedule(Protocol):
    """The learning rate of every update."""

    def rate(self, update: int, updates: int) -> float:
        """The rate at ``update`` of a run of ``updates``."""
        ...


@dataclass(frozen=True)
class Constant:
    """``peak`` > 0 at every update."""

    peak: float

    def __post_init__(self) -> None:
        _positive(self.peak)

    def rate(self, update: int, updates: int) -> float:
        """See Schedule.rate."""
        return self.peak


@dataclass(frozen=True)
class Cosine:
    """peak (1 + cos(pi update / updates)) / 2: from ``peak`` > 0 down to almost 0."""

    peak: float

    def __post_init__(self) -> None:
        _positive(self.peak)

    def rate(self, update: int, updates: int) -> float:
        """See Schedule.rate."""
        return self.peak * 0.5 * (1 + math.cos(math.pi * update / updates))


@dataclass(frozen=True)
class Halving:
    """peak 2^-floor(stages update / updates): ``stages`` >= 1 equal stretches, as on the chip."""

    peak: float
    stages: int = 5

    def __post_init__(self) -> None:
        _positive(self.peak)
        if self.stages < 1:
            raise BadInput(f"stages must be at least 1, not {self.stages}")

    def rate(self, update: int, updates: int) -> float:
        """See Schedule.rate."""
        return self.peak * 0.5 ** min(update * self.stages // updates, self.stages - 1)


@dataclass(frozen=True)
class Warmup:
    """Another schedule, its rates times (update + 1) / length in the first ``length`` updates."""

    schedule: Schedule
    length: int

    def __post_init__(self) -> None:
        if self.length < 1:
            raise BadInput(f"length must be at least 1, not {self.length}")

    def rate(self, update: int, updates: int) -> float:
        """See Schedule.rate."""
        return self.schedule.rate(update, updates) * min(1.0, (update + 1) / self.length)


def _positive(peak: float) -> None:
    if not 0 < peak < math.inf:
        raise BadInput(f"peak must be in (0, inf), not {peak}")
