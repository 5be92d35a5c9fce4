"""MNIST's files as a user has them: IDX, plain or gzipped, checked byte by byte.

Format: 0, 0, type 8 (unsigned byte), number of dimensions; every size as 4 bytes, the highest
first; then the entries. Source: LeCun, Cortes, Burges, "The MNIST database of handwritten digits".
"""

import gzip
import math
import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.online.convolution import Shape
from dualspike.golden.online.samples import Part, Samples, held_back
from dualspike.model.errors import BadInput

BYTES = 8
CLASSES = 10


def read_idx(path: Path, dimensions: int) -> NDArray[np.uint8]:
    """The array of unsigned bytes in ``path``, with that many dimensions.

    Raises BadInput, with file and offset, for a file that cannot be read, that begins otherwise,
    or that is shorter or longer than its sizes say.
    """
    try:
        content = path.read_bytes()
        if content[:2] == b"\x1f\x8b":
            content = gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise BadInput(f"cannot read {path}: {reason}") from None
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


def mnist(folder: Path) -> Samples:
    """The four files of MNIST in ``folder``, images in [0, 1], each with or without ``.gz``.

    Raises BadInput also where images and labels differ in number, images of both parts in size,
    a label is above 9, or there are no samples.
    """
    train, test = _part(folder, "train"), _part(folder, "t10k")
    shape, other = train.x.shape[1:], test.x.shape[1:]
    if shape != other:
        wanted, came = (" x ".join(map(str, one)) for one in (shape, other))
        raise BadInput(f"{folder}: test images must have {wanted} pixels, not {came}")
    flat = [Part(one.x.reshape(len(one), -1), one.labels) for one in (train, test)]
    return held_back(flat[0], flat[1], Shape(shape[0], shape[1], 1), CLASSES)


def _part(folder: Path, part: str) -> Part:
    images_path = _found(folder / f"{part}-images-idx3-ubyte")
    labels_path = _found(folder / f"{part}-labels-idx1-ubyte")
    images, labels = read_idx(images_path, 3), read_idx(labels_path, 1)
    if images.size == 0:
        raise BadInput(f"{images_path}: sizes at offset 4 must be above 0, not {images.shape}")
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
    return Part(images.astype(np.float32) / 255, labels.astype(np.int64))


def _found(path: Path) -> Path:
    packed = path.with_name(path.name + ".gz")
    return packed if packed.exists() and not path.exists() else path
