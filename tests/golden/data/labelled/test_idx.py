"""MNIST's files: read as written here by hand, and refused with file and offset."""

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from dualspike.golden.data.labelled import idx
from dualspike.golden.data.labelled.idx import mnist, read_idx
from dualspike.golden.data.labelled.shape import Shape
from dualspike.model.errors import BadInput
from tests.refusals import refusal

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
    assert refusal(read_idx, path, 3) == f"{path}: {line}"


def test_missing_and_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "images"
    assert refusal(read_idx, path, 3) == f"cannot read {path}: No such file or directory"
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
    assert refusal(mnist, tmp_path) == f"{tmp_path}/{line}"


NAMES = {
    "images": ("{}-images-idx3-ubyte", "{}-images.idx3-ubyte", "{}-Images.IDX3.UBYTE"),
    "labels": ("{}-labels-idx1-ubyte", "{}-labels.idx1-ubyte", "{}-LABELS-IDX1-UBYTE"),
}
LEFT = ("._train-images-idx3-ubyte", ".DS_Store", "Thumbs.db", "desktop.ini", "__MACOSX")


@pytest.mark.parametrize("end", ["", ".gz", ".GZ"])
@pytest.mark.parametrize("form", [0, 1, 2])
@pytest.mark.parametrize("below", ["", "raw", "MNIST/raw"])
def test_names_and_folders_as_others_have_them(
    below: str, form: int, end: str, tmp_path: Path
) -> None:
    folder = tmp_path / below
    folder.mkdir(parents=True, exist_ok=True)
    labels = LABELS[:7] + b"\6" + 3 * LABELS[8:]
    for kind, content in (("images", MANY), ("labels", labels)):
        for part in ("train", "t10k"):
            name = NAMES[kind][form].format(part) + end
            (folder / name).write_bytes(gzip.compress(content) if end else content)
    for name in LEFT:
        (folder / name).write_bytes(b"\0\5\x16\7")
    assert mnist(tmp_path).test.labels.tolist() == [7, 9] * 3


def test_an_unpacked_file_goes_before_a_packed_one(tmp_path: Path) -> None:
    write(tmp_path, MANY, LABELS[:7] + b"\6" + 3 * LABELS[8:])
    (tmp_path / "train-images.idx3-ubyte.gz").write_bytes(b"\x1f\x8b damaged")
    assert len(mnist(tmp_path).test) == 6


@pytest.mark.parametrize("dimensions", [1, 3])
def test_sizes_that_claim_more_than_there_is(dimensions: int, tmp_path: Path) -> None:
    path = tmp_path / "a"
    content = bytes([0, 0, 8, dimensions]) + b"\xff" * 4 * dimensions
    path.write_bytes(gzip.compress(content))
    end = 4 + 4 * dimensions + (2**32 - 1) ** dimensions
    line = f"{path}: entries must end at offset {end}, not {len(content)}"
    assert refusal(read_idx, path, dimensions) == line


def test_files_of_more_than_the_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idx, "MOST", 21)
    path = tmp_path / "a"
    for content, words in ((IMAGES, ""), (gzip.compress(IMAGES), " unpacked")):
        path.write_bytes(content)
        line = f"{path} must have at most 21 bytes{words}, it has more"
        assert refusal(read_idx, path, 3) == line


@pytest.mark.parametrize(("height", "width"), [(129, 1), (1, 129), (4000, 2)])
def test_sides_that_no_network_here_is_made_for(height: int, width: int, tmp_path: Path) -> None:
    sizes = struct.pack(">3I", 2, height, width)
    write(tmp_path, IMAGES[:4] + sizes + bytes(2 * height * width))
    offset, side = (8, height) if height > 128 else (12, width)
    assert refusal(mnist, tmp_path) == (
        f"{tmp_path}/train-images-idx3-ubyte: size at offset {offset} must be in [1, 128],"
        f" not {side}"
    )


def test_parts_of_different_size(tmp_path: Path) -> None:
    write(tmp_path)
    wide = IMAGES[:15] + bytes([4]) + IMAGES[16:] + bytes(2)
    (tmp_path / "t10k-images-idx3-ubyte").write_bytes(wide)
    assert refusal(mnist, tmp_path) == f"{tmp_path}: test images must have 1 x 3 pixels, not 1 x 4"
