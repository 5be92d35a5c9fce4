"""Training by exact derivatives: what both rules learn, and what is reported."""

from dataclasses import replace

import numpy as np
import pytest

from dualspike.golden.experiments.exact.network import RULES, Classifier, ExactRule
from dualspike.golden.experiments.exact.report import markdown, results, text
from dualspike.golden.experiments.exact.tasks import BIAS, load_task
from dualspike.golden.experiments.exact.training import (
    PLANS,
    Trained,
    estimate,
    signs,
    start,
    train,
)


def quiet(epoch: int, loss: float) -> None:
    """No progress shown."""


def test_directions_are_signs() -> None:
    v = signs(50, 40, np.random.default_rng(1))
    assert (np.abs(v) == 1).all()
    assert abs(v.mean()) < 4 / np.sqrt(2000)


@pytest.mark.parametrize("rule", RULES)
def test_xor_is_learnt(rule: ExactRule) -> None:
    heard: list[int] = []
    plan = PLANS["xor"]
    trained = train("xor", rule, 1, plan, lambda epoch, loss: heard.append(epoch))
    assert heard == list(range(1, plan.epochs[rule] + 1))
    assert trained.test == trained.accuracies[-1] == 1.0
    assert trained.losses[-1] < 0.3 * trained.losses[0]


def test_yin_yang_is_learnt_backwards() -> None:
    """A short run, on seeds of its own; linear classifiers come to 64 % (Kriener et al.)."""
    plan = replace(PLANS["yin-yang"], epochs={"BP": 4, "RFG-L": 0})
    trained = train("yin-yang", "BP", 201, plan, quiet)
    assert trained.accuracies[-1] > 0.88


def test_the_test_accuracy_is_that_of_the_test_samples() -> None:
    task = load_task("iris", 1, 3)
    plan = replace(PLANS["iris"], epochs={"BP": 2, "RFG-L": 2})
    trained = train("iris", "BP", 1, plan, quiet, fold=3)
    won = trained.network.respond(task.test.times).winners() == task.test.labels
    assert trained.test == won.mean()
    validated = trained.network.respond(task.validation.times).winners()
    assert trained.accuracies[-1] == np.mean(validated == task.validation.labels)


def test_runs_differ_by_seed_and_fold_alone() -> None:
    plan = replace(PLANS["iris"], epochs={"BP": 1, "RFG-L": 1})
    one, same, other, fold = (
        train("iris", "RFG-L", seed, plan, quiet, fold).network.weights
        for seed, fold in ((1, 0), (1, 0), (2, 0), (1, 1))
    )
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other) and not np.array_equal(one, fold)


def test_jitter_moves_the_spikes_of_training_anew_in_every_epoch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Seen at the bias, which is the same in all samples otherwise."""
    biases: list[np.ndarray] = []
    gradient = Classifier.gradient

    def seen(self: Classifier, times: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray]:
        biases.append(times[:, -1])
        return gradient(self, times, labels)

    monkeypatch.setattr(Classifier, "gradient", seen)
    plan = replace(PLANS["iris"], batch=105, jitter=0.1, epochs={"BP": 2, "RFG-L": 0})
    train("iris", "BP", 1, plan, quiet)
    for bias in biases:
        assert abs(bias.mean() - BIAS) < 4 * 0.1 / np.sqrt(105)
        assert bias.std() == pytest.approx(0.1, rel=4 / np.sqrt(210))
    assert len(biases) == 2 and not np.isin(biases[0], biases[1]).any()


@pytest.mark.parametrize("chosen", [False, True])
def test_the_weights_of_the_best_epoch_count_where_they_are_chosen(chosen: bool) -> None:
    """XOR at a rate that does not settle; what validates there is what is tested."""
    plan = replace(PLANS["xor"], rates={"BP": (0.5, 0.5), "RFG-L": (0.5, 0.5)}, chosen=chosen)
    trained = train("xor", "BP", 6, replace(plan, epochs={"BP": 12, "RFG-L": 0}), quiet)
    last, best = trained.accuracies[-1], max(trained.accuracies)
    assert last < best
    assert trained.test == (best if chosen else last)


def test_start_weights_are_as_planned() -> None:
    plan = PLANS["yin-yang"]
    begun = start(load_task("yin-yang", 1), plan, np.random.default_rng(1))
    for weights, mean, spread in zip(
        (begun.hidden, begun.output), plan.means, plan.spreads, strict=True
    ):
        assert abs(weights.mean() - mean) < 4 * spread / weights.size**0.5
        assert weights.std() == pytest.approx(spread, rel=4 / (2 * weights.size) ** 0.5)


def test_groups_have_directions_of_their_own() -> None:
    """A batch of 5 in groups of 2: the sum over groups, by their shares of the samples."""
    task, plan = load_task("xor", 1), replace(PLANS["xor"], directions=3, group=2)
    network = start(task, plan, np.random.default_rng(2))
    chosen = np.array([0, 1, 2, 3, 1])
    times, labels = task.train.times[chosen], task.train.labels[chosen]
    loss, g = estimate(network, times, labels, plan, np.random.default_rng(7))
    rng = np.random.default_rng(7)
    expected, losses = np.zeros_like(g), 0.0
    for low, high in ((0, 2), (2, 4), (4, 5)):
        v = signs(len(g), 3, rng)
        part, found = network.estimate(times[low:high], labels[low:high], v)
        losses += (high - low) / 5 * part
        expected += (high - low) / 5 * found
    assert loss == pytest.approx(losses) == pytest.approx(network.gradient(times, labels)[0])
    np.testing.assert_allclose(g, expected, rtol=1e-12)


def test_the_report_takes_the_test_samples_of_all_folds() -> None:
    def one(rule: ExactRule, seed: int, fold: int, test: float) -> Trained:
        network = Classifier(9, 1, 3)
        plan = PLANS["iris"]
        return Trained("iris", rule, seed, fold, plan, network, [1.0, 0.5], [0.1, 0.2], test)

    found = [one("BP", 1, 0, 0.8), one("BP", 1, 1, 1.0), one("BP", 2, 0, 1.0), one("BP", 2, 1, 1.0)]
    assert markdown(found).splitlines()[-1] == "| iris | BP | 2 | 95.0% | 90.0% |"
    assert text(found).splitlines()[-1].split() == ["iris", "BP", "2", "95.0%", "90.0%"]
    assert [run["test"] for run in results(found)["runs"]] == [0.8, 1.0, 1.0, 1.0]
