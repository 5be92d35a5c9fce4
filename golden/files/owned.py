"""Whose a file is: a folder of results holds a list of what dualspike wrote there.

The rule, for every command and for Python. A folder that holds anything and has no list is not
ours, and nothing is written into it. In one that is ours, files of others stay and do not matter;
but where one of them has the name of a file to be written, or a file of ours was changed since, or
another command wrote it, nothing is written either. ``force`` writes all the same. What an earlier
run of the same command wrote and this one did not is deleted, if it is as it was; nothing else is.
"""

import hashlib
import json
import os
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Any, cast

from dualspike.golden.files.alone import LOCK, writing
from dualspike.golden.files.locks import LEFT_OVER
from dualspike.golden.files.writing import write_atomic
from dualspike.model.errors import BadInput
from dualspike.model.system.text import parse_json

LIST = ".dualspike.json"
"""Names of files with their SHA-256, by the command that wrote them."""

OTHER = "give another folder or --force"

Known = dict[str, dict[str, str]]


class OwnedFolder:
    """A folder for the files of one run of ``command``; ``removed`` are those of an earlier one."""

    def __init__(self, path: Path, command: str, force: bool, known: Known) -> None:
        self.path, self.removed = path, list[str]()
        self._command, self._force, self._known = command, force, known
        self._names: dict[str, tuple[int, int] | None] = {}

    def check(self, *names: str) -> None:
        """Raise BadInput for the first of these files that is there and may not be replaced."""
        for name in names:
            file = self.path / name
            if self._force or not (file.exists() or file.is_symlink()):
                continue
            by = next((one for one, files in self._known.items() if name in files), None)
            if by is None:
                raise BadInput(f"{file} was not written by dualspike: {OTHER}")
            if by != self._command:
                raise BadInput(f"{file} was written by dualspike {by}: {OTHER}")
            if _digest(file) != self._known[by][name]:
                raise BadInput(f"{file} was changed since dualspike {by} wrote it: {OTHER}")

    def file(self, name: str) -> Path:
        """Where to write the file ``name``, which is ours once it is; BadInput as `check`."""
        if name not in self._names:
            self.check(name)
            self._names[name] = _stamp(self.path / name)
        return self.path / name

    def write(self, contents: Mapping[str, str | bytes]) -> None:
        """Write these files, all of them or, where one may not be replaced, none."""
        self.check(*contents)
        for name, content in contents.items():
            write_atomic(self.file(name), content)

    def _settle(self, ended: bool) -> None:
        """Put what was written on the list; of an earlier run delete what was not written again."""
        ours: dict[str, str] = {}
        for name, before in self._names.items():
            file = self.path / name
            if _stamp(file) != before and (digest := _digest(file)):
                ours[name] = digest
        if not ours:
            return
        earlier = self._known.pop(self._command, {})
        for files in self._known.values():
            for name in ours:
                files.pop(name, None)
        for name, digest in earlier.items():
            if name in ours:
                continue
            if ended and _digest(self.path / name) == digest:
                with suppress(OSError):
                    (self.path / name).unlink()
                    self.removed.append(name)
            elif not ended:
                ours[name] = digest
        known = {command: files for command, files in self._known.items() if files}
        text = json.dumps(known | {self._command: ours}, indent=1, sort_keys=True)
        write_atomic(self.path / LIST, f"{text}\n")


@contextmanager
def owning(
    path: Path,
    command: str,
    *inner: str,
    force: bool = False,
    beside: Iterable[Path | None] = (),
    guest: bool = False,
) -> Generator[OwnedFolder, None, None]:
    """The folder ``path`` and those ``inner``, made if needed, for one run of ``command`` alone.

    Files ``beside`` may be in a folder that has no list. A ``guest`` writes where others have
    written, list or not. Raises BadInput as the module says, and as `alone.writing` does.
    """
    with writing(path, *inner):
        known, own = _read(path), {os.path.realpath(one) for one in beside if one}
        if known is None and not force and not guest:
            _check_empty(path, inner, own)
        folder = OwnedFolder(path, command, force, known or {})
        ended = False
        try:
            yield folder
            ended = True
        finally:
            folder._settle(ended)  # pyright: ignore[reportPrivateUsage]


def check_free(file: Path, force: bool) -> None:
    """Raise BadInput for a single file that is there, unless it is to be replaced."""
    if file.is_file() and not force:
        raise BadInput(f"{file} is already there: give --force to replace it")


def _check_empty(path: Path, inner: tuple[str, ...], own: set[str]) -> None:
    for entry in sorted(path.iterdir()):
        name = entry.name
        if name == LOCK or LEFT_OVER.fullmatch(name) or os.path.realpath(entry) in own:
            continue
        if name in inner and entry.is_dir() and not any(entry.iterdir()):
            continue
        raise BadInput(f"{path} holds {name}, which dualspike did not write there: {OTHER}")


def _read(path: Path) -> Known | None:
    """The list of a folder; None if there is none, or something else of that name."""
    try:
        found: Any = parse_json((path / LIST).read_text("utf-8"))
    except (OSError, ValueError, BadInput):
        return None
    if not isinstance(found, dict):
        return None
    known: Known = {}
    for command, files in cast("dict[str, Any]", found).items():
        if not isinstance(files, dict):
            return None
        for name, digest in cast("dict[str, Any]", files).items():
            inside = not PurePosixPath(name).is_absolute() and ".." not in PurePosixPath(name).parts
            if not inside or not isinstance(digest, str):
                return None
            known.setdefault(command, {})[name] = digest
    return known


def _stamp(file: Path) -> tuple[int, int] | None:
    """What is another one once a file was written; None where there is none."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


def _digest(file: Path) -> str | None:
    """SHA-256 as hex; None where no file can be read."""
    try:
        with file.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()
    except OSError:
        return None
