# pyright: basic
"""Numba's compiler, which keeps what it compiled where there is a folder for it."""

import os
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

import numba

_KEEPS = bool(os.environ.get("NUMBA_CACHE_DIR"))


def njit(function: Callable[..., Any] | None = None, **keys: Any) -> Any:
    """`numba.njit`, and what it compiled is stale once any file next to the function's changes.

    Numba looks at the function's own file alone, but compiles what that calls into it.
    """
    if function is None:
        return partial(njit, **keys)
    compiled: Any = numba.njit(cache=_KEEPS, **keys)(function)
    if _KEEPS:
        folder = Path(function.__code__.co_filename).parent
        compiled._cache._cache_file._source_stamp = _stamp(folder)
    return compiled


@cache
def _stamp(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Names, times and sizes of the modules in a folder."""
    files = ((path, path.stat()) for path in sorted(folder.glob("*.py")))
    return tuple((path.name, about.st_mtime_ns, about.st_size) for path, about in files)
