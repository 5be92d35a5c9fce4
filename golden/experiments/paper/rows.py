"""A row of the paper's table: a method, how it was trained, and what its runs came to."""

import math
import statistics
from dataclasses import dataclass

from dualspike.golden.experiments.paper.methods import Method
from dualspike.golden.experiments.paper.settings import OURS, PaperSettings
from dualspike.golden.experiments.runner.records import RunOutcome


@dataclass(frozen=True, eq=False)
class MethodRow:
    """One method and the outcomes of its runs, one for each seed, in order of the seeds.

    ``settings``: what they were trained by, those of the ``column``.
    """

    method: Method
    outcomes: dict[int, RunOutcome]
    settings: PaperSettings
    column: str = OURS

    @property
    def errors(self) -> list[float]:
        """Errors of the runs that did not diverge, ascending."""
        return sorted(o.error for o in self.outcomes.values() if o.diverged is None)

    @property
    def median(self) -> float:
        """Median error over the seeds, a run that diverged counting as infinitely wrong."""
        return statistics.median(self.by_seed.values())

    @property
    def mean(self) -> float:
        """Mean error over the seeds, infinite where one diverged."""
        return statistics.fmean(self.by_seed.values())

    @property
    def by_seed(self) -> dict[int, float]:
        """Error of every seed, infinite where it diverged."""
        return {
            seed: math.inf if o.diverged is not None else o.error
            for seed, o in self.outcomes.items()
        }

    @property
    def global_median(self) -> float:
        """The same for the norm over all entries at once."""
        return statistics.median(
            [math.inf if o.diverged is not None else o.global_error for o in self._all]
        )

    @property
    def diverged(self) -> int:
        """How many of the runs did."""
        return len(self.outcomes) - len(self.errors)

    @property
    def directions(self) -> int | None:
        """K of a forward gradient."""
        return self.settings.training.directions if self.method.forward else None

    @property
    def departures(self) -> list[str]:
        """In what training differs from what the paper prints."""
        return self.settings.departures(self.method)

    @property
    def published(self) -> float | None:
        """The paper's error, where it has this method and this problem."""
        return self.method.published if self.settings.of_paper else None

    @property
    def reached(self) -> bool | None:
        """Whether the median is at or below the published error; None where there is none."""
        return None if self.published is None else self.median <= self.published

    @property
    def seconds(self) -> float:
        """Median wall time of a run's updates."""
        return statistics.median(o.state.seconds for o in self._all)

    @property
    def typical(self) -> RunOutcome:
        """The run in the middle, the lower of two, which figures show."""
        order = sorted(self._all, key=lambda o: math.inf if o.diverged is not None else o.error)
        return order[(len(order) - 1) // 2]

    @property
    def _all(self) -> list[RunOutcome]:
        return list(self.outcomes.values())
