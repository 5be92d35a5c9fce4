"""Readers with a fault in each, which the harness must find and name; the last one has none."""

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from dualspike.model.errors import BadInput

from . import trial
from .trial import Ended, Good, Kind, tried

GOOD = b"good"


def _make(folder: Path) -> None:
    (folder / "file").write_bytes(GOOD)


def _kind(fault: str, wrong: Callable[[Path], str]) -> Kind:
    """A kind whose reader is wrong where the file is damaged."""

    def read(folder: Path) -> str:
        return "good" if (folder / "file").read_bytes() == GOOD else wrong(folder)

    return Kind(fault, "file", _make, read)


def _hang(_folder: Path) -> str:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(600)
    return "good"


def _crash(_folder: Path) -> str:
    os.kill(os.getpid(), signal.SIGKILL)
    return "good"


def _traceback(_folder: Path) -> str:
    raise KeyError("planted")


def _memory(_folder: Path) -> str:
    np.ones(trial.MEMORY, np.uint8)
    return "good"


def _words(folder: Path) -> str:
    print("a second line", file=sys.stderr)
    return _refuse(folder)


def _left(folder: Path) -> str:
    (folder / "half").mkdir()
    return _refuse(folder)


def _status(_folder: Path) -> str:
    raise Ended(1)


def _silent(_folder: Path) -> str:
    return "another"


def _refuse(folder: Path) -> str:
    raise BadInput(f"{folder} must be good")


PLANTED = tuple(
    _kind(wrong.__name__.removeprefix("_"), wrong)
    for wrong in (_hang, _crash, _traceback, _memory, _words, _left, _status, _silent, _refuse)
)


def main(name: str, folder: str) -> None:
    """Print the fault found with a damaged file of this kind, within 256 MiB, and the status."""
    trial.MEMORY = 2**28
    if name == "hang":
        trial.SECONDS = 0.5
    kind = next(kind for kind in PLANTED if kind.name == name)
    case = tried(Good.of(kind, Path(folder)), 1)
    print(case.fault, case.outcome.status, sep="; ")


if __name__ == "__main__":
    main(*sys.argv[1:])
