import os
from pathlib import Path

import numpy as np
import pytest

from dualspike.golden.experiments.runner.archive import read_archive, write_archive
from dualspike.model.errors import BadInput

ARRAYS = {"a": np.arange(6.0).reshape(2, 3), "name": np.array("x"), "n": np.array(7)}


def test_arrays_come_back_and_numpy_reads_them(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    write_archive(path, ARRAYS)
    back = read_archive(path)
    assert list(back) == list(ARRAYS)
    with np.load(path) as plain:
        for name, array in ARRAYS.items():
            np.testing.assert_array_equal(back[name], array)
            np.testing.assert_array_equal(plain[name], array)
            assert back[name].dtype == array.dtype
    assert os.listdir(tmp_path) == ["a.npz"]


def test_the_same_arrays_are_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_archive(tmp_path / name, ARRAYS)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_every_wrong_byte_is_noticed(tmp_path: Path) -> None:
    """All but the two of the comment's length, which say nothing of the content."""
    path = tmp_path / "a.npz"
    write_archive(path, ARRAYS)
    good = path.read_bytes()
    for place in {*range(len(good))} - {len(good) - 66, len(good) - 65}:
        path.write_bytes(good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :])
        with pytest.raises(BadInput) as caught:
            read_archive(path)
    line = f"{path} is damaged (SHA-256): delete it to start that run again"
    assert str(caught.value) == line


@pytest.mark.parametrize("size", [0, 1, 65, 66, 200])
def test_a_file_cut_short_is_damaged(tmp_path: Path, size: int) -> None:
    path = tmp_path / "a.npz"
    write_archive(path, ARRAYS)
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(BadInput, match=r"is damaged \(SHA-256\): delete it to start that run"):
        read_archive(path)
