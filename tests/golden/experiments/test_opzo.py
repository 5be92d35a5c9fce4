"""The comparison of online rules: its trials, its tables, a small run of each."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dualspike.cli import main
from dualspike.golden.experiments import opzo, opzo_data, opzo_report
from dualspike.golden.experiments.opzo import Codings, Comparison, Found, Plan, Trial
from dualspike.golden.experiments.opzo_variance import by_width
from dualspike.golden.online.convolution import Shape
from dualspike.golden.online.digits import digits
from dualspike.golden.online.moving_bars import moving_bars
from dualspike.golden.online.samples import Part, Samples
from dualspike.golden.online.training import Course, Epoch

TINY = Plan(
    hidden=(6, 5),
    deep=(6, 5, 4),
    channels=(2, 2),
    course=Course(epochs=2, batch=500, steps=2),
    rates=(1e-3, 1e-2),
    convolved_rates=(1e-2,),
    batches=2,
    marks=2,
    widths=(2, 4),
    seeds=1,
)
IMAGES: Codings = ("static", "poisson")


def test_trials() -> None:
    trials = opzo.all_trials(IMAGES)
    assert len(trials) == 24 + 6 + 5 + 7 == len(set(trials))
    assert opzo.noise_trials(IMAGES)[0] in opzo.rule_trials(IMAGES)
    assert {trial.coding for trial in opzo.all_trials(("events",))} == {"events"}
    tuned = opzo.tuning_trials(IMAGES)
    assert [t.rule for t in tuned if t.kind == "dense"] == [*opzo.RULES]
    assert [t.rule for t in tuned if t.kind == "deep"] == ["BP", "OPZO", "DFA"]
    assert [t.rule for t in tuned if t.kind == "convolutional"] == ["BP", "OPZO", "DFA", "ZO"]
    assert {t.coding for t in tuned} == {"static"}


def test_the_same_seed_gives_the_same_run() -> None:
    trial, samples = Trial("OPZO-LL", "poisson", "dense", "rademacher", "before"), digits()
    found = opzo.execute(trial, TINY, samples, 1e-3, 1)
    assert found == opzo.execute(trial, TINY, samples, 1e-3, 1)
    assert found != replace(opzo.execute(trial, TINY, samples, 1e-3, 2), seed=1)
    assert len(found.epochs) == 2 and len(found.variances) == 1 and found.variances[0] > 0
    assert len(opzo.execute(Trial("BP"), TINY, samples, 1e-3, 1).variances) == 3


def test_convolutions_are_as_many_as_the_size_can_be_halved() -> None:
    rng, part = np.random.default_rng(0), Part(np.zeros((1, 1)), np.zeros(1, int))
    for shape, depth in ((Shape(8, 12, 1), 2), (Shape(34, 34, 2), 1)):
        samples = Samples(part, part, part, shape, 10)
        assert len(opzo.network_for("convolutional", samples, TINY, rng).hidden) == depth


def compared(accuracies: dict[str, tuple[float, ...]]) -> Comparison:
    found = {
        Trial(name, coding): [Found(1, [Epoch(0, 0, [0.1])], a, [1.0], [2.0]) for a in given]
        for name, given in accuracies.items()
        for coding in IMAGES
    }
    tuning = {Trial("OPZO"): {3e-3: 0.9, 1e-3: 0.9, 1e-2: 0.8}}
    return Comparison("digits", TINY, IMAGES, tuning, found, {})


def test_the_order_is_judged_by_the_means_and_the_rate_by_validation() -> None:
    found = compared(
        {"BP": (0.98, 0.96), "OPZO": (0.965, 0.96), "DFA": (0.9, 0.9), "ZO": (0.84, 0.87)}
    )
    static = opzo_report.order(found)[0]
    assert static["opzo_less_bp"] == pytest.approx(-0.75)
    assert static["dfa_less_zo"] == pytest.approx(4.5)
    assert (static["opzo_near_bp"], static["zo_far_below_dfa"]) == (True, False)
    assert found.rate(Trial("OPZO-LL", "poisson")) == 1e-3
    assert found.rate(Trial("OPZO-IGL-LL", "static")) == 1e-3


def test_variance_grows_with_the_noisy_nodes() -> None:
    """One point with the nodes at least, OPZO near BP."""
    course = Course(batch=32, steps=2, alpha=0.5)
    found = by_width(digits(), course, (8, 64))
    single, pseudo = found["ZO"], found["OPZO"]
    assert all(single[d] > d for d in (16, 128))
    assert all(pseudo[d] < single[d] / d for d in (16, 128))


@pytest.mark.parametrize(
    ("height", "width", "runs"), [(2, 8, 64), (8, 6, 64), (7, 8, 55), (8, 7, 55), (1, 1, 55)]
)
def test_images_of_an_odd_side_are_learned_without_convolutions(
    height: int, width: int, runs: int
) -> None:
    """Four runs to tune and five trials are of convolutions; the tables say why there are none."""
    shape = Shape(height, width, 1)
    part = Part(np.zeros((6, height * width)), np.zeros(6, int))
    assert opzo.runs(TINY, Samples(part, part, part, shape, 10), 1) == runs
    one = [Found(1, [Epoch(0, 0, [0.1])], 0.5, [1.0], [2.0])]
    found = replace(
        compared({}),
        tuning={trial: {1e-3: 0.5} for trial in opzo.tuning_trials(IMAGES, shape.halves)},
        trials=dict.fromkeys(opzo.all_trials(IMAGES, shape.halves), one),
        widths={"ZO": {2: 1.0}},
    )
    for text in (opzo_report.text(found), opzo_report.markdown(found)):
        assert (opzo_report.NOT_CONVOLVED in text) == (runs == 55)


def few(samples: Samples) -> Samples:
    parts = (samples.train, samples.validation, samples.test)
    train, validation, test = (part.taken(np.arange(40)) for part in parts)
    return Samples(train, validation, test, samples.shape, samples.classes)


def test_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a few of the bars; the processes of a study are told all they need to know."""
    monkeypatch.setattr(opzo, "QUICK", TINY)
    monkeypatch.setitem(opzo_data.BUILT_IN, "bars", lambda: few(moving_bars()))
    words = ["experiment", "opzo", "--quick", "--jobs", "1", "--data", "bars", "--json"]
    assert main([*words, "-o", str(tmp_path)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found["trials"]) == 12 + 6 + 5 + 7
    assert {len(trial["runs"]) for trial in found["trials"]} == {1}
    assert {len(tried["validation"]) for tried in found["tuning"]} == {1, 2}
    drawn = {f"{name}.{kind}" for name in ("curves", "variance") for kind in ("png", "pdf")}
    files = {"results.json", "table.md", *drawn}
    assert set(found["files"]) == files == {path.name for path in tmp_path.iterdir()}
    table = (tmp_path / "table.md").read_text()
    assert all(f"| {name} |" in table for name in (*opzo.RULES, *opzo.DEEP))


@pytest.mark.parametrize(
    ("data", "line"),
    [
        ("nmnist", "--data must be one of {known}, not nmnist"),
        ("digits=here", "--data must be one of {known}, not digits=here"),
        (
            "nmnist=nowhere",
            "nowhere/Train must hold folders 0 to 9 with files *.bin: there are none",
        ),
        ("mnist=nowhere", "cannot read nowhere/train-images-idx3-ubyte: No such file or directory"),
        (
            "dvs-gesture=nowhere",
            "cannot read nowhere/trials_to_train.txt: No such file or directory",
        ),
    ],
)
def test_bad_data(data: str, line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["experiment", "opzo", "--data", data, "-o", str(tmp_path / "out")]) == 2
    known = "digits, bars, mnist=FOLDER, nmnist=FOLDER, dvs-gesture=FOLDER"
    assert capsys.readouterr().err == f"dualspike: {line.format(known=known)}\n"


def test_bad_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["experiment", "opzo", "--updates", "2", "-o", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err == "dualspike: experiment opzo does not take --updates\n"
    assert not (tmp_path / "out").exists()
