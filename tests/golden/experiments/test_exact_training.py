"""Training by exact derivatives: the loss against finite differences, XOR learnt by both rules."""

import numpy as np
import pytest

from dualspike.golden.exact.reverse import pull
from dualspike.golden.exact.spikes import simulate
from dualspike.golden.experiments import exact_training
from dualspike.golden.experiments.exact_report import markdown, results
from dualspike.golden.experiments.exact_tasks import LATEST, load_task
from dualspike.golden.experiments.exact_training import (
    PLANS,
    RULES,
    UNTIL,
    Rule,
    Trained,
    directions,
    gradient,
    network,
    objective,
    start,
    train,
)


def test_xor_is_the_four_cases() -> None:
    task = load_task("xor", 1)
    late = task.times[:, :2] > 0
    assert sorted(map(tuple, late.tolist())) == [
        (False, False),
        (False, True),
        (True, False),
        (True, True),
    ]
    assert (task.labels == np.logical_xor(*late.T)).all()
    assert (task.times[:, 2] == 0).all() and (task.times[:, 3] > LATEST).all()


def test_iris_is_parted_class_by_class() -> None:
    task = load_task("iris", 1)
    assert np.bincount(task.labels).tolist() == [33, 33, 33]
    assert np.bincount(task.test_labels).tolist() == [17, 17, 17]
    values = task.times[:, :8] / LATEST
    assert values.min(axis=0).tolist() == [0] * 8 and values.max(axis=0).tolist() == [1] * 8
    assert np.allclose(values[:, :4] + values[:, 4:], 1)
    other = load_task("iris", 2)
    assert not np.array_equal(task.times, other.times)


def test_the_gradient_is_that_of_the_loss() -> None:
    """Central differences, with silent neurons among the hidden ones."""
    sizes = (4, 6, 2)
    circuit, layers = network(sizes)
    task = load_task("xor", 1)
    w = start(sizes, PLANS["xor"], np.random.default_rng(3))
    w[:3] = -1.0

    def at(weights: np.ndarray) -> tuple[float, np.ndarray]:
        spikes = simulate(circuit, weights, task.times[1], np.arange(4), until=UNTIL)
        loss, adjoint, push = objective(spikes, 1)
        return loss, pull(spikes, adjoint).weights + push

    g = at(w)[1]
    assert (g[:3] == -exact_training.PUSH).all()
    assert layers.tolist() == [0] * 18 + [1] * 12 + [2] * 2
    step = 1e-6
    for edge, unit in enumerate(np.eye(len(w)) * step):
        difference = (at(w + unit)[0] - at(w - unit)[0]) / (2 * step)
        assert difference == pytest.approx(g[edge], rel=1e-4, abs=1e-6)


def test_forward_gradients_over_all_signs_are_the_gradient() -> None:
    """The mean over all directions of a layer of 6 and one of 4 weights."""
    sizes = (4, 2, 2)
    circuit, layers = network(sizes)
    task = load_task("xor", 1)
    w = start(sizes, PLANS["xor"], np.random.default_rng(3))
    signs = np.array(list(np.ndindex((2,) * 10))) * 2.0 - 1.0
    every = np.column_stack([signs, np.zeros((len(signs), 2))])
    v = np.concatenate([every * (layers == 0), every * (layers == 1)])
    loss, exact = gradient(circuit, w, task.times, task.labels, None)
    same, mean = gradient(circuit, w, task.times, task.labels, v)
    assert loss == same
    assert np.allclose(mean[:10], exact[:10], rtol=1e-9, atol=1e-12)
    assert (mean[10:] == 0).all()


def test_directions_are_signs_in_one_layer() -> None:
    layers = np.array([0, 0, 0, 1, 1, 2])
    v = directions(layers, 3, np.random.default_rng(1))
    assert (np.abs(v[:3]) == [1, 1, 1, 0, 0, 0]).all()
    assert (np.abs(v[3:]) == [0, 0, 0, 1, 1, 0]).all()


@pytest.mark.parametrize("rule", RULES)
def test_xor_is_learnt(rule: Rule) -> None:
    heard: list[int] = []
    trained = train(
        load_task("xor", 1), PLANS["xor"], rule, 1, lambda epoch, loss: heard.append(epoch)
    )
    assert heard == list(range(1, PLANS["xor"].epochs + 1))
    assert trained.accuracies[-1] == 1.0
    assert trained.losses[-1] < 0.3 * trained.losses[0]


def test_the_report_takes_the_last_epoch() -> None:
    def one(rule: Rule, seed: int, end: float) -> Trained:
        return Trained("iris", rule, seed, PLANS["iris"], np.zeros(1), [1.0, 0.5], [0.1, end])

    found = [one("BP", 1, 0.9), one("BP", 2, 1.0), one("RFG-L", 1, 0.5)]
    assert markdown(found).splitlines()[-2:] == [
        "| iris | BP | 2 | 95.0% | 90.0% |",
        "| iris | RFG-L | 1 | 50.0% | 50.0% |",
    ]
    assert [run["accuracies"] for run in results(found)["runs"]] == [
        [0.1, 0.9],
        [0.1, 1.0],
        [0.1, 0.5],
    ]
