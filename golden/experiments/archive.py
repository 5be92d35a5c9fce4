"""Named arrays in one file that is whole or not there, and that tells when it is damaged.

An archive is an ``.npz`` file, readable with ``numpy.load``, whose ZIP comment is the SHA-256 (64
hexadecimal digits) of everything before the comment and the two bytes of its length.
"""

import hashlib
import io
import os
import secrets
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dualspike.model.errors import BadInput

Arrays = dict[str, NDArray[Any]]

_DIGEST = 64
_TAIL = _DIGEST + 2


def write_whole(path: Path, content: bytes) -> None:
    """Write a file under a temporary name beside it, sync it, then rename it.

    Raises BadInput with the path and the reason; the old file is then untouched and no part of
    the new one is left.
    """
    temporary = path.with_name(f".dualspike-{secrets.token_hex(8)}.tmp")
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise BadInput(f"cannot write {path}: {error.strerror or 'failed'}") from error
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_archive(path: Path, arrays: Arrays) -> None:
    """Write arrays under their names; raises BadInput as ``write_whole`` does."""
    buffer = io.BytesIO()
    named: dict[str, Any] = dict(arrays)
    np.savez(buffer, **named)
    content = buffer.getvalue()[:-2]  # without the length of the comment, which is 0
    digest = hashlib.sha256(content).hexdigest().encode()
    write_whole(path, content + len(digest).to_bytes(2, "little") + digest)


def read_archive(path: Path) -> Arrays:
    """The arrays of a file that ``write_archive`` wrote.

    Raises BadInput for a file that cannot be read or whose digest is not that of its bytes.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror}") from error
    digest = hashlib.sha256(data[:-_TAIL]).hexdigest().encode()
    if data[-_DIGEST:] != digest:
        raise BadInput(f"{path} is damaged (SHA-256): delete it to start that run again")
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (ValueError, OSError, KeyError, zipfile.BadZipFile) as error:
        raise BadInput(f"{path} holds no arrays: delete it to start that run again") from error
