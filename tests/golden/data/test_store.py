"""Problems in files: round trips, and a file that was touched is refused in one line."""

import errno
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dualspike.golden.data.problem import Problem, Settings, build
from dualspike.golden.data.problems.hat import HatSettings
from dualspike.golden.data.problems.poisson import PoissonSettings
from dualspike.golden.data.problems.random_field import RandomField
from dualspike.golden.data.problems.reaction_diffusion import ReactionDiffusionSettings
from dualspike.golden.data.store import checksum, load, save, stored
from dualspike.model.errors import BadInput
from tests.refusals import refusal

SMALL = PoissonSettings(4, 3, 2, sensors=5, points=3, cells=8)
ALL: tuple[Settings, ...] = (
    SMALL,
    HatSettings(10),
    ReactionDiffusionSettings(3, 2, 2, points=4, times=4, sensors=4, cells=12, steps=12),
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "data.npz"
    save(path, SMALL, build(SMALL))
    return path


def complaint(path: Path, settings: Settings = SMALL) -> str:
    text = refusal(load, path, settings)
    assert str(path) in text
    assert "\n" not in text
    return text.replace(str(path), "FILE")


def rewritten(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """The file with some arrays changed, its checksum as it was."""
    with np.load(path) as archive:
        arrays = dict(archive)
    change(arrays)
    np.savez(path, **arrays)


def same(a: Problem, b: Problem) -> bool:
    return all(
        (x == y).all()
        for split in ("train", "validation", "test")
        for x, y in zip(
            (*getattr(a, split).inputs, getattr(a, split).target),
            (*getattr(b, split).inputs, getattr(b, split).target),
            strict=True,
        )
    )


@pytest.mark.parametrize("settings", ALL, ids=lambda settings: settings.name)
def test_round_trip(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "data.npz"
    made = stored(path, settings)
    written = path.read_bytes()
    assert os.listdir(tmp_path) == ["data.npz"]
    read = stored(path, settings)
    assert path.read_bytes() == written
    assert same(made, read)
    assert checksum(made) == checksum(read)
    assert (read.name, read.kind, read.batch_sizes) == (made.name, made.kind, made.batch_sizes)
    save(path, settings, read)
    assert path.read_bytes() == written


def test_checksum_sees_every_bit_and_every_name() -> None:
    problem = build(SMALL)
    before = checksum(problem)
    assert re.fullmatch("[0-9a-f]{64}", before)
    for split in (problem.train, problem.validation, problem.test):
        for array in (*split.inputs, split.target):
            value = array[1, -1]
            array[1, -1] = np.nextafter(value, 9)
            assert checksum(problem) != before
            array[1, -1] = value
    assert checksum(problem) == before


def test_file_made_with_other_settings(file: Path) -> None:
    assert complaint(file, PoissonSettings(4, 3, 2, sensors=5, points=3, cells=8, seed=1)) == (
        "FILE must be made with seed = 1, not 0: remove it or name another file"
    )
    field = RandomField("gaussian", 1.0)
    other = PoissonSettings(4, 3, 2, field, sensors=5, points=3, cells=8)
    assert complaint(file, other) == (
        "FILE must be made with field = {'kernel': 'gaussian', 'length': 1.0, 'variance': 1.0},"
        " not {'kernel': 'gaussian', 'length': 0.5, 'variance': 1.0}: remove it or name another"
        " file"
    )
    # One is as good as 1.0.
    assert load(file, PoissonSettings(4, 3, 2, RandomField("gaussian", 0.5, 1), 5, 3, 8))


def test_file_of_another_problem(file: Path) -> None:
    assert complaint(file, HatSettings()) == (
        "FILE must hold settings, checksum, train_x, train_y, validation_x, validation_y, test_x,"
        " test_y, it holds settings, checksum, train_u, train_points, train_y, validation_u,"
        " validation_points, validation_y, test_u, test_points, test_y"
    )


def test_changed_samples(file: Path) -> None:
    def change(arrays: dict[str, Any]) -> None:
        arrays["test_y"][0, 1] = np.nextafter(arrays["test_y"][0, 1], 9)

    digest = checksum(build(SMALL))[:12]
    rewritten(file, change)
    text = complaint(file)
    assert text.startswith(f"FILE must hold the samples it was made with, SHA-256 {digest}..., not")
    assert text.endswith(": remove it to have it made again")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a: a.pop("train_u"), "FILE must hold settings, checksum, train_u, train_points,"),
        (lambda a: a.pop("checksum"), "FILE must hold settings, checksum, train_u, train_points,"),
        (lambda a: a.update(test_u=a["test_u"].T), "FILE must hold the samples it was made with"),
        (lambda a: a.update(test_u=np.array(1.0)), "FILE must hold the samples it was made with"),
        (lambda a: a.update(test_u=np.array("x")), "FILE: test_u must be integers or real numb"),
        (lambda a: a.update(test_u=a["test_u"] / 0), "FILE: test_u must be finite, test_u[0, 0]"),
        (lambda a: a.update(settings="no"), "FILE: settings must be a JSON object, not 'no'"),
        (lambda a: a.update(settings="[]"), "FILE: settings must be a JSON object, not '[]'"),
        (lambda a: a.update(checksum="no"), "FILE must hold the samples it was made with, SHA-256"),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero")
def test_incomplete_or_changed(file: Path, change: Callable[[Any], object], message: str) -> None:
    rewritten(file, change)
    assert complaint(file).startswith(message)


def test_objects_are_not_unpickled(file: Path) -> None:
    rewritten(file, lambda arrays: arrays.update(test_u=np.array([{}], dtype=object)))
    assert complaint(file) == "FILE: test_u must be numbers, not objects or a damaged array"


def test_not_an_archive(tmp_path: Path) -> None:
    path = tmp_path / "data.npz"
    assert complaint(path) == "cannot read FILE: No such file or directory"
    for content in (b"", b"nonsense", b"PK\x03\x04"):
        path.write_bytes(content)
        assert complaint(path) == "FILE must be an .npz archive, it is damaged or something else"
    with path.open("wb") as single:
        np.save(single, np.zeros(3))
    assert complaint(path) == "FILE must be an .npz archive, not a single array"
    assert complaint(tmp_path) == "cannot read FILE: Is a directory"


def test_truncated(file: Path) -> None:
    whole = file.read_bytes()
    for length in range(0, len(whole), 37):
        file.write_bytes(whole[:length])
        complaint(file)


def test_flipped_bits(file: Path) -> None:
    """Every seventh byte inverted: refused in one line, or harmless (say, a date in the zip)."""
    whole = file.read_bytes()
    made = build(SMALL)
    refused = 0
    for position in range(0, len(whole), 7):
        damaged = bytearray(whole)
        damaged[position] ^= 0xFF
        file.write_bytes(damaged)
        try:
            assert same(load(file, SMALL), made)
        except BadInput as error:
            assert str(file) in str(error)
            assert "\n" not in str(error)
            refused += 1
    assert refused > len(whole) / 7 / 2


def test_failed_writes_leave_nothing(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, problem = file.parent, build(SMALL)
    before = file.read_bytes()

    def refused(path: Path) -> str:
        return refusal(save, path, SMALL, problem)

    inside = folder / "missing" / "data.npz"
    assert refused(inside) == f"cannot write {inside}: there is no folder {inside.parent}"
    assert refused(folder) == f"cannot write {folder}: it is a folder"
    below = file / "data.npz"
    assert refused(below) == f"cannot write {below}: there is no folder {file}"
    with pytest.raises(BadInput, match=r"^cannot write .*: there is no folder "):
        stored(below, SMALL)
    assert refused(Path("a\0b")) == "cannot write a\0b: no such path"

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    assert refused(file) == f"cannot write {file}: No space left on device"
    assert file.read_bytes() == before
    assert os.listdir(folder) == ["data.npz"]
