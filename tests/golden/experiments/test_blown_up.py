"""Runs that end far above their start, in finite numbers: every study says so."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from dualspike.golden.data.labelled.digits import digits
from dualspike.golden.data.problem import build
from dualspike.golden.experiments.estimator.case import cases
from dualspike.golden.experiments.exact import report as exact_report
from dualspike.golden.experiments.exact.training import PLANS, train
from dualspike.golden.experiments.neighbours import study as neighbours
from dualspike.golden.experiments.on_chip import trial as on_chip
from dualspike.golden.experiments.on_chip.cases import case_of
from dualspike.golden.experiments.on_chip.spatial import SpatialEngine
from dualspike.golden.experiments.opzo import report as opzo_report
from dualspike.golden.experiments.opzo import study as opzo
from dualspike.golden.experiments.opzo.trials import OpzoTrial, all_trials
from dualspike.golden.experiments.paper.methods import METHODS, Experiment
from dualspike.golden.experiments.paper.report import collect
from dualspike.golden.experiments.paper.run import Run, execute
from dualspike.golden.experiments.paper.settings import PaperSettings
from dualspike.golden.experiments.runner.folder import opened
from dualspike.golden.experiments.runner.table import marked
from dualspike.golden.experiments.widths import trial as widths
from dualspike.golden.experiments.widths.report import markdown
from dualspike.golden.experiments.widths.study import FormatRow, Widths
from dualspike.golden.training.divergence import FAR, ended_far
from dualspike.golden.training.fixed_engine import FixedEngine
from tests.golden.experiments.conftest import TINY
from tests.refusals import refusal

Small = Callable[..., PaperSettings]
EMPTY = opzo.Comparison({}, {}, "digits", TINY, ("static", "poisson"))
SGD = {"optimiser": {"kind": "sgd"}, "schedule": {"kind": "constant"}}


def on(_: int, __: float) -> bool:
    return True


def rising(_: object, __: object, ___: object, update: int) -> float:
    """In place of an update: every loss is larger than the one before."""
    return float(update + 1) ** 2


def test_far_is_more_than_twice_or_no_number() -> None:
    assert [ended_far(1, end) for end in (0.1, FAR, FAR * 1.001, float("inf"), float("nan"))] == [
        False,
        False,
        True,
        True,
        True,
    ]
    assert marked("0.5", 0, 3) == "0.5" and marked("0.5", 1, 3) == "0.5 (1 of 3 diverged)"


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("rate", [1e-3, 10.0])
def test_a_run_of_the_paper(name: Experiment, rate: float, small: Small, tmp_path: Path) -> None:
    """Far off at the higher rate, by the whole number of updates; marked in table and results."""
    rates = dict.fromkeys((m.rule for m in METHODS[name]), rate)
    settings = small(name, rates=rates, updates=5, **SGD)
    method = METHODS[name][0]
    with opened(tmp_path, settings, force=False) as folder:
        execute(Run(settings, method, 1), folder.problem(settings), folder.runs, on)
        report = collect(folder, settings, folder.problem(settings))
    row, told = report.results()["methods"][0], report.markdown()
    assert ("(1 of 1 diverged)" in told) == bool(row["diverged"]) == (rate > 1)
    assert (row["median"] is None) == (rate > 1)
    line = f"{method.name} with seed 1 diverged, its error ended far above its start: lower"
    assert (line in told) == (rate > 1)


def test_a_neighbour_and_an_estimators_network(small: Small) -> None:
    trial = neighbours.NeighbourTrial("hat", "DFA")
    far, near = (neighbours.execute(trial, 3, rate, 1).error for rate in (10.0, 1e-3))
    assert far == float("inf") and near < 2
    settings = small("hat", rates=dict.fromkeys(("BP", "RFG-L", "RFG-G"), 10.0), **SGD)
    line = "training of hat by BP with seed 1 diverged at update 5: lower training.rates.BP (10)"
    assert refusal(list, cases(settings, 1, 5, build(settings.problem))) == line


def test_a_width(monkeypatch: pytest.MonkeyPatch) -> None:
    trial = widths.FormatTrial("hat", "", "", 40, 1)
    good = widths.train(trial, on)
    monkeypatch.setattr(FixedEngine, "update", rising)
    bad = widths.train(trial, on)
    assert good is not None and bad is not None and (good.diverged, bad.diverged) == (False, True)
    row = FormatRow("hat", "", "s1.10", own=True, found={1: good, 2: bad})
    assert "(1 of 2 diverged)" in markdown(Widths([row], {"hat": 40}, 2))


def test_a_chip_that_learns_online(monkeypatch: pytest.MonkeyPatch) -> None:
    given = on_chip.OnChipTrial(case_of("digits"), "bp", None, 9, 48 * 6, 1)
    good = on_chip.train(given, on)
    monkeypatch.setattr(SpatialEngine, "update", rising)
    bad = on_chip.train(given, on)
    assert good is not None and bad is not None and (good.diverged, bad.diverged) == (False, True)


def test_a_rule_of_opzo() -> None:
    trial = OpzoTrial("BP")
    runs = [opzo.execute(trial, TINY, digits(), rate, 1) for rate in (1e-3, 1e3)]
    assert [one.diverged for one in runs] == [False, True]
    table = opzo_report.STUDY.text(
        replace(EMPTY, trials=dict.fromkeys(all_trials(EMPTY.shown), runs))
    )
    assert table.count("(1 of 2 diverged) %") > 30


def test_exact_gradients() -> None:
    plan = replace(PLANS["xor"], epochs={"BP": 3, "RFG-L": 3})
    good = train("xor", "BP", 1, plan, lambda *_: None)
    bad = replace(good, seed=2, losses=[1.0, 3.0])
    assert (good.diverged, bad.diverged) == (False, True)
    assert "(1 of 2 diverged)" in exact_report.markdown([good, bad])
