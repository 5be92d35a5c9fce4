import errno
import os
import stat
from pathlib import Path

import pytest

from dualspike.golden.files.writing import write_atomic
from tests.refusals import refusal

# What /proc answers depends on who asks, and on the system.
REFUSALS = [os.strerror(n) for n in (errno.ENOENT, errno.EACCES, errno.EPERM, errno.EROFS)]


@pytest.mark.parametrize("content", [b"", b"\x00\r\n", "", "µ\r\n", "x" * 100_000])
def test_content_arrives_byte_for_byte(tmp_path, content):
    write_atomic(tmp_path / "a", content)
    expected = content.encode() if isinstance(content, str) else content
    assert (tmp_path / "a").read_bytes() == expected
    assert os.listdir(tmp_path) == ["a"]


def test_permissions_follow_the_umask(tmp_path):
    before = os.umask(0o027)
    try:
        write_atomic(tmp_path / "a", "new")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640


def test_a_file_is_replaced_through_its_link(tmp_path):
    file, link = tmp_path / "file", tmp_path / "link"
    file.write_text("old")
    link.symlink_to("file")
    write_atomic(link, "new")
    assert link.is_symlink()
    assert file.read_text() == "new"


def test_a_reader_of_the_old_file_keeps_it(tmp_path):
    file = tmp_path / "file"
    file.write_text("old")
    with file.open() as reader:
        write_atomic(file, "new")
        assert reader.read() == "old"


def test_a_relative_path_is_written_where_we_are(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_atomic(Path("a"), "text")
    assert (tmp_path / "a").read_text() == "text"


def test_a_name_of_full_length_can_be_written(tmp_path):
    write_atomic(tmp_path / ("n" * 255), "text")


def test_a_folder_is_not_written_over(tmp_path):
    assert refusal(write_atomic, tmp_path, "x") == f"cannot write {tmp_path}: it is a folder"


def test_a_device_is_not_replaced():
    device = Path("/dev/null")
    expected = "cannot write /dev/null: it is not a regular file"
    assert refusal(write_atomic, device, "x") == expected
    assert device.is_char_device()


@pytest.mark.parametrize("folder", ["no", "file"])
def test_a_file_is_written_where_there_is_a_folder(tmp_path, folder):
    (tmp_path / "file").touch()
    path = tmp_path / folder / "a"
    expected = f"cannot write {path}: there is no folder {path.parent}"
    assert refusal(write_atomic, path, "x") == expected
    assert os.listdir(tmp_path) == ["file"]


def test_a_name_that_is_too_long_has_its_line(tmp_path):
    path = tmp_path / ("n" * 256)
    assert refusal(write_atomic, path, "x") == f"cannot write {path}: File name too long"


def test_a_system_folder_cannot_be_written_even_by_root():
    path = Path("/proc/dualspike.toml")
    assert refusal(write_atomic, path, "x") in {f"cannot write {path}: {r}" for r in REFUSALS}


@pytest.mark.parametrize("failing", [(os, "fsync"), (Path, "replace")])
@pytest.mark.parametrize("failure", [OSError(errno.ENOSPC, "No space left"), KeyboardInterrupt()])
def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, failure, failing):
    def fail(*_):
        raise failure

    path = tmp_path / "a"
    path.write_text("old")
    monkeypatch.setattr(*failing, fail)
    if isinstance(failure, OSError):
        assert refusal(write_atomic, path, "new") == f"cannot write {path}: No space left"
    else:
        with pytest.raises(KeyboardInterrupt):
            write_atomic(path, "new")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a"]
