"""MNIST's files: read as written here by hand, and refused with file and offset."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from dualspike.golden.online.convolution import Shape
from dualspike.golden.online.idx import mnist, read_idx
from dualspike.model.errors import BadInput

IMAGES = bytes([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3, 0, 51, 255, 1, 2, 3])
LABELS = bytes([0, 0, 8, 1, 0, 0, 0, 2, 7, 9])
MANY = bytes([0, 0, 8, 3, 0, 0, 0, 6, 0, 0, 0, 1, 0, 0, 0, 3]) + 3 * IMAGES[16:]


def write(folder: Path, images: bytes = IMAGES, labels: bytes = LABELS) -> None:
    for part in ("train", "t10k"):
        (folder / f"{part}-images-idx3-ubyte").write_bytes(images)
        (folder / f"{part}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(labels))


def test_reads_plain_and_packed(tmp_path: Path) -> None:
    write(tmp_path, MANY, LABELS[:7] + b"\6" + 3 * LABELS[8:])
    found = mnist(tmp_path)
    rows = np.array([[0, 51, 255], [1, 2, 3]])
    np.testing.assert_allclose(found.test.x, np.tile(rows, (3, 1)) / 255, rtol=1e-6)
    assert found.test.labels.tolist() == [7, 9] * 3
    assert (len(found.train), len(found.validation)) == (5, 1)
    assert sorted([*found.train.labels, *found.validation.labels]) == [7] * 3 + [9] * 3
    assert (found.shape, found.classes, found.events) == (Shape(1, 3, 1), 10, False)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"", "bytes at offset 0 must be 00 00 08 03, not nothing"),
        (LABELS, "bytes at offset 0 must be 00 00 08 03, not 00 00 08 01"),
        (IMAGES[:9], "sizes must end at offset 16, not 9"),
        (IMAGES[:-1], "entries must end at offset 22, not 21"),
        (IMAGES + b"1", "entries must end at offset 22, not 23"),
    ],
)
def test_damaged_files(content: bytes, line: str, tmp_path: Path) -> None:
    path = tmp_path / "images"
    path.write_bytes(content)
    with pytest.raises(BadInput) as caught:
        read_idx(path, 3)
    assert str(caught.value) == f"{path}: {line}"


def test_missing_and_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "images"
    with pytest.raises(BadInput) as caught:
        read_idx(path, 3)
    assert str(caught.value) == f"cannot read {path}: No such file or directory"
    path.write_bytes(gzip.compress(IMAGES)[:-9])
    with pytest.raises(BadInput, match=r"^cannot read .*images: Compressed file ended"):
        read_idx(path, 3)


@pytest.mark.parametrize(
    ("images", "labels", "line"),
    [
        (
            IMAGES,
            LABELS[:7] + bytes([1, 7]),
            "train-labels-idx1-ubyte.gz: size at offset 4 must be 2, as of the images, not 1",
        ),
        (
            IMAGES,
            LABELS[:-1] + bytes([10]),
            "train-labels-idx1-ubyte.gz: label at offset 9 must be in [0, 9], not 10",
        ),
        (
            IMAGES[:7] + bytes(9),
            LABELS,
            "train-images-idx3-ubyte: sizes at offset 4 must be above 0, not (0, 0, 0)",
        ),
    ],
)
def test_files_that_do_not_fit(images: bytes, labels: bytes, line: str, tmp_path: Path) -> None:
    write(tmp_path, images, labels)
    with pytest.raises(BadInput) as caught:
        mnist(tmp_path)
    assert str(caught.value) == f"{tmp_path}/{line}"


def test_parts_of_different_size(tmp_path: Path) -> None:
    write(tmp_path)
    wide = IMAGES[:15] + bytes([4]) + IMAGES[16:] + bytes(2)
    (tmp_path / "t10k-images-idx3-ubyte").write_bytes(wide)
    with pytest.raises(BadInput) as caught:
        mnist(tmp_path)
    assert str(caught.value) == f"{tmp_path}: test images must have 1 x 3 pixels, not 1 x 4"
