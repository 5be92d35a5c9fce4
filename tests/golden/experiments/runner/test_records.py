import os
from pathlib import Path

import numpy as np
import pytest

from dualspike.golden.experiments.runner import records
from dualspike.golden.experiments.runner.records import (
    RunOutcome,
    RunRecord,
    RunState,
    loss_curve,
    point_of,
)
from dualspike.model.version import VERSION
from tests.refusals import refusal


def state() -> RunState:
    optimiser = {"m": np.arange(3.0), "steps": np.array(4)}
    return RunState(4, np.ones(3), optimiser, np.array([3.0, 5.0]), np.array([[2, 0.5, 0.6]]), 1.5)


def same(a: RunState, b: RunState) -> None:
    assert (a.update, a.seconds) == (b.update, b.seconds)
    for name in ("theta", "losses", "validation"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
    assert set(a.optimiser) == set(b.optimiser)
    for name, array in a.optimiser.items():
        np.testing.assert_array_equal(array, b.optimiser[name])


def test_a_state_comes_back(tmp_path: Path) -> None:
    record = RunRecord(tmp_path, "BP-1", "abc")
    assert record.read_state() is None and record.read_outcome() is None
    record.save(state())
    back = record.read_state()
    assert back is not None
    same(back, state())


@pytest.mark.parametrize("diverged", [None, 0, 4])
def test_an_outcome_takes_the_checkpoints_place(tmp_path: Path, diverged: int | None) -> None:
    record = RunRecord(tmp_path, "BP-1", "abc")
    record.save(state())
    record.finish(RunOutcome(state(), diverged, 0.1, 0.2, np.arange(5.0)))
    assert os.listdir(tmp_path) == ["BP-1.npz"]
    back = record.read_outcome()
    assert back is not None
    same(back.state, state())
    assert (back.diverged, back.error, back.global_error) == (diverged, 0.1, 0.2)
    np.testing.assert_array_equal(back.prediction, np.arange(5.0))


def test_a_checkpoint_of_something_else_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "BP-1.checkpoint.npz"

    RunRecord(tmp_path, "BP-1", "abc", "123").save(state())
    end = "delete it to start that run again"
    other = RunRecord(tmp_path, "BP-1", "abd", "123")
    assert refusal(other.read_state) == f"{path} has other settings: {end}"
    other = RunRecord(tmp_path, "BP-1", "abc", "124")
    assert refusal(other.read_state) == f"{path} has learned other data than are there now: {end}"
    monkeypatch.setattr(records, "VERSION", "9.9.9")
    other = RunRecord(tmp_path, "BP-1", "abc", "123")
    assert refusal(other.read_state) == f"{path} is of dualspike {VERSION}, not 9.9.9: {end}"


def test_a_checkpoint_is_no_outcome(tmp_path: Path) -> None:
    record = RunRecord(tmp_path, "BP-1", "abc")
    record.save(state())
    record.checkpoint.rename(record.outcome)
    line = f"{record.outcome} is not of this version: delete it to start that run again"
    assert refusal(record.read_outcome) == line


@pytest.mark.parametrize(("updates", "points"), [(10, 10), (10, 4), (7, 3), (101, 100), (1, 1)])
def test_a_loss_curve_is_the_mean_over_shares_of_the_updates(updates: int, points: int) -> None:
    """Against the plain way: lists of the losses of each share."""
    losses = np.random.default_rng(1).random(updates)
    for done in range(updates + 1):
        shares: list[list[float]] = [[] for _ in range(points)]
        for update in range(updates):
            shares[point_of(update, updates, points)].append(losses[update])
        sums = np.zeros(points)
        for update in range(done):
            sums[point_of(update, updates, points)] += losses[update]
        at = RunState(done, np.empty(0), {}, sums, np.empty((0, 3)), 0.0)
        ends, means = loss_curve(at, updates)
        finished = [
            share for n, share in enumerate(shares) if sum(map(len, shares[: n + 1])) <= done
        ]
        np.testing.assert_allclose(means, [np.mean(share) for share in finished], rtol=1e-12)
        assert ends.tolist() == np.cumsum([len(share) for share in finished]).tolist()
