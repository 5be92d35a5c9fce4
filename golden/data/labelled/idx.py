"""MNIST's files as a user has them: IDX, plain or gzipped, checked byte by byte.

Format: 0, 0, type 8 (unsigned byte), number of dimensions; every size as 4 bytes, the highest
first; then the entries. Source: LeCun, Cortes, Burges, "The MNIST database of handwritten digits".
"""

import math
import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.data.labelled.listing import listed
from dualspike.golden.data.labelled.samples import ClassData, Labelled, held_back
from dualspike.golden.data.labelled.shape import Shape
from dualspike.golden.files.contents import read_bytes
from dualspike.model.errors import BadInput

BYTES = 8
CLASSES = 10

MOST = 1 << 28
"""Bytes of a file, unpacked; MNIST's largest has 47 million."""

SIDE = 128
"""Pixels of an image's side at most."""

_FOLDERS = ("", "raw", "MNIST/raw")
"""Where torchvision and others put the files."""

_STARTS = ("train", "t10k")


def read_idx(path: Path, dimensions: int) -> NDArray[np.uint8]:
    """The array of unsigned bytes in ``path``, with that many dimensions.

    Raises BadInput, with file and offset, for a file that cannot be read, that begins otherwise,
    that is shorter or longer than its sizes say, or that has more than ``MOST`` bytes.
    """
    content = read_bytes(path, MOST)
    magic = bytes([0, 0, BYTES, dimensions])
    if content[:4] != magic:
        came = content[:4].hex(" ") or "nothing"
        raise BadInput(f"{path}: bytes at offset 0 must be {magic.hex(' ')}, not {came}")
    start = 4 + 4 * dimensions
    if len(content) < start:
        raise BadInput(f"{path}: sizes must end at offset {start}, not {len(content)}")
    shape = struct.unpack(f">{dimensions}I", content[4:start])
    end = start + math.prod(shape)
    if len(content) != end:
        raise BadInput(f"{path}: entries must end at offset {end}, not {len(content)}")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def mnist(folder: Path) -> ClassData:
    """The four files of MNIST in ``folder``, or in ``raw`` or ``MNIST/raw`` below, in [0, 1].

    Each with or without ``.gz``, with dots or dashes in its name, in any case. Raises BadInput also
    where images and labels differ in number, images of both parts in size, a label is above 9, a
    side above 128, or there are no samples.
    """
    names = _names(folder)
    (train, labels), (test, test_labels) = (_part(names, start) for start in _STARTS)
    shape, other = train.shape[1:], test.shape[1:]
    if shape != other:
        wanted, came = (" x ".join(map(str, one)) for one in (shape, other))
        raise BadInput(f"{folder}: test images must have {wanted} pixels, not {came}")
    whole, kept = Labelled(_flat(train), labels), Labelled(_flat(test), test_labels)
    return held_back(whole, kept, Shape(shape[0], shape[1], 1), CLASSES)


def _part(names: dict[str, Path], start: str) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    images_path = names[f"{start}-images-idx3-ubyte"]
    labels_path = names[f"{start}-labels-idx1-ubyte"]
    images, labels = read_idx(images_path, 3), read_idx(labels_path, 1)
    if images.size == 0:
        raise BadInput(f"{images_path}: sizes at offset 4 must be above 0, not {images.shape}")
    for side, offset in zip(images.shape[1:], (8, 12), strict=True):
        if side > SIDE:
            raise BadInput(
                f"{images_path}: size at offset {offset} must be in [1, {SIDE}], not {side}"
            )
    if len(labels) != len(images):
        raise BadInput(
            f"{labels_path}: size at offset 4 must be {len(images)}, as of the images, "
            f"not {len(labels)}"
        )
    wrong = np.flatnonzero(labels >= CLASSES)
    if wrong.size:
        first = int(wrong[0])
        raise BadInput(
            f"{labels_path}: label at offset {8 + first} must be in [0, 9], not {labels[first]}"
        )
    return images, labels.astype(np.int64)


def _flat(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    values = images.reshape(len(images), -1).astype(np.float32)
    values /= 255
    return values


def _names(folder: Path) -> dict[str, Path]:
    """Where each of the four files is, by its usual name; unpacked before packed ones."""
    usual = [f"{start}-{end}-ubyte" for start in _STARTS for end in ("images-idx3", "labels-idx1")]
    for place in (folder / below for below in _FOLDERS):
        found: dict[str, Path] = {}
        for path in sorted(listed(place), key=lambda path: (_packed(path), path.name)):
            name = path.name.lower().removesuffix(".gz").replace(".", "-")
            found.setdefault(name, path)
        if any(name in found for name in usual):
            return {name: found.get(name, place / name) for name in usual}
    return {name: folder / name for name in usual}


def _packed(path: Path) -> bool:
    return path.suffix.lower() == ".gz"
