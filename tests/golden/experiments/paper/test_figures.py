"""Figures: whole PNG and PDF files, the same bytes every time, also with runs that diverged."""

import math
import os
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dualspike.golden.data.problem import Problem, build
from dualspike.golden.experiments.paper.figures import draw
from dualspike.golden.experiments.paper.methods import METHODS, Experiment
from dualspike.golden.experiments.paper.report import Report
from dualspike.golden.experiments.paper.rows import MethodRow
from dualspike.golden.experiments.paper.settings import PaperSettings
from dualspike.golden.experiments.runner.records import RunOutcome, RunState
from tests.refusals import refusal

SIZES = {"hat": (1956, 792), "poisson": (1296, 1152), "reaction-diffusion": (1956, 792)}


def state() -> RunState:
    return RunState(30, np.zeros(2), {}, np.geomspace(1, 1e-3, 30), np.empty((0, 3)), 1.0)


def report(settings: PaperSettings, problem: Problem, diverged: set[str]) -> Report:
    rows: list[MethodRow] = []
    for n, method in enumerate(METHODS[settings.experiment]):
        truth = problem.test.target if problem.kind == "mlp" else problem.test.target[:1]
        good = RunOutcome(state(), None, 0.1, 0.2, truth + 0.01 * n)
        bad = RunOutcome(state(), 30, math.nan, math.nan, np.empty(0))
        outcomes = {1: bad if method.name in diverged else good}
        rows.append(MethodRow(method, outcomes, settings))
    return Report(settings, problem, rows)


def png_size(path: Path) -> tuple[int, int]:
    content = path.read_bytes()
    assert content[:8] == b"\x89PNG\r\n\x1a\n" and content[-8:-4] == b"IEND"
    width, height = struct.unpack(">II", content[16:24])
    return width, height


@pytest.mark.parametrize(
    ("name", "number"), [("hat", 5), ("poisson", 6), ("reaction-diffusion", 7)]
)
def test_the_papers_figures(
    small: Callable[..., PaperSettings], tmp_path: Path, name: Experiment, number: int
) -> None:
    settings = small(name)
    problem = build(settings.problem)
    found = report(settings, problem, {"RFG-L", "SG-RFG-L"})
    files = draw(found, tmp_path)
    assert files == [f"figure{number}.png", f"figure{number}.pdf"]
    assert sorted(os.listdir(tmp_path)) == sorted(files)
    assert png_size(tmp_path / files[0]) == SIZES[name]
    pdf = (tmp_path / files[1]).read_bytes()
    assert pdf.startswith(b"%PDF-") and pdf.rstrip().endswith(b"%%EOF")
    before = [(tmp_path / file).read_bytes() for file in files]
    draw(found, tmp_path)
    assert [(tmp_path / file).read_bytes() for file in files] == before


@pytest.mark.parametrize("name", ["hat", "poisson"])
def test_one_method_or_only_diverged_ones(
    small: Callable[..., PaperSettings], tmp_path: Path, name: Experiment
) -> None:
    settings = small(name)
    problem = build(settings.problem)
    methods = {method.name for method in METHODS[name]}
    whole = report(settings, problem, methods)
    draw(whole, tmp_path)
    perfect = report(settings, problem, set()).rows[:1]
    draw(Report(settings, problem, perfect), tmp_path)
    assert draw(Report(settings, problem, []), tmp_path) == []


def test_a_place_that_is_taken(small: Callable[..., PaperSettings], tmp_path: Path) -> None:
    settings = small("hat")
    problem = build(settings.problem)
    (tmp_path / "figure5.png").mkdir()
    assert (
        refusal(draw, report(settings, problem, set()), tmp_path)
        == f"cannot write {tmp_path}/figure5.png: it is a folder"
    )
    assert os.listdir(tmp_path) == ["figure5.png"]
