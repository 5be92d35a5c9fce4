"""Place and route with several seeds, some at a time; which is taken does not depend on that."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from dualspike.model.errors import BadInput
from dualspike.model.system.children import Children

VARIABLE = "DUALSPIKE_JOBS"
USUAL, MOST = 2, 64
"""Runs at a time where nothing is said: each takes up to 2 GB of memory."""


@dataclass(frozen=True)
class Trial:
    """One run of place and route: the clock reached in MHz, and whether every clock is met."""

    seed: int
    fmax: float
    met: bool


@dataclass(frozen=True)
class Routed:
    """A trial with nextpnr's report and the placed design as the packer reads it."""

    trial: Trial
    report: dict[str, Any]
    placed: bytes


def at_a_time() -> int:
    """Runs at a time: $DUALSPIKE_JOBS, else two where there are two cores."""
    given = os.environ.get(VARIABLE)
    if given is None:
        return min(USUAL, len(os.sched_getaffinity(0)))
    if not (given.isascii() and given.isdigit() and 1 <= int(given) <= MOST):
        raise BadInput(f"{VARIABLE} must be in [1, {MOST}], not {given!r}")
    return int(given)


def up_to_the_first_met(
    run: Callable[[int, Children], Routed], seeds: int, jobs: int
) -> list[Routed]:
    """Runs of seeds 1, 2, ... up to the first that meets every clock, ``jobs`` at a time.

    The same come out for any number of jobs: a seed after one that meets is not begun, or ended
    where it is, and a seed before it is waited for. What the lowest failing one raises is raised.
    """
    last = [seeds]

    def one(seed: int) -> Routed | None:
        if seed > min(last):
            return None
        done = run(seed, children)
        if done.trial.met:
            last.append(seed)
        return done

    found: list[Routed] = []
    # Tools end before the threads that wait for them do.
    with ThreadPoolExecutor(jobs) as pool, Children() as children:
        runs = [pool.submit(one, seed) for seed in range(1, seeds + 1)]
        try:
            for future in runs:
                done = future.result()
                if done is None:
                    break
                found.append(done)
                if done.trial.met:
                    break
        finally:
            last.append(0)
            pool.shutdown(wait=False, cancel_futures=True)
    return found
