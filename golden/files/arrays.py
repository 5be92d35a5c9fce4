"""Reading arrays of an ``.npz`` that may be anything: one clear line for each way to fail.

What an archive says of itself is checked before memory is taken: how many entries it has, how an
entry is packed, and that the shape in an array's header is that of the entry. Python objects are
never unpickled. Only arrays that are asked for count.
"""

import io
import math
import warnings
import zipfile
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from dualspike.golden.files.tables import is_table, table_arrays
from dualspike.golden.numeric import Doubles
from dualspike.model.ceil_div import ceil_div
from dualspike.model.errors import BadInput

MOST = 1 << 25
"""Numbers of 8 bytes in all arrays that are read at once: 256 MiB."""

_DIRECTORY = 1 << 20
"""Bytes of an archive's list of entries; about 10,000 of ours."""

_HEADER = 1 << 16
"""Bytes of an entry in which an array's header must end; NumPy's own limit is 10,000."""

_HEADERS = {
    (1, 0): npy.read_array_header_1_0,
    (2, 0): npy.read_array_header_2_0,
    (3, 0): npy.read_array_header_2_0,  # differs in the names of fields, which no number has
}
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # the others unpack without a bound
_SHOWN = 20


def array_names(path: Path, kind: str = "an .npz archive") -> list[str]:
    """Names of all arrays of the file at ``path``; raises BadInput as `read_arrays` does."""
    if is_table(path):
        return list(table_arrays(path, MOST))
    with _opened(path, kind) as archive:
        return list(_entries(archive))


def read_arrays(
    path: Path, names: Iterable[str] | None = None, kind: str = "an .npz archive"
) -> dict[str, NDArray[Any]]:
    """The arrays of these names, or all, of the ``.npz`` file at ``path``, otherwise unchecked.

    A file ``.csv`` is read by `golden.files.tables`.
    Raises BadInput with the path if it is missing, unreadable, not ``kind`` or damaged, if an array
    is missing, or holds Python objects, and for more than ``MOST`` numbers in all.
    """
    if is_table(path):
        table = table_arrays(path, MOST)
        wanted = list(table) if names is None else list(names)
        named(path, table, wanted)
        return {name: table[name] for name in wanted}
    arrays: dict[str, NDArray[Any]] = {}
    with _opened(path, kind) as archive:
        entries = _entries(archive)
        wanted = list(entries) if names is None else list(names)
        named(path, entries, wanted)
        total = 0
        for name in wanted:
            # Damaged bytes reach zip, zlib, the parser of headers and the allocator: any exception.
            try:
                total += _size(archive, entries[name])
                if total <= MOST:
                    with archive.open(entries[name]) as entry:
                        arrays[name] = npy.read_array(entry, allow_pickle=False)
            except Exception as error:
                raise BadInput(
                    f"{path}: {listed([name])} must be numbers, not objects or a damaged array"
                ) from error
            if total > MOST:
                raise BadInput(
                    f"{path}: arrays must have at most {MOST} numbers in all, with"
                    f" {listed([name])} they have {total}"
                )
    return arrays


def named(path: Path, held: Iterable[str], names: Sequence[str]) -> None:
    """Raise BadInput unless every name is among those held."""
    known = list(held)
    if not set(names) <= set(known):
        raise BadInput(f"{path} must hold {', '.join(names)}, it holds {listed(known)}")


def listed(names: Sequence[str]) -> str:
    """Names from outside, for people: no more than a line holds, without control characters."""
    shown = [ascii(name)[1:-1] for name in names[:_SHOWN]]
    return ", ".join([*shown, "..."] if len(names) > _SHOWN else shown) or "nothing"


def finite_floats(path: Path, name: str, array: NDArray[Any]) -> Doubles:
    """The array as float64; raises BadInput unless it holds finite integers or real numbers."""
    if array.dtype.kind not in "iuf":
        raise BadInput(f"{path}: {name} must be integers or real numbers, not {array.dtype}")
    with np.errstate(over="ignore"):
        values = array.astype(np.float64, copy=False)
    bad = ~np.isfinite(values)
    if bad.any():
        first = tuple(np.argwhere(bad)[0].tolist())
        where = ", ".join(map(str, first))
        raise BadInput(f"{path}: {name} must be finite, {name}[{where}] is {values[first]}")
    return values


class _Guarded(io.BufferedReader):
    """A file of which no more is read at once than a list of entries may have."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > _DIRECTORY:
            raise ValueError(f"{size} bytes at once")
        return super().read(size)


@contextmanager
def _opened(path: Path, kind: str) -> Generator[zipfile.ZipFile, None, None]:
    try:
        file = _Guarded(io.FileIO(path))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "unreadable"
        raise BadInput(f"cannot read {path}: {reason}") from error
    with file, warnings.catch_warnings(action="ignore"):
        try:
            single = file.peek(len(npy.MAGIC_PREFIX)).startswith(npy.MAGIC_PREFIX)
            archive = None if single else zipfile.ZipFile(file)
        except Exception as error:
            raise BadInput(f"{path} must be {kind}, it is damaged or something else") from error
        if archive is None:
            raise BadInput(f"{path} must be {kind}, not a single array")
        with archive:
            _check_names(path, archive, kind)
            yield archive


def _check_names(path: Path, archive: zipfile.ZipFile, kind: str) -> None:
    """An entry has its name twice; where one is damaged an array is missed that may be left out."""
    for entry in archive.infolist():
        try:
            with archive.open(entry):
                pass
        except zipfile.BadZipFile as error:
            raise BadInput(
                f"{path} must be {kind}, its entry {listed([entry.filename])} is damaged"
            ) from error
        except Exception:  # how it is packed counts once it is asked for
            continue


def _entries(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    return {entry.filename.removesuffix(".npy"): entry for entry in archive.infolist()}


def _size(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> int:
    """Numbers of 8 bytes that an array takes as it is or as floats, from its header alone.

    Raises ValueError for objects, and for an entry that is not as long as its header says.
    """
    if entry.compress_type not in _PACKED:
        raise ValueError("neither stored nor deflated")
    with archive.open(entry) as content:
        head = io.BytesIO(content.read(_HEADER))
    shape, _, kind = _HEADERS[npy.read_magic(head)](head)
    count = math.prod(shape)
    if kind.hasobject or count * kind.itemsize != entry.file_size - head.tell():
        raise ValueError("objects, or another size than the entry's")
    return count * ceil_div(max(kind.itemsize, 8), 8)
