"""Writing files: whole or not at all, and one clear line when it cannot be done."""

import os
import secrets
import tempfile
from pathlib import Path

from dualspike.model.errors import BadInput


def write_atomic(path: Path, content: bytes | str) -> None:
    """Write a file under a temporary name beside it, then rename: never half a file.

    Replaces a file that is there, and follows a link to it. Text is written as UTF-8. Raises
    BadInput with the path and the reason; the old content is then untouched.
    """
    data = content.encode() if isinstance(content, str) else content
    try:
        target = path.resolve()
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        reason = getattr(error, "strerror", None) or "no such path"
        raise BadInput(f"cannot write {path}: {reason}") from error
    try:
        if target.exists() and not target.is_file():
            kind = "it is a folder" if target.is_dir() else "it is not a regular file"
            raise BadInput(f"cannot write {path}: {kind}")
        if not target.parent.is_dir():
            raise BadInput(f"cannot write {path}: there is no folder {path.parent}")
        _write(target, data)
    except OSError as error:
        raise BadInput(f"cannot write {path}: {error.strerror}") from error


def _write(target: Path, data: bytes) -> None:
    temporary = target.with_name(f".dualspike-{secrets.token_hex(8)}.tmp")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def output_folder(path: Path) -> Path:
    """Create the folder (and those above it) if needed and prove that files can be made in it.

    Returns the path. Raises BadInput with the path and the reason.
    """
    try:
        if path.exists() and not path.is_dir():
            raise BadInput(f"output folder must be a folder, not the file {path}")
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise BadInput(f"cannot write in folder {path}: {error.strerror}") from error
    return path
