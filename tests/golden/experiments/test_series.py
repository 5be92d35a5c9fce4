"""Mackey-Glass forecast: the measure, the windows, and how rates are chosen."""

import math

import numpy as np
import pytest

from dualspike.golden.experiments.series.study import Series, SeriesPlan
from dualspike.golden.experiments.series.trial import (
    LEARNED,
    LYAPUNOV,
    POINTS,
    TAU,
    WINDOW,
    Errors,
    SeriesRun,
    execute,
    measured,
    series,
    simple,
    smape,
    windows,
)


def test_smape_is_neurobenchs() -> None:
    """By hand: 200 (0.5 / 1.5 + 0 + 2 / 2) / 3; 200 for what is no number."""
    y, truth = np.array([1.0, 3.0, -1.0]), np.array([0.5, 3.0, 1.0])
    assert smape(y, truth) == pytest.approx(200 * (1 / 3 + 1) / 3)
    assert smape(np.array([math.nan]), np.array([1.0])) == 200


def test_a_window_spans_the_delay_and_ends_before_what_is_forecast() -> None:
    assert (WINDOW - 1) * LYAPUNOV / POINTS > TAU
    x, after = windows(np.arange(30.0))
    assert x.shape == (20, WINDOW) and x[0].tolist() == list(range(10)) and after[0] == 10


def test_forecasts_alone_are_made_from_forecasts() -> None:
    """What knows the series is right everywhere; what repeats stays at the last value learned."""
    values = series()
    at = {tuple(row): i + WINDOW for i, row in enumerate(windows(values)[0])}

    def knows(rows: np.ndarray) -> np.ndarray:
        return np.array([values[at[tuple(row)]] for row in rows])

    assert measured(knows) == Errors(0, 0, 0)
    found = simple()["persistence"]
    last = np.full(LEARNED, values[LEARNED - 1])
    assert found.all == smape(last, values[LEARNED:])
    assert found.next == smape(values[LEARNED - 1 : -1], values[LEARNED:])


def test_what_follows_has_no_say(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other points to forecast change what is measured, and not what a rate is chosen by."""
    run = execute("OTTT", 5, 1e-2, 1)
    assert run == execute("OTTT", 5, 1e-2, 1)
    other = series().copy()
    other[LEARNED:] *= 1.5
    monkeypatch.setattr("dualspike.golden.experiments.series.trial.series", lambda: other)
    again = execute("OTTT", 5, 1e-2, 1)
    assert again.validation == run.validation and again.errors != run.errors


def test_a_run_that_diverges_is_infinitely_wrong() -> None:
    run = execute("RFG-N", 20, 1e6, 1)
    assert (run.validation, run.errors.next) == (math.inf, math.inf)


def test_rates_are_chosen_by_windows_held_back() -> None:
    found = Series({"BP": {3e-3: 2.0, 1e-2: 1.0, 3e-2: 1.0}}, {}, SeriesPlan())
    assert found.rate("BP") == 1e-2
    assert found.judged(SeriesRun(0, 1.0, Errors(2.0, 3.0, 4.0))) == (1.0, 2.0)
