"""What a command has to itself while it runs: the folder that it writes, the file that it keeps."""

import hashlib
from collections.abc import Generator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from dualspike.golden.files.locks import InUse, locked
from dualspike.golden.files.writing import link_target
from dualspike.model.errors import BadInput

LOCK = ".dualspike.lock"


@contextmanager
def writing(path: Path, *inner: str) -> Generator[Path, None, None]:
    """The folder ``path`` and those ``inner`` in it, made if needed, for one command alone.

    Yields the path. Where the block fails, folders that were made here and are still empty go away
    again. Raises BadInput if another command has the folder, or if no file can be made in it.
    """
    made: list[Path] = []
    try:
        with ExitStack() as held:
            try:
                if path.exists() and not path.is_dir():
                    raise BadInput(f"output folder must be a folder, not the file {path}")
                _make(path, made)
                held.enter_context(locked(path / LOCK))
                for name in inner:
                    _make(path / name, made)
            except InUse as error:
                raise _in_use(path, "folder") from error
            except OSError as error:
                raise BadInput(f"cannot write in folder {path}: {error.strerror}") from error
            yield path
    except BaseException:
        for folder in reversed(made):
            with suppress(OSError):
                folder.rmdir()
        raise


@contextmanager
def keeping(path: Path | None) -> Generator[None, None, None]:
    """The file ``path``, there or not, for one command alone; None is no file.

    Raises BadInput if another command has it, or if no file can be made in its folder.
    """
    if path is None:
        yield
        return
    target = link_target(path)
    name = hashlib.sha256(target.name.encode(errors="surrogateescape")).hexdigest()[:16]
    with ExitStack() as held:
        try:
            held.enter_context(locked(target.with_name(f".dualspike-{name}.lock")))
        except InUse as error:
            raise _in_use(path, "file") from error
        except (FileNotFoundError, NotADirectoryError) as error:
            raise BadInput(f"cannot write {path}: there is no folder {path.parent}") from error
        except OSError as error:
            raise BadInput(f"cannot write {path}: {error.strerror}") from error
        yield


def _make(path: Path, made: list[Path]) -> None:
    """Make a folder and those above it; ``made`` grows by what was not there."""
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir(exist_ok=True)
        made.append(folder)
    if not path.is_dir():
        raise BadInput(f"output folder must be a folder, not the file {path}")


def _in_use(path: Path, kind: str) -> BadInput:
    return BadInput(f"{path} is in use by another command: wait for its end or give another {kind}")
