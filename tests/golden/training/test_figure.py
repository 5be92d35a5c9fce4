"""Figures: whole PNG files or none, for every kind of data."""

import struct
from pathlib import Path

import numpy as np
import pytest

from dualspike.golden.data.load import load_problem
from dualspike.golden.data.problem import Problem, Samples
from dualspike.golden.training.figure import run_figure, running_mean
from dualspike.model.description.load import load_preset
from tests.refusals import refusal

LOSSES = np.geomspace(1, 1e-3, 120)


def grid() -> Problem:
    return load_problem(load_preset("hat"))


def file_data(outputs: int) -> Problem:
    x = np.linspace(-1, 1, 40).reshape(20, 2)
    y = np.linspace(-1, 1, 20 * outputs).reshape(20, outputs)
    samples = Samples((x,), y)
    return Problem("file", "mlp", samples, samples, samples, (None,))


def size(path: Path) -> tuple[int, int]:
    """Width and height from the PNG header."""
    content = path.read_bytes()
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    assert content[-8:-4] == b"IEND"
    width, height = struct.unpack(">II", content[16:24])
    return width, height


def test_grid_figure(tmp_path: Path) -> None:
    data, path = grid(), tmp_path / "hat.png"
    run_figure(data, data.test.target + 0.01, LOSSES, path, "hat")
    assert size(path) == (1260, 1020)
    first = path.read_bytes()
    run_figure(data, data.test.target + 0.01, LOSSES, path, "hat")
    assert path.read_bytes() == first
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("outputs", [1, 3])
def test_scatter_figure(tmp_path: Path, outputs: int) -> None:
    data, path = file_data(outputs), tmp_path / "file.png"
    run_figure(data, data.test.target * 0.9, LOSSES, path, "file")
    assert size(path) == (1320, 576)


@pytest.mark.filterwarnings("error")
def test_dull_runs_draw_without_warnings(tmp_path: Path) -> None:
    """A constant prediction, an exact one, a single update, losses of 0."""
    data, path = grid(), tmp_path / "hat.png"
    run_figure(data, np.zeros_like(data.test.target), np.zeros(5), path, "hat")
    run_figure(data, data.test.target, np.ones(1), path, "hat")
    run_figure(file_data(1), np.zeros((20, 1)), np.array([1.0, 0.0, 0.5]), path, "file")


def test_folder_that_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    data = file_data(1)
    line = "cannot write out/file.png: there is no folder out"
    assert refusal(run_figure, data, data.test.target, LOSSES, Path("out/file.png"), "file") == line


def test_place_that_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The unfinished file goes away too."""
    monkeypatch.chdir(tmp_path)
    Path("file.png").mkdir()
    data = file_data(1)
    line = "cannot write file.png: it is a folder"
    assert refusal(run_figure, data, data.test.target, LOSSES, Path("file.png"), "file") == line
    assert [p.name for p in tmp_path.iterdir()] == ["file.png"]


def test_running_mean() -> None:
    values = np.array([1.0, 3.0, 5.0, 1.0, 0.0])
    assert running_mean(values, 1).tolist() == values.tolist()
    assert running_mean(values, 2).tolist() == [1, 2, 4, 3, 0.5]
    assert running_mean(values, 9).tolist() == [1, 2, 3, 2.5, 2]
