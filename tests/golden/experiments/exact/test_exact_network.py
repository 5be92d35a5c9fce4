"""The classifier: its loss against finite differences, both gradients against each other."""

import numpy as np
import pytest

from dualspike.golden.experiments.exact import network as exact_network
from dualspike.golden.experiments.exact.network import (
    DEADLINE,
    UNTIL,
    Answer,
    Classifier,
)
from dualspike.golden.experiments.exact.tasks import load_task


def small(n: int = 12) -> Classifier:
    """Some hidden neurons always silent, some outputs forced by the deadline."""
    network = Classifier(5, n, 3)
    rng = np.random.default_rng(5)
    network.hidden[:] = rng.normal(1.2, 0.8, network.hidden.shape)
    network.output[:] = rng.normal(0.6, 0.6, network.output.shape)
    network.hidden[0] = -1.0
    network.output[2] -= 0.8
    return network


def test_the_gradient_is_that_of_the_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    """Central differences in every weight, over a batch, with slopes as they are."""
    monkeypatch.setattr(exact_network, "FLOOR", 0.0)
    network, task = small(), load_task("yin-yang", 1)
    times, labels = task.train.times[:6], task.train.labels[:6]
    response = network.respond(times)
    assert response.hidden.silent[:, 0].all() and response.hidden.silent.mean() < 0.5
    assert 0 < (response.times > DEADLINE).mean() < 1
    g = network.gradient(times, labels)[1]
    step = 1e-6
    differences = np.empty_like(g)
    for edge in range(len(g)):
        moved = []
        for sign in (1, -1):
            network.weights[edge] += sign * step
            moved.append(network.gradient(times, labels)[0])
            network.weights[edge] -= sign * step
        differences[edge] = (moved[0] - moved[1]) / (2 * step)
    np.testing.assert_allclose(g, differences, rtol=1e-5, atol=1e-6)
    assert (g[:5] == -exact_network.PUSH).all()


def test_forward_estimates_over_all_signs_are_the_gradient() -> None:
    """The mean over all directions of a layer of 10 and one of 6 weights, in one go."""
    network, task = small(2), load_task("yin-yang", 1)
    network.hidden[0] = 2.0
    times, labels = task.train.times[:40], task.train.labels[:40]
    signs = np.array(list(np.ndindex((2,) * 10))).T * 2.0 - 1.0
    v = np.concatenate([signs, signs[:6]])
    loss, exact = network.gradient(times, labels)
    same, mean = network.estimate(times, labels, v)
    assert loss == same
    size = np.abs(exact).max()
    np.testing.assert_allclose(mean, exact, atol=1e-11 * size)


def test_one_direction_gives_its_derivative_times_itself_layer_by_layer() -> None:
    """But for the push, known as it is, and weights at the neuron that never fires."""
    network, task = small(), load_task("yin-yang", 1)
    times, labels = task.train.times[:20], task.train.labels[:20]
    v = np.random.default_rng(1).standard_normal((len(network.weights), 1))
    push = network.objective(network.respond(times), labels)[2]
    exact, found = (
        network.gradient(times, labels)[1] - push,
        network.estimate(times, labels, v)[1] - push,
    )
    silent = np.r_[:5, 60:96:12]
    np.testing.assert_allclose(found[silent], 0, atol=1e-15)
    v[silent] = 0
    for part in (slice(60), slice(60, None)):
        expected = (exact[part] @ v[part, 0]) * v[part, 0]
        np.testing.assert_allclose(found[part], expected, rtol=1e-9, atol=1e-15)


def test_the_first_output_wins_if_alone() -> None:
    response = small().respond(load_task("yin-yang", 1).train.times[:4])
    times = np.array([[2.0, 1.0, 3.0], [UNTIL, UNTIL, UNTIL], [1.0, 1.0, 2.0], [UNTIL, UNTIL, 1.0]])
    changed = Answer(
        response.inputs, response.hidden, response.heard, response.outputs, response.place, times
    )
    assert changed.winners().tolist() == [1, -1, -1, 2]


def test_units_spike_once_and_the_deadline_makes_outputs_fire() -> None:
    network, task = small(), load_task("yin-yang", 1)
    network.output[:] = -0.05
    response = network.respond(task.train.times[:50])
    assert (np.diff(response.hidden.begin, axis=1) <= 1).all()
    assert response.hidden.times[np.isfinite(response.hidden.times)].max() < DEADLINE
    assert (response.times > DEADLINE).all()
    assert (response.times < DEADLINE + 0.3).all()


@pytest.mark.parametrize("label", [0, 1, 2])
def test_silent_outputs_count_as_the_end_of_the_run(label: int) -> None:
    network = small()
    network.output[:] = -5.0
    times, labels = load_task("yin-yang", 1).train.times[:3], np.full(3, label)
    response = network.respond(times)
    assert response.outputs.silent.all() and (response.times == UNTIL).all()
    loss, g = network.gradient(times, labels)
    early = exact_network.EARLY * (np.exp(UNTIL) - 1)
    silent = response.hidden.silent.mean(axis=0)
    push = silent @ network.hidden.sum(axis=1) + network.output.sum()
    assert loss == pytest.approx(np.log(3) + early - exact_network.PUSH * push)
    assert (g[60:] == -exact_network.PUSH).all()
