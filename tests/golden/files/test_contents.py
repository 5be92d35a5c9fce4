"""Bytes from files, plain and packed, up to a bound."""

import gzip
import tracemalloc
from pathlib import Path

import pytest

from dualspike.golden.files.contents import read_bytes
from tests.refusals import refusal


@pytest.mark.parametrize("name", ["a", "a.gz", "A.GZ"])
@pytest.mark.parametrize("content", [b"", b"1", b"\x1f", b"\x1f\x8c", bytes(1000)])
def test_plain_or_packed_whatever_the_name(name: str, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / name
    for held in (content, gzip.compress(content), gzip.compress(content[:5]) * 2):
        path.write_bytes(held)
        wanted = content if held in (content, gzip.compress(content)) else content[:5] * 2
        assert read_bytes(path, len(wanted)) == wanted
        if wanted:
            words = "" if held == content else " unpacked"
            most = len(wanted) - 1
            line = f"{path} must have at most {most} bytes{words}, it has more"
            assert refusal(read_bytes, path, most) == line


def test_a_bomb_is_unpacked_no_further_than_its_bound(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(bytes(1 << 25), 1) * 40)  # 1.3 GB
    tracemalloc.start()
    try:
        assert refusal(read_bytes, path, 1 << 20).endswith("bytes unpacked, it has more")
        assert tracemalloc.get_traced_memory()[1] < 10 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("end", [*range(2, 30)])
def test_cut_off_anywhere(end: int, tmp_path: Path) -> None:
    packed = gzip.compress(b"some words")
    path = tmp_path / "a"
    path.write_bytes(packed[:end])
    assert refusal(read_bytes, path, 100).startswith(f"cannot read {path}: ")


def test_what_cannot_be_read(tmp_path: Path) -> None:
    for path, line in (
        (tmp_path / "no", f"cannot read {tmp_path}/no: No such file or directory"),
        (tmp_path, f"cannot read {tmp_path}: Is a directory"),
        (Path("a\0b"), "cannot read a\0b: "),
        (Path("/dev/zero"), "/dev/zero must have at most 1000 bytes, it has more"),
    ):
        found = refusal(read_bytes, path, 1000)
        assert found.startswith(line) if line.endswith(": ") else found == line
