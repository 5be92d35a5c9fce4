"""The one folder for everything that can be made again: simulators and what compilers keep.

It is $DUALSPIKE_CACHE, else ``dualspike`` in the user's cache folder ($XDG_CACHE_HOME, else
``~/.cache``). Each kind of content has a folder of its own in it.
"""

import logging
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from dualspike.model.errors import BadInput

VARIABLE = "DUALSPIKE_CACHE"
REMEDY = f"set {VARIABLE} to a folder that can be written"
KINDS = {
    "simulators": "simulations that Verilator made",
    "synthesis": "netlists that Yosys made for boards",
    "verilog": "Verilog that Yosys wrote of generated hardware",
    "numba": "compiled loops of the models",
    "wasmtime": "Yosys for Verilog, compiled",
    "yowasp": "Yosys and nextpnr for synthesis, compiled",
    "matplotlib": "list of fonts",
}
# The mark of https://bford.info/cachedir: backups leave such a folder out, `clear` removes it.
_TAG = "CACHEDIR.TAG"
_SIGNATURE = "Signature: 8a477f597d28d172789f06886806bc55\n# This folder belongs to dualspike.\n"


@dataclass(frozen=True)
class Content:
    """What the cache holds of one kind: the number of files, and their bytes."""

    kind: str
    files: int
    size: int


def cache_folder() -> Path:
    """The cache's absolute path, whether it is there or not; BadInput if there is no telling."""
    try:
        named = os.environ.get(VARIABLE)
        if named:
            return Path(named).expanduser().absolute()
        base = Path(os.environ.get("XDG_CACHE_HOME") or "")
        # Relative paths there do not count, says the XDG specification.
        home = base if base.is_absolute() else _home() / ".cache"
        return home / "dualspike"
    except (RuntimeError, OSError) as error:
        raise BadInput(f"there is no home folder for the cache: {REMEDY}") from error


def _home() -> Path:
    home = Path.home()
    if not home.is_absolute():
        raise RuntimeError("no home")
    return home


def kept(kind: str) -> Path:
    """The cache's folder of one of `KINDS`, made if need be; BadInput if it cannot be written."""
    folder = cache_folder() / kind
    reason = _refusal(folder)
    if reason:
        raise unwritable(reason)
    return folder


def check_cache() -> None:
    """BadInput now, before anything else is written, if the cache cannot be."""
    kept("simulators")


def _refusal(folder: Path) -> str | None:
    """Make a folder and a file in it; why that cannot be done, or None."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
        if not any(folder.iterdir()):
            (folder / _TAG).write_text(_SIGNATURE, "utf-8")
    except OSError as error:
        return error.strerror or str(error)
    return None


def unwritable(reason: str) -> BadInput:
    """The one line for a cache that cannot be written."""
    return BadInput(f"cannot write in the cache folder {cache_folder()}: {reason}; {REMEDY}")


def adopt() -> None:
    """Let Numba and Matplotlib keep their files in the cache, or where the user said.

    If neither can be written they do without: Numba compiles every time (see `golden.jit`), and
    Matplotlib does not complain.
    """
    for variable, kind in (("NUMBA_CACHE_DIR", "numba"), ("MPLCONFIGDIR", "matplotlib")):
        named = os.environ.pop(variable, "")
        try:
            if named and not _refusal(Path(named)):
                os.environ[variable] = named
            else:
                os.environ[variable] = str(kept(kind))
        except BadInput:
            os.environ["MPLCONFIGDIR"] = os.devnull  # it takes a temporary folder then
            logging.getLogger("matplotlib").setLevel(logging.ERROR)


def contents() -> list[Content]:
    """What the cache holds, of every kind."""
    found: list[Content] = []
    for kind in KINDS:
        files = [path for path in _files(cache_folder() / kind) if path.name != _TAG]
        found.append(Content(kind, len(files), sum(map(file_size, files))))
    return found


def _files(folder: Path) -> list[Path]:
    return [Path(place, name) for place, _, names in os.walk(folder) for name in names]


def file_size(path: Path) -> int:
    """Bytes of a file; 0 if another process has just removed it."""
    try:
        return path.lstat().st_size
    except OSError:
        return 0


def clear() -> None:
    """Remove all that the cache holds. A folder that is not marked as ours is left alone."""
    for kind in KINDS:
        folder = cache_folder() / kind
        if (folder / _TAG).is_file():
            try:
                shutil.rmtree(folder)
            except OSError as error:
                raise unwritable(error.strerror or str(error)) from error
