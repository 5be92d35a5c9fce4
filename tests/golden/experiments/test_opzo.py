"""The comparison of online rules: its trials, its tables, a small run of each."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dualspike.golden.data.labelled.digits import digits
from dualspike.golden.data.labelled.moving_bars import moving_bars
from dualspike.golden.data.labelled.samples import ClassData, Labelled
from dualspike.golden.data.labelled.shape import Shape
from dualspike.golden.experiments.opzo import report as opzo_report
from dualspike.golden.experiments.opzo import study as opzo
from dualspike.golden.experiments.opzo import trials as opzo_trials
from dualspike.golden.experiments.opzo.forward import SETTINGS, Setting, forward_variances
from dualspike.golden.experiments.opzo.simple import simple
from dualspike.golden.experiments.opzo.study import Comparison, OpzoRun
from dualspike.golden.experiments.opzo.trials import Codings, OpzoTrial
from dualspike.golden.experiments.opzo.variance import by_width
from dualspike.golden.online.training import Epoch, TrainingConfig
from tests.golden.chance import bound
from tests.golden.experiments.conftest import TINY

IMAGES: Codings = ("static", "poisson")


def test_trials() -> None:
    trials = opzo_trials.all_trials(IMAGES)
    assert len(trials) == 32 + 7 + 6 + 7 == len(set(trials))
    assert opzo_trials.noise_trials(IMAGES)[0] in opzo_trials.rule_trials(IMAGES)
    assert {trial.coding for trial in opzo_trials.all_trials(("events",))} == {"events"}
    tuned = opzo_trials.tuning_trials(IMAGES)
    assert [t.rule for t in tuned if t.kind == "dense"] == [*opzo_trials.RULES]
    assert [t.rule for t in tuned if t.kind == "deep"] == ["BP", "OPZO", "DFA", "FWD"]
    convolved = [t.rule for t in tuned if t.kind == "convolutional"]
    assert convolved == ["BP", "OPZO", "DFA", "ZO", "FWD"]
    assert {t.coding for t in tuned} == {"static"}


def test_the_same_seed_gives_the_same_run() -> None:
    trial, samples = OpzoTrial("OPZO-LL", "poisson", "dense", "rademacher", "before"), digits()
    found = opzo.execute(trial, TINY, samples, 1e-3, 1)
    assert found == opzo.execute(trial, TINY, samples, 1e-3, 1)
    assert found != replace(opzo.execute(trial, TINY, samples, 1e-3, 2), seed=1)
    assert len(found.epochs) == 2 and len(found.variances) == 1 and found.variances[0] > 0
    assert len(opzo.execute(OpzoTrial("BP"), TINY, samples, 1e-3, 1).variances) == 3


def test_convolutions_are_as_many_as_the_size_can_be_halved() -> None:
    rng, part = np.random.default_rng(0), Labelled(np.zeros((1, 1)), np.zeros(1, int))
    for shape, depth in ((Shape(8, 12, 1), 2), (Shape(34, 34, 2), 1)):
        samples = ClassData(part, part, part, shape, 10)
        assert len(opzo.network_for("convolutional", samples, TINY, rng).hidden) == depth


def compared(accuracies: dict[str, tuple[float, ...]]) -> Comparison:
    found = {
        OpzoTrial(name, coding): [OpzoRun(1, [Epoch(0, 0, [0.1])], a, [1.0], [2.0]) for a in given]
        for name, given in accuracies.items()
        for coding in IMAGES
    }
    tuning = {OpzoTrial("OPZO"): {3e-3: 0.9, 1e-3: 0.9, 1e-2: 0.8}}
    return Comparison(tuning, found, "digits", TINY, IMAGES)


def test_the_order_is_judged_by_the_means_and_the_rate_by_validation() -> None:
    found = compared(
        {"BP": (0.98, 0.96), "OPZO": (0.965, 0.96), "DFA": (0.9, 0.9), "ZO": (0.84, 0.87)}
    )
    static = opzo_report.order(found)[0]
    assert static["opzo_less_bp"] == pytest.approx(-0.75)
    assert static["dfa_less_zo"] == pytest.approx(4.5)
    assert (static["opzo_near_bp"], static["zo_far_below_dfa"]) == (True, False)
    assert found.rate(OpzoTrial("OPZO-LL", "poisson")) == 1e-3
    assert found.rate(OpzoTrial("OPZO-IGL-LL", "static")) == 1e-3


def test_variance_grows_with_the_noisy_nodes() -> None:
    """One point with the nodes at least, OPZO near BP."""
    config = TrainingConfig(batch=32, steps=2, alpha=0.5)
    found = by_width(digits(), config, (8, 64))
    single, pseudo, forward = found["ZO"], found["OPZO"], found["FWD"]
    assert all(single[d] > d for d in (16, 128))
    assert all(pseudo[d] < single[d] / d for d in (16, 128))
    assert all(forward[d] < single[d] / 10 for d in (16, 128))


def test_the_variance_of_forward_gradients_is_predicted() -> None:
    """By neurons, lanes and steps: for every setting within what chance allows."""
    found = forward_variances(digits(), TrainingConfig(batch=4, steps=2), 200)
    assert [one.setting for one in found] == list(SETTINGS)
    assert max(abs(one.variance.z) for one in found) < bound(len(found))
    assert all(abs(replace(one.variance, predicted=0).z) > 10 for one in found)
    size = {one.setting: one.variance.predicted for one in found}
    usual = size[Setting()]
    assert size[Setting(width=8)] < usual / 2 and size[Setting(width=128)] > 2 * usual
    assert size[Setting(lanes=16)] == pytest.approx(usual / 16)
    assert size[Setting(steps=1)] > size[Setting(steps=2)] > usual > size[Setting(steps=12)]


@pytest.mark.parametrize(
    ("height", "width", "runs"), [(2, 8, 81), (8, 6, 81), (7, 8, 70), (8, 7, 70), (1, 1, 70)]
)
def test_images_of_an_odd_side_are_learned_without_convolutions(
    height: int, width: int, runs: int
) -> None:
    """Five runs to tune and six trials are of convolutions; the tables say why there are none."""
    shape = Shape(height, width, 1)
    part = Labelled(np.zeros((6, height * width)), np.zeros(6, int))
    assert len(opzo.planned(TINY, ClassData(part, part, part, shape, 10), 1)) == runs
    one = [OpzoRun(1, [Epoch(0, 0, [0.1])], 0.5, [1.0], [2.0])]
    found = replace(
        compared({}),
        tuning={trial: {1e-3: 0.5} for trial in opzo_trials.tuning_trials(IMAGES, shape.halves)},
        trials=dict.fromkeys(opzo_trials.all_trials(IMAGES, shape.halves), one),
        widths={"ZO": {2: 1.0}},
    )
    for text in (opzo_report.text(found), opzo_report.markdown(found)):
        assert (opzo_report.NOT_CONVOLVED in text) == (runs == 70)


def test_what_answers_without_a_network() -> None:
    """By hand; and the digits' and bars' figures of docs/online.md."""
    x, labels = np.array([[0.0, 0.0], [0.1, 0.0], [0.0, 1.0]]), np.array([0, 0, 2])
    part = Labelled(x, labels)
    found = simple(ClassData(part, part, Labelled(x + 0.05, labels), Shape(1, 2, 1), 3))
    assert found == {"most frequent class": 2 / 3, "nearest mean": 1.0, "least squares": 1.0}
    page = (Path(__file__).parents[3] / "docs" / "online.md").read_text("utf-8")
    for samples in (digits(), moving_bars()):
        shares = simple(samples)
        names = "least squares", "nearest mean", "most frequent class"
        assert all(f"{100 * shares[name]:.2f}" in page for name in names)
        assert shares["least squares"] > shares["nearest mean"] > shares["most frequent class"]
