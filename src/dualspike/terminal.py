"""The streams that a command was given, made fit for use: closed ones, odd sizes, any locale."""

import io
import os
import re
import sys
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from typing import cast

STREAMS = (("stdin", os.O_RDONLY, "r"), ("stdout", os.O_RDONLY, "w"), ("stderr", os.O_WRONLY, "w"))
"""Name, how /dev/null stands in for it, and how it is used. Descriptors are 0, 1 and 2.

Output that nobody can read is an error, hence O_RDONLY: writing fails as on the closed one. What
goes to stderr is lost in silence, since there is nobody to tell.
"""


@contextmanager
def prepared() -> Generator[None, None, None]:
    """Streams for one command: all there, able to hold any file name, without Python's warnings."""
    _reopen()
    for name in ("COLUMNS", "LINES"):  # Rich prints nothing in 0 columns, and fails at "²"
        if not re.fullmatch("[1-9][0-9]{0,3}", os.environ.get(name, "1")):
            del os.environ[name]
    cast(io.TextIOWrapper, sys.stdout).reconfigure(errors="backslashreplace")
    with warnings.catch_warnings():
        warnings.showwarning = _silent
        yield


def _reopen() -> None:
    """Open streams that were closed: the next file would get the number of one, and its text."""
    for number, (name, how, mode) in enumerate(STREAMS):
        if getattr(sys, name) is None:
            _occupy(number, how)
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115 (to the end)


def _occupy(number: int, how: int) -> None:
    try:
        os.fstat(number)
    except OSError:
        handle = os.open(os.devnull, how)
        os.dup2(handle, number)  # for children, too
        if handle != number:
            os.close(handle)


def _silent(*_: object, **__: object) -> None:
    """Show no warning: those made into errors are raised all the same."""
