"""Folders and files that one command has to itself: who is refused, and what stays behind."""

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from dualspike.golden.files.alone import keeping, writing
from dualspike.golden.files.locks import locked, sweep
from dualspike.golden.files.writing import write_atomic
from dualspike.model.errors import BadInput
from tests.refusals import refusal

# What /proc answers depends on who asks, and on the system.
REFUSALS = [os.strerror(n) for n in (errno.ENOENT, errno.EACCES, errno.EPERM, errno.EROFS)]
LEFT = (".dualspike-0123456789abcdef.tmp", ".dualspike-0123456789abcdef.lock")

HOLDER = """
import sys, time
from pathlib import Path
from dualspike.golden.files.{module} import {name}
with {name}(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def refused(block: AbstractContextManager[object]) -> str:
    with pytest.raises(BadInput) as caught, block:
        pass
    return str(caught.value)


def holder(path: Path, module: str, name: str) -> subprocess.Popen[str]:
    """A process that holds the path until it is killed."""
    program = HOLDER.format(module=module, name=name)
    command = [sys.executable, "-c", program, str(path)]
    process = subprocess.Popen(command, text=True, stdout=subprocess.PIPE)
    assert process.stdout and process.stdout.readline() == "held\n"
    return process


def kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate()


def test_a_folder_is_made_with_those_above_it(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b"
    with writing(path, "report") as folder:
        assert folder == path
        assert os.listdir(path / "report") == []
    assert os.listdir(path) == ["report"]


def test_a_folder_keeps_what_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with writing(tmp_path):
        pass
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.parametrize("path", ["a", "a/b/c", "there/a", "there/../b", "there"])
def test_a_failure_leaves_no_empty_folder(tmp_path: Path, path: str) -> None:
    (tmp_path / "there").mkdir()
    with pytest.raises(ZeroDivisionError), writing(tmp_path / path, "report"):
        raise ZeroDivisionError
    assert [str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*")] == ["there"]


def test_a_failure_leaves_what_was_written(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), writing(tmp_path / "a", "report", "other"):
        write_atomic(tmp_path / "a" / "report" / "file", "text")
        raise ZeroDivisionError
    assert [p.name for p in sorted(tmp_path.rglob("*"))] == ["a", "report", "file"]


def test_a_folder_is_not_a_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    line = f"output folder must be a folder, not the file {path}"
    assert refused(writing(path)) == line
    assert refused(writing(tmp_path, "file")) == line


def test_a_folder_under_a_file_has_its_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "folder"
    expected = f"cannot write in folder {path}: {os.strerror(errno.ENOTDIR)}"
    assert refused(writing(path)) == expected


@pytest.mark.parametrize("path", [Path("/proc"), Path("/proc/folder")])
def test_a_folder_that_cannot_be_written_has_its_line(path: Path) -> None:
    assert refused(writing(path)) in {f"cannot write in folder {path}: {r}" for r in REFUSALS}


def test_links_that_lead_to_themselves_have_their_line(tmp_path: Path) -> None:
    path = tmp_path / "link"
    path.symlink_to("link")
    assert refused(writing(path)).startswith(f"cannot write in folder {path}: ")
    line = f"cannot write {path}: it is a link that leads to itself"
    assert refused(keeping(path)) == line
    assert refusal(write_atomic, path, "text") == line
    assert os.listdir(tmp_path) == ["link"]


def test_a_folder_is_for_one_command_at_a_time(tmp_path: Path) -> None:
    """By whatever name it is called, until its holder ends, however that ends."""
    path, link = tmp_path / "folder", tmp_path / "link"
    link.symlink_to("folder")
    process = holder(path, "alone", "writing")
    for name in (path, link, path / ".." / "folder"):
        line = f"{name} is in use by another command: wait for its end or give another folder"
        assert refused(writing(name)) == line
    kill(process)
    with writing(link):
        pass
    assert os.listdir(path) == []


def test_a_kept_file_is_for_one_command_at_a_time(tmp_path: Path) -> None:
    path, link = tmp_path / ("n" * 255), tmp_path / "link"
    link.symlink_to(path.name)
    process = holder(path, "alone", "keeping")
    for name in (path, link):
        line = f"{name} is in use by another command: wait for its end or give another file"
        assert refused(keeping(name)) == line
    with keeping(tmp_path / "other"), writing(tmp_path):
        pass
    kill(process)
    with keeping(path):
        pass
    assert os.listdir(tmp_path) == ["link"]


def test_a_file_is_kept_where_there_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in (tmp_path / "no", tmp_path / "file"):
        line = f"cannot write {folder / 'a'}: there is no folder {folder}"
        assert refused(keeping(folder / "a")) == line


@pytest.mark.parametrize("name", LEFT)
def test_what_killed_processes_left_goes_and_what_others_use_stays(
    tmp_path: Path, name: str
) -> None:
    process = holder(tmp_path / name, "locks", "locked")
    write_atomic(tmp_path / "a", "text")
    assert sorted(os.listdir(tmp_path)) == [name, "a"]
    kill(process)
    write_atomic(tmp_path / "a", "text")
    assert os.listdir(tmp_path) == ["a"]


def test_what_is_not_ours_is_not_swept_away(tmp_path: Path) -> None:
    files = [
        ".dualspike-notes.tmp",
        ".dualspike-0123456789ABCDEF.tmp",
        ".dualspike-0123456789abcdef.tmp.txt",
        ".dualspike-0123456789abcdef.npz",
        "x.dualspike-0123456789abcdef.tmp",
    ]
    for name in files:
        (tmp_path / name).write_text("mine")
    others: list[tuple[str, Callable[[Path], object]]] = [
        (".dualspike-1111111111111111.tmp", Path.mkdir),
        (".dualspike-2222222222222222.tmp", lambda path: path.symlink_to(files[0])),
        (".dualspike-3333333333333333.tmp", os.mkfifo),
    ]
    for name, make in others:
        make(tmp_path / name)
    sweep(tmp_path)
    assert set(os.listdir(tmp_path)) == {*files, *(name for name, _ in others)}


def test_a_writer_whose_file_was_swept_away_takes_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between making and locking it: the moment in which nobody can tell that it is in use."""
    path, done = tmp_path / LEFT[0], []
    before = os.open

    def opened(*arguments: object, **options: object) -> int:
        handle = before(*arguments, **options)  # pyright: ignore[reportArgumentType, reportCallIssue]
        if not done:
            done.append(True)
            sweep(tmp_path)
        return handle

    monkeypatch.setattr(os, "open", opened)
    with locked(path, wait=True) as handle:
        assert os.path.samestat(os.stat(path), os.fstat(handle))
    assert os.listdir(tmp_path) == []


def test_a_folder_that_cannot_be_read_is_not_swept(tmp_path: Path) -> None:
    sweep(tmp_path / "no")
    assert os.listdir(tmp_path) == []
