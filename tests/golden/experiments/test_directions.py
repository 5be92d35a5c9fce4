"""Directions shared among workers: the same bits, and nothing but seeds and slopes exchanged."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dualspike.golden.data.problem import build
from dualspike.golden.experiments.paper.run import Run
from dualspike.golden.experiments.runner.folder import RunsFolder
from dualspike.golden.experiments.shared_directions import Shared, train_shared
from dualspike.golden.float.estimators.forward_gradient import ForwardGradient
from tests.refusals import refusal


@pytest.fixture
def folder(tmp_path: Path) -> RunsFolder:
    return RunsFolder(tmp_path)


def test_an_update_has_the_same_bits_with_1_2_and_4_workers(
    run_of: Callable[..., Run], folder: RunsFolder
) -> None:
    """3 updates of 4 layer-wise directions; a message has 3 integers and a slope for each layer."""
    run = run_of("poisson", "WSG-RFG-LL", directions=4, updates=3)
    layers = len(run.model().layout.layers)
    thetas: list[bytes] = []
    for workers in (1, 2, 4):
        theta, sent = train_shared(run, folder, workers)
        thetas.append(theta.tobytes())
        assert sent == 3 * 4 * 8 * (3 + layers)
    assert len(set(thetas)) == 1
    start = run.model().start(run.seed)
    assert np.frombuffer(thetas[0]).shape == start.shape and thetas[0] != start.tobytes()


@pytest.mark.parametrize("method", ["RFG-L", "RFG-G"])
def test_messages_are_seeds_and_directional_derivatives(
    run_of: Callable[..., Run], method: str
) -> None:
    """Against back-propagation: <dL/dtheta, v> for the v that the seed in the message draws."""
    run = run_of("hat", method, directions=3)
    model, problem = run.model(), build(run.settings.problem)
    rule = run.estimator()
    assert isinstance(rule, ForwardGradient)
    inputs, target = problem.batch((1, 0))
    theta = model.start(7)
    wire: list[bytes] = []

    def exchange(ours: bytes) -> bytes:
        wire.append(ours)
        return ours

    loss, g = Shared(rule, range(3), exchange).gradient(model, theta, inputs, target, (9, 4))
    expected, gradient = model.gradient(theta, inputs, target, (9, 4))
    assert loss == pytest.approx(expected, rel=1e-12)
    columns = len(model.layout.layers) if method == "RFG-L" else 1
    (message,) = wire
    table = np.frombuffer(message, [("seed", "<i8", 3), ("slopes", "<f8", columns)])
    assert table["seed"].tolist() == [[9, 4, 0], [9, 4, 1], [9, 4, 2]]
    total = np.zeros(model.layout.size)
    for seed, slopes in zip(table["seed"].tolist(), table["slopes"].reshape(3, -1), strict=True):
        v = ForwardGradient(rule.scope).draw(model, tuple(seed))[0]
        pieces = [slot.slice for slot in model.layout.layers]
        if method == "RFG-G":
            pieces = [slice(None)]
        for slope, piece in zip(slopes, pieces, strict=True):
            assert slope == pytest.approx(gradient[piece] @ v[piece], rel=1e-9, abs=1e-12)
            total[piece] += slope * v[piece] / 3
    np.testing.assert_allclose(g, total, rtol=1e-12, atol=1e-15)


def test_shares_in_any_order_make_the_same_gradient(run_of: Callable[..., Run]) -> None:
    """The messages of two workers, concatenated either way round."""
    run = run_of("hat", "RFG-L", directions=5)
    model, problem = run.model(), build(run.settings.problem)
    rule = run.estimator()
    assert isinstance(rule, ForwardGradient)
    inputs, target = problem.batch((1, 0))
    theta = model.start(7)

    def gradient(share: range, other: bytes, first: bool) -> bytes:
        shared = Shared(rule, share, lambda ours: other + ours if first else ours + other)
        return shared.gradient(model, theta, inputs, target, (9, 4))[1].tobytes()

    caught: list[bytes] = []
    for share in (range(0, 5, 2), range(1, 5, 2)):
        spy = Shared(rule, share, lambda ours: caught.append(ours) or b"")
        with pytest.raises(ValueError, match="reshape"):
            spy.gradient(model, theta, inputs, target, (9, 4))
    even, odd = caught
    found = {
        gradient(range(0, 5, 2), odd, first=True),
        gradient(range(0, 5, 2), odd, first=False),
        gradient(range(1, 5, 2), even, first=True),
        gradient(range(5), b"", first=True),
    }
    assert len(found) == 1


def test_what_cannot_be_shared(run_of: Callable[..., Run], folder: RunsFolder) -> None:
    assert (
        refusal(train_shared, run_of("hat", "BP"), folder, 2)
        == "method must have directions to be shared, BP has none"
    )
    for workers in (0, 3):
        assert (
            refusal(train_shared, run_of("hat", "RFG-L", directions=2), folder, workers)
            == f"workers must be in [1, 2], not {workers}"
        )
