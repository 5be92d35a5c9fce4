"""Writing files: whole or not at all, and one clear line when it cannot be done."""

import os
import secrets
from pathlib import Path

from dualspike.golden.files.locks import locked, sweep
from dualspike.model.errors import BadInput


def write_atomic(path: Path, content: bytes | str) -> None:
    """Write a file under a temporary name next to it, then rename: never half a file.

    Replaces a file that is there, and follows a link to it. Text is written as UTF-8. Temporary
    files that killed processes left in the folder go away. Raises BadInput with the path and the
    reason; the old content is then untouched.
    """
    data = content.encode() if isinstance(content, str) else content
    target = link_target(path)
    try:
        if target.exists() and not target.is_file():
            kind = "it is a folder" if target.is_dir() else "it is not a regular file"
            raise BadInput(f"cannot write {path}: {kind}")
        if not target.parent.is_dir():
            raise BadInput(f"cannot write {path}: there is no folder {path.parent}")
        sweep(target.parent)
        _write(target, data)
    except OSError as error:
        raise BadInput(f"cannot write {path}: {error.strerror}") from error


def link_target(path: Path) -> Path:
    """Where links lead; raises BadInput with the path if they lead nowhere."""
    try:
        return path.resolve()
    except RuntimeError as error:  # what pathlib makes of a link to itself
        raise BadInput(f"cannot write {path}: it is a link that leads to itself") from error
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        reason = getattr(error, "strerror", None) or "no such path"
        raise BadInput(f"cannot write {path}: {reason}") from error


def _write(target: Path, data: bytes) -> None:
    temporary = target.with_name(f".dualspike-{secrets.token_hex(8)}.tmp")
    with locked(temporary, wait=True) as handle:
        with os.fdopen(handle, "wb", closefd=False) as file:
            file.write(data)
        os.fsync(handle)
        temporary.replace(target)
