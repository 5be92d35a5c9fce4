"""Files that belong to a living process: locked while it uses them, and how the others go away.

A lock ends with its process, however that ends, and holds on every machine that shares the folder.
"""

import errno
import fcntl
import os
import re
import stat
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

LEFT_OVER = re.compile(r"\.dualspike-[0-9a-f]{16}\.(tmp|lock)")
"""Names of files that are of no use once nobody has them locked."""


NO_LOCKS = {errno.ENOSYS, errno.ENOTSUP, errno.ENOLCK}
"""What a file system answers that cannot lock: files can be written there, unprotected."""


class InUse(Exception):
    """Another process, or another part of this one, has locked the file."""


@contextmanager
def locked(path: Path, wait: bool = False) -> Generator[int, None, None]:
    """A file for this process alone, made if it is not there; yields its descriptor.

    It goes away at the end, unless the block gave it another name. Raises InUse if somebody else
    has it; with ``wait`` their end is awaited. Raises OSError if the file cannot be made.
    """
    handle = _locked(path, wait)
    try:
        yield handle
    finally:
        _drop(path, handle)
        os.close(handle)


def sweep(folder: Path) -> None:
    """Delete what killed processes left in a folder; what is in use and what is not ours stays."""
    left: list[os.DirEntry[str]] = []
    with suppress(OSError), os.scandir(folder) as entries:
        left = [entry for entry in entries if LEFT_OVER.fullmatch(entry.name)]
    for entry in left:
        with suppress(OSError):
            handle = os.open(entry.path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _drop(Path(entry.path), handle)
            finally:
                os.close(handle)


def _locked(path: Path, wait: bool) -> int:
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in NO_LOCKS:
                os.close(handle)
                if isinstance(error, BlockingIOError):
                    raise InUse from error
                raise
        if _is(path, handle):  # else its last owner deleted it after we opened it
            return handle
        os.close(handle)


def _is(path: Path, handle: int) -> bool:
    """Whether the path leads to the open file."""
    try:
        return os.path.samestat(os.lstat(path), os.fstat(handle))
    except OSError:
        return False


def _drop(path: Path, handle: int) -> None:
    """Delete a file that we have locked, if the path still leads to it."""
    if stat.S_ISREG(os.fstat(handle).st_mode) and _is(path, handle):
        with suppress(OSError):
            path.unlink()
