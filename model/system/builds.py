"""Where builds are kept: each once, whole, as it was made, and no more than so many bytes of them.

A build is a folder with the SHA-256 of each of its files. Folders named ``build-`` are being made;
what ended in the middle, however it ended, is removed when the next one begins.
"""

import fcntl
import hashlib
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from dualspike.model.system.cache import file_size, kept, unwritable

BOUND = 4 << 30
"""Bytes that all builds of a kind may take; then the one that was used longest ago goes first."""

SPARED = 3600
"""Seconds for which a build that was used stays in any case: it may be running."""

_SEAL = "SHA256SUMS"
_MAKING = "build-"


def found_build(key: str, kind: str = "simulators") -> Path | None:
    """Folder of a build that is kept already, and whole."""
    folder = kept(kind) / key
    if not _sound(folder):
        return None
    with suppress(OSError):
        os.utime(folder)
    return folder


def kept_build(key: str, make: Callable[[Path], Sequence[Path]], kind: str = "simulators") -> Path:
    """Folder of what ``make`` builds, found again by ``key``; a damaged one is made again.

    ``kind`` is one of `cache.KINDS`, of which each has its bound. ``make`` gets an empty folder
    and returns the files in it, or below, that are worth keeping.
    Raises BadInput if the cache is full or cannot be written.
    """
    base = kept(kind)
    folder = base / key
    try:
        if _sound(folder):
            os.utime(folder)
            return folder
        with _work_folder(base) as work:
            new = work / "kept"
            files = make(work)
            new.mkdir()
            for file in files:
                file.rename(new / file.name)
            (new / _SEAL).write_text(_sums(new), "utf-8")
            _publish(new, folder)
        _shrink(base)
    except OSError as error:
        raise unwritable(error.strerror or str(error)) from error
    return folder


def _sums(folder: Path) -> str:
    """A line for every file, as sha256sum writes it."""
    files = sorted(path for path in folder.iterdir() if path.name != _SEAL)
    return "".join(
        f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files
    )


def _sound(folder: Path) -> bool:
    """Whether a build is there, with the bytes that it was made of."""
    try:
        sums = _sums(folder)
        return bool(sums) and (folder / _SEAL).read_bytes() == sums.encode()
    except OSError:
        return False


@contextmanager
def _work_folder(base: Path) -> Generator[Path, None, None]:
    """A new folder next to the builds, so that what is done moves there in one step.

    It is locked for as long as this process lives: what is not locked was left behind.
    """
    with ExitStack() as stack:
        with _locked(base / "lock", os.O_RDWR | os.O_CREAT):
            _sweep(base)
            work = Path(tempfile.mkdtemp(prefix=_MAKING, dir=base))
            stack.enter_context(_locked(work, os.O_RDONLY))
        stack.callback(shutil.rmtree, work, ignore_errors=True)
        yield work


@contextmanager
def _locked(path: Path, mode: int, more: int = 0) -> Generator[None, None, None]:
    handle = os.open(path, mode, 0o666)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | more)
        yield
    finally:
        os.close(handle)


def _sweep(base: Path) -> None:
    """Remove what interrupted processes left."""
    for left in base.glob(f"{_MAKING}*"):
        try:
            with _locked(left, os.O_RDONLY, fcntl.LOCK_NB):
                shutil.rmtree(left, ignore_errors=True)
        except OSError:  # still being made, or removed by another process
            continue


def _publish(new: Path, folder: Path) -> None:
    """Move a build to its place, unless another process was first."""
    with _locked(folder.parent / "lock", os.O_RDWR):
        if _sound(folder):
            return
        if folder.exists():
            folder.rename(new.parent / "damaged")
        new.rename(folder)


def _shrink(base: Path) -> None:
    """Remove what was used longest ago until `BOUND` holds."""
    with _locked(base / "lock", os.O_RDWR):
        folders = [path for path in base.iterdir() if path.is_dir()]
        builds = [path for path in folders if not path.name.startswith(_MAKING)]
        sizes = {build: sum(map(file_size, build.iterdir())) for build in builds}
        used = {build: build.stat().st_mtime for build in builds}
        total = sum(sizes.values())
        for build in sorted(builds, key=used.__getitem__):
            if total <= BOUND or used[build] > time.time() - SPARED:
                return
            gone = build.rename(base / f"{_MAKING}{secrets.token_hex(8)}")
            shutil.rmtree(gone, ignore_errors=True)
            total -= sizes[build]
