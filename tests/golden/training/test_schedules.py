"""Learning rates at points where they are known."""

import math
from collections.abc import Callable

import pytest

from dualspike.golden.training.schedules import Constant, Cosine, Halving, Schedule, Warmup
from tests.refusals import refusal


def rates(schedule: Schedule, updates: int) -> list[float]:
    return [schedule.rate(update, updates) for update in range(updates)]


def test_constant() -> None:
    assert rates(Constant(0.3), 3) == [0.3, 0.3, 0.3]


def test_cosine() -> None:
    """Down from the peak: cos of 0, 60, 90, 120 degrees is 1, 1/2, 0, -1/2."""
    schedule = Cosine(0.4)
    got = [schedule.rate(update, 12) for update in (0, 4, 6, 8, 12)]
    assert got == pytest.approx([0.4, 0.3, 0.2, 0.1, 0.0], abs=1e-16)


def test_halving() -> None:
    assert rates(Halving(1.0, 5), 10) == [
        1,
        1,
        1 / 2,
        1 / 2,
        1 / 4,
        1 / 4,
        *2 * [1 / 8],
        *2 * [1 / 16],
    ]
    assert rates(Halving(1.0, 3), 4) == [1, 1, 1 / 2, 1 / 4]
    assert rates(Halving(0.5, 1), 2) == [0.5, 0.5]


def test_warmup() -> None:
    assert rates(Warmup(Constant(0.4), 4), 6) == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.4, 0.4])
    assert rates(Warmup(Halving(1.0, 2), 1), 4) == rates(Halving(1.0, 2), 4)


@pytest.mark.parametrize(
    ("make", "line"),
    [
        (lambda: Constant(0.0), "peak must be in (0, inf), not 0.0"),
        (lambda: Cosine(-1.0), "peak must be in (0, inf), not -1.0"),
        (lambda: Halving(math.inf), "peak must be in (0, inf), not inf"),
        (lambda: Halving(1.0, 0), "stages must be at least 1, not 0"),
        (lambda: Warmup(Constant(1.0), 0), "length must be at least 1, not 0"),
    ],
)
def test_bad_input(make: Callable[[], Schedule], line: str) -> None:
    assert refusal(make) == line
