"""Named arrays in one file that is whole or not there, and that tells when it is damaged.

An archive is an ``.npz`` file, readable with ``numpy.load``, whose ZIP comment is the SHA-256 (64
hexadecimal digits) of everything before the comment and the two bytes of its length.
"""

import hashlib
import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.files.arrays import read_arrays
from dualspike.golden.files.contents import read_bytes
from dualspike.golden.files.writing import write_atomic
from dualspike.model.errors import BadInput

Arrays = dict[str, NDArray[Any]]

_MOST = 1 << 29
_DIGEST = 64
_TAIL = _DIGEST + 2


def write_archive(path: Path, arrays: Arrays) -> None:
    """Write arrays under their names; raises BadInput as ``write_atomic`` does."""
    buffer = io.BytesIO()
    named: dict[str, Any] = dict(arrays)
    np.savez(buffer, **named)
    content = buffer.getvalue()[:-2]  # without the length of the comment, which is 0
    digest = hashlib.sha256(content).hexdigest().encode()
    write_atomic(path, content + len(digest).to_bytes(2, "little") + digest)


def read_archive(path: Path) -> Arrays:
    """The arrays of a file that ``write_archive`` wrote.

    Raises BadInput for a file that cannot be read or whose digest is not that of its bytes.
    """
    data = read_bytes(path, _MOST)
    digest = hashlib.sha256(data[:-_TAIL]).hexdigest().encode()
    if data[-_DIGEST:] != digest:
        raise BadInput(f"{path} is damaged (SHA-256): delete it to start that run again")
    try:
        return read_arrays(path)
    except BadInput as error:
        raise BadInput(f"{path} holds no arrays: delete it to start that run again") from error


def check_origin(path: Path, arrays: Arrays, *origin: tuple[str, str, str]) -> None:
    """Raise BadInput, with its remark, for the first (name, text, remark) that is another there."""
    for name, text, remark in origin:
        if str(arrays.get(name)) != text:
            raise BadInput(f"{path} {remark}: delete it to start that run again")
