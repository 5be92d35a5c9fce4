"""HDF5 files of strangers: links, places of storage and sizes are checked before data are read.

HDF5 can take data from any file of the host (external links, external storage, virtual data sets),
and a few bytes can claim any size. A file that is opened here holds a tree of groups whose data are
its own and bounded.
"""

# h5py has no types of its own.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingTypeStubs=false

import math
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from dualspike.model.errors import BadInput

ROOM, EXPANSION = 1 << 28, 32
"""Data take at most ROOM bytes, and EXPANSION more for every byte of the file; 8 or more a number,
since readers turn all numbers into 64-bit ones."""
MOST_TEXTS = 1 << 16
MOST_LISTS = 1 << 19
"""Lists of numbers, each of any length; SSC's training part has 150,932."""
SMALL_CHUNK = 1 << 18
"""Stored bytes of a chunk that cannot unpack to more than ROOM: zlib makes at most 1032 of one."""
_GZIP, _LZF = 1, 32000
_LARGEST = {"gzip": ROOM, "lzf": ROOM // 88}  # bytes of a packed chunk; lzf makes 88 of one
_CHECKSUM = 4
_FILTERS = {_GZIP: "gzip", 2: "shuffle", 3: "fletcher32", _LZF: "lzf"}


@contextmanager
def open_hdf5(
    path: Path, wanted: str = "a whole HDF5 file", *, lists: bool = False
) -> Generator[Any, None, None]:
    """A checked HDF5 file, open for reading; with ``lists`` it may hold lists of any length.

    Raises BadInput, in one line with the path, if h5py is not installed; "must be {wanted}" with
    the reason for whatever fails here and in the block that reads; and with the place in the file
    for links that lead elsewhere or in circles, data kept in other files, and data too large.
    """
    if find_spec("h5py") is None:
        raise BadInput(f"{path} needs h5py: install it with pip install 'dualspike[hdf5]'")
    import h5py

    _check_readable(path)
    # Damaged bytes reach HDF5, h5py and readers of what is in there: any exception.
    try:
        with h5py.File(path, "r") as file:
            _check(path, file, lists)
            yield file
    except BadInput:
        raise
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise BadInput(f"{path} must be {wanted}: {reason}") from None


def _check_readable(path: Path) -> None:
    """Raise BadInput for a path that cannot be opened, or on which opening might wait for ever."""
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise BadInput(f"cannot read {path}: it is not a regular file")
    try:
        with path.open("rb"):
            pass
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        reason = getattr(error, "strerror", None) or "no such path"
        raise BadInput(f"cannot read {path}: {reason}") from error


def _check(path: Path, file: Any, lists: bool) -> None:
    """Raise BadInput for the first thing that must not be in a file."""
    import h5py

    room = most = ROOM + EXPANSION * path.stat().st_size
    texts, rows = MOST_TEXTS, MOST_LISTS
    groups: set[int] = set()
    for place, found in _everything(path, file):
        if isinstance(found, h5py.Group):
            address = _address(found)
            if address in groups:
                raise BadInput(f"{path}: {place} must not lead to a group that has another place")
            groups.add(address)
        elif isinstance(found, h5py.Dataset):
            _check_storage(path, place, found, lists)
            claimed = _claimed(found)
            if claimed <= room and _is_lists(found):
                rows -= found.size or 0
                if rows < 0:
                    raise BadInput(f"{path}: {place} must leave at most {MOST_LISTS} lists")
                claimed += 8 * _check_lengths(path, place, found, "lists")
            elif claimed <= room and found.dtype.hasobject:
                texts -= found.size or 0
                if texts < 0:
                    raise BadInput(f"{path}: {place} must leave at most {MOST_TEXTS} texts")
                _check_lengths(path, place, found, "texts")
                claimed += _text_bytes(found, room)
            room -= claimed
            if room < 0:
                raise BadInput(
                    f"{path}: data must take at most {most} bytes, those up to {place} take"
                    f" {most - room} or more"
                )
            _check_chunks(path, place, found)


def _everything(path: Path, file: Any) -> Iterator[tuple[str, Any]]:
    """Every group and data set with its place, by way of each link to it; groups once.

    Soft links come last: when they are followed no link out of the file is left on their way.
    """
    import h5py

    groups, soft = [("", file)], list[tuple[str, Any, Any]]()
    seen = {_address(file)}
    yield "/", file
    while groups:
        above, group = groups.pop()
        for name in group:
            place, link = f"{above}{name}", group.get(name, getlink=True)
            if isinstance(link, h5py.SoftLink):
                soft.append((place, group, link))
            elif isinstance(link, h5py.HardLink):
                found = group[name]
                yield place, found
                if isinstance(found, h5py.Group):
                    address = _address(found)
                    if address not in seen:
                        seen.add(address)
                        groups.append((f"{place}/", found))
            else:
                raise BadInput(f"{path}: {place} must be in the file, not in {link.filename!r}")
    for place, group, link in soft:
        try:
            found = group[link.path]
        except Exception as error:
            raise BadInput(f"{path}: {place} must lead to data, not to {link.path!r}") from error
        yield place, found


def _address(group: Any) -> int:
    """Where in the file a group is."""
    low_level: Any = import_module("h5py.h5o")  # h5py does not declare it
    return low_level.get_info(group.id).addr


def _check_storage(path: Path, place: str, found: Any, lists: bool) -> None:
    """Data must be in the file itself, and of kinds that are no larger than they say."""
    import h5py

    other = [name for name, *_ in found.external or ()]
    if other or found.is_virtual:
        where = repr(other[0]) if other else "other data sets"
        raise BadInput(f"{path}: data of {place} must be in the file, not in {where}")
    known = h5py.check_string_dtype(found.dtype) is not None or (lists and _is_lists(found))
    if found.dtype.hasobject and not known:
        raise BadInput(f"{path}: {place} must be numbers or text, not {found.dtype}")
    plist = found.id.get_create_plist()
    used = [plist.get_filter(n)[0] for n in range(plist.get_nfilters())]
    if not set(used) <= set(_FILTERS) or len(used) != len(set(used)) or {_GZIP, _LZF} <= set(used):
        known = ", ".join(_FILTERS.values())
        raise BadInput(f"{path}: {place} must be packed with {known}, each once, not {used}")


def _is_lists(found: Any) -> bool:
    """Whether every entry is a list of numbers."""
    import h5py

    kind = h5py.check_vlen_dtype(found.dtype)
    return kind not in (None, str, bytes) and kind.kind in "iuf"


def _claimed(found: Any) -> int:
    """Bytes of a data set by its header, or of one chunk where that is more."""
    each = max(8, found.dtype.itemsize)
    return each * max(math.prod(found.shape or ()), math.prod(found.chunks or ()))


def _text_bytes(found: Any, room: int) -> int:
    """Bytes of texts of any length, read one by one until they are more than ``room``.

    Many texts can share one place in the file: its size bounds each, not their sum.
    """
    total = 0
    for index in np.ndindex(*(found.shape or ())):
        total += len(found[index])
        if total > room:
            break
    return total


def _check_lengths(path: Path, place: str, found: Any, what: str) -> int:
    """A text of any length lies elsewhere in the file: HDF5 makes room for what the reference says.

    A reference is a length of 4 bytes, an address and an index of 4 bytes. Lists are kept in the
    same way. Returns the sum of the lengths.
    """
    whole, longest, total = path.stat().st_size, 0, 0
    size = 8 + found.file.id.get_create_plist().get_sizes()[0]
    for references in _references(path, place, found, size, what):
        each = np.frombuffer(references[: len(references) // size * size], np.uint8)
        lengths = each.reshape(-1, size)[:, :4].copy().view("<u4")
        longest = max(longest, int(lengths.max(initial=0)))
        total += int(lengths.sum(dtype=np.int64))
    longest *= 1 if what == "texts" else found.id.get_type().get_super().get_size()
    if longest > whole:
        raise BadInput(f"{path}: {what} of {place} must be in the file, one claims {longest} bytes")
    return total


def _references(path: Path, place: str, found: Any, size: int, what: str) -> Iterator[bytes]:
    """The references of a data set of texts, or of lists, as they are stored."""
    if found.chunks:
        plist, offsets = found.id.get_create_plist(), list[tuple[int, ...]]()
        used = [plist.get_filter(n)[0] for n in range(plist.get_nfilters())]

        def note(info: Any) -> None:
            offsets.append(info.chunk_offset)

        found.id.chunk_iter(note)
        for offset in offsets:
            mask, stored = found.id.read_direct_chunk(offset)
            applied = [code for n, code in enumerate(used) if not mask >> n & 1]
            if applied and applied != [_GZIP]:
                raise BadInput(f"{path}: {what} of {place} must be packed with gzip or not at all")
            whole = size * math.prod(found.chunks)
            yield zlib.decompressobj().decompress(stored, whole) if applied else stored
    elif found.id.get_storage_size():
        start = found.id.get_offset()
        if start is None:
            raise BadInput(f"{path}: {what} of {place} must not be kept in its header")
        with path.open("rb") as file:
            file.seek(start)
            yield file.read(size * (found.size or 0))


def _check_chunks(path: Path, place: str, found: Any) -> None:
    """Packed chunks must unpack to their size: libraries unpack them whole, whatever comes."""
    if not found.chunks or found.compression not in _LARGEST:
        return
    size, large = math.prod(found.chunks) * found.dtype.itemsize, list[Any]()

    def note(info: Any) -> None:
        if info.size > SMALL_CHUNK:
            large.append(info)

    found.id.chunk_iter(note)
    for info in large:
        whole = info.size <= min(_LARGEST[found.compression], path.stat().st_size)
        if whole and found.compression == "gzip" and not info.filter_mask:
            _, stored = found.id.read_direct_chunk(info.chunk_offset)
            unpacked = zlib.decompressobj().decompress(stored, size + 2 * _CHECKSUM)
            whole = len(unpacked) <= size + _CHECKSUM
        if not whole:
            raise BadInput(f"{path}: chunks of {place} must unpack to {size} bytes, one has more")
