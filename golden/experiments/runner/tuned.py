"""Runs of many rules, each at the rate that is best for it: every rate is tried, then all run.

Rates are chosen by validation samples alone, from seed 0, with which no run that counts begins.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Generic, TypeVar

from dualspike.golden.experiments.runner.study import Show

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Planned(Generic[T]):
    """Trials with a rate to try them with, and those that run from seeds 1 to ``seeds``."""

    tries: list[tuple[T, float]]
    trials: list[T]
    seeds: int

    def __len__(self) -> int:
        return len(self.tries) + len(self.trials) * self.seeds


@dataclass(frozen=True)
class Tuned(ABC, Generic[T, R]):
    """What was found: of every try the ``tuning`` by its rate, of every trial its runs."""

    tuning: dict[T, dict[float, float]]
    trials: dict[T, list[R]]

    @abstractmethod
    def rate(self, trial: T) -> float:
        """The best one in the validation of what the trial is tuned by; of equals the lowest."""

    @abstractmethod
    def judged(self, run: R) -> tuple[float, float]:
        """What the rate is chosen by, and what the progress shows."""

    def carry_out(
        self,
        planned: Planned[T],
        pool: Executor,
        work: Callable[[tuple[T, float, int]], R],
        show: Show,
    ) -> None:
        """Call ``work`` with every trial, its rate and seed; the order of what comes is fixed."""
        done = 0

        def runs(tasks: list[tuple[T, float, int]]) -> Iterator[tuple[T, float, R]]:
            nonlocal done
            for (trial, rate, _), run in zip(tasks, pool.map(work, tasks), strict=True):
                done += 1
                show(done, self.judged(run)[1])
                yield trial, rate, run

        for trial, rate, run in runs([(trial, rate, 0) for trial, rate in planned.tries]):
            self.tuning.setdefault(trial, {})[rate] = self.judged(run)[0]
        seeds = range(1, planned.seeds + 1)
        chosen = [(trial, self.rate(trial), n) for trial in planned.trials for n in seeds]
        for trial, _, run in runs(chosen):
            self.trials.setdefault(trial, []).append(run)
