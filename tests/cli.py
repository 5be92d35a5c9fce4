"""The command line, called in this process."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import pytest

from dualspike.cli import main


class Ended(NamedTuple):
    """How a command ended, and what it printed."""

    status: int
    out: str
    err: str


class Cli:
    """Runs commands; ``words`` may be paths and numbers."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *words: object) -> Ended:
        """Any end."""
        self._capsys.readouterr()
        status = main([str(word) for word in words])
        out, err = self._capsys.readouterr()
        return Ended(status, out, err)

    def result(self, *words: object) -> dict[str, Any]:
        """The JSON object of a command that ends well, which is all of its standard output."""
        status, out, err = self(*words, "--json")
        assert status == 0, err
        return json.loads(out)

    def failure(self, *words: object, status: int = 2) -> str:
        """The one line, without its beginning, of a command that fails and leaves nothing here."""
        before = sorted(os.listdir())
        line = self.line(*words, status=status)
        assert sorted(os.listdir()) == before
        return line

    def line(self, *words: object, status: int = 2) -> str:
        """The same where others write into this folder meanwhile."""
        ended = self(*words)
        assert (ended.status, ended.out, ended.err.count("\n")) == (status, "", 1), ended
        assert ended.err.startswith("dualspike: ") and ended.err.endswith("\n")
        return ended.err.removeprefix("dualspike: ").removesuffix("\n")


@contextmanager
def started(*words: object) -> Iterator["subprocess.Popen[bytes]"]:
    """The command line in a process of its own, which ends with the block at the latest."""
    command = [sys.executable, "-m", "dualspike", *map(str, words)]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, stdout=quiet, stderr=quiet) as child:
        try:
            yield child
        finally:
            child.kill()


def until(done: Callable[[], bool], child: "subprocess.Popen[Any]") -> None:
    """Wait for something that a child is to do; AssertionError if it ends or takes a minute."""
    end = time.monotonic() + 60
    while not done():
        assert child.poll() is None and time.monotonic() < end
        time.sleep(0.005)
