import os
from collections.abc import Callable
from pathlib import Path

import pytest

from dualspike.golden.data.problem import build
from dualspike.golden.experiments.paper.run import Run, execute
from dualspike.golden.experiments.paper.settings import PaperSettings
from dualspike.golden.experiments.runner.folder import opened
from dualspike.model.errors import BadInput
from tests.refusals import refusal


def on(_: int, __: float) -> bool:
    return True


def filled(path: Path, run: Run) -> None:
    """A folder with one run that has ended."""
    with opened(path, run.settings, force=False) as folder:
        execute(run, folder.problem(run.settings), folder.runs, on)


def test_data_are_computed_once(small: Callable[..., PaperSettings], tmp_path: Path) -> None:
    settings = small("poisson")
    with opened(tmp_path, settings, force=False) as folder:
        first = folder.problem(settings)
        assert folder.problem(settings) is first
    expected = build(settings.problem)
    assert (first.test.target == expected.test.target).all()
    assert {p.name for p in tmp_path.iterdir()} == {"settings.json", "data.npz", "runs"}


def test_runs_of_other_settings_are_refused(run_of: Callable[..., Run], tmp_path: Path) -> None:
    filled(tmp_path, run_of("hat", "BP", updates=3))
    other = run_of("hat", "BP", updates=4).settings
    with (
        pytest.raises(BadInput) as caught,
        opened(tmp_path, other, force=False),
    ):
        pass
    assert str(caught.value) == (
        f"{tmp_path} holds runs with training.updates 3, not 4: give another folder or --force"
    )
    with pytest.raises(BadInput, match="holds runs with experiment hat, not poisson:"):
        filled(tmp_path, run_of("poisson", "SG-BP"))
    assert (tmp_path / "runs" / "BP-1.npz").exists()


def test_force_begins_anew(run_of: Callable[..., Run], tmp_path: Path) -> None:
    filled(tmp_path, run_of("hat", "BP", updates=3))
    run = run_of("poisson", "SG-BP", updates=3)
    with opened(tmp_path, run.settings, force=True) as folder:
        assert list(folder.runs.iterdir()) == [] and not folder.data.exists()
        folder.problem(run.settings)
    filled(tmp_path, run)
    assert [p.name for p in (tmp_path / "runs").iterdir()] == ["SG-BP-1.npz"]


def test_a_folder_is_for_one_command_at_a_time(
    small: Callable[..., PaperSettings], tmp_path: Path
) -> None:
    settings = small("hat")
    with opened(tmp_path, settings, force=False):
        with pytest.raises(BadInput) as caught, opened(tmp_path, settings, force=False):
            pass
        assert str(caught.value) == (
            f"{tmp_path} is in use by another command: wait for its end or give another folder"
        )
    with opened(tmp_path, settings, force=False):
        pass


def test_what_was_killed_while_writing_is_swept_away(
    small: Callable[..., PaperSettings], tmp_path: Path
) -> None:
    (tmp_path / "runs").mkdir()
    for folder in (tmp_path, tmp_path / "runs"):
        (folder / ".dualspike-0123456789abcdef.tmp").write_text("half")
    with opened(tmp_path, small("hat"), force=False):
        assert not list(tmp_path.glob("**/*.tmp"))


def test_a_failure_before_any_run_leaves_nothing(
    small: Callable[..., PaperSettings], tmp_path: Path
) -> None:
    settings, path = small("hat"), tmp_path / "a" / "b"
    with pytest.raises(ZeroDivisionError), opened(path, settings, force=False) as folder:
        folder.problem(settings)
        raise ZeroDivisionError
    assert os.listdir(tmp_path) == []


def test_a_failure_later_keeps_everything(run_of: Callable[..., Run], tmp_path: Path) -> None:
    run = run_of("hat", "BP", updates=3)
    filled(tmp_path, run)
    with pytest.raises(ZeroDivisionError), opened(tmp_path, run.settings, force=False):
        raise ZeroDivisionError
    assert {p.name for p in tmp_path.iterdir()} == {"settings.json", "data.npz", "runs"}


def test_damaged_settings_are_one_line(run_of: Callable[..., Run], tmp_path: Path) -> None:
    run = run_of("hat", "BP", updates=3)
    filled(tmp_path, run)
    path = tmp_path / "settings.json"
    path.write_text("{")
    assert refusal(filled, tmp_path, run) == f"{path} is damaged: give another folder or --force"


def test_damaged_data_are_one_line(run_of: Callable[..., Run], tmp_path: Path) -> None:
    """In another process: this one has read them already."""
    run = run_of("poisson", "SG-BP", updates=3)
    filled(tmp_path, run)
    path = tmp_path / "data.npz"
    moved = tmp_path / "moved"
    moved.mkdir()
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    (moved / "data.npz").write_bytes(content)
    with pytest.raises(BadInput, match=r"data\.npz"):
        filled(moved, run)
    assert (moved / "data.npz").exists()
