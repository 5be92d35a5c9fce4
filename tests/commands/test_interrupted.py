"""Ctrl-C keeps a run: the line says how to go on, and it ends as if nothing had been."""

import os
import shlex
import signal
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import numpy as np
import pytest

from dualspike.commands import train as command
from dualspike.interrupts import interrupts
from tests.cli import Cli
from tests.small import OPERATOR, OWN_DATA, PERCEPTRON, functions, points

pytestmark = pytest.mark.usefixtures("here")


Handler = Callable[[int, FrameType | None], None] | signal.Handlers


@contextmanager
def handled(handler: Handler) -> Generator[None, None, None]:
    """Whatever the shell that began the tests has said of SIGINT."""
    before = signal.signal(signal.SIGINT, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def test_the_first_interrupt_is_noted_and_the_second_ends() -> None:
    with handled(signal.default_int_handler):
        with interrupts() as came:
            assert not came()
            os.kill(os.getpid(), signal.SIGINT)
            assert came()
            with pytest.raises(KeyboardInterrupt):
                os.kill(os.getpid(), signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_interrupts_that_are_ignored_stay_so() -> None:
    with handled(signal.SIG_IGN), interrupts() as came:
        os.kill(os.getpid(), signal.SIGINT)
        assert not came()


@contextmanager
def after(updates: int) -> Generator[Callable[[], bool], None, None]:
    """Ctrl-C after so many updates."""
    done = iter(range(1, updates + 1))
    yield lambda: next(done, updates) == updates


@pytest.mark.parametrize(
    ("engines", "own"),
    [
        (("fixed", "fixed"), PERCEPTRON),
        (("fixed", "rtl"), PERCEPTRON),
        (("fixed", "fixed"), OPERATOR),
    ],
)
def test_a_run_that_was_broken_off_goes_on(
    engines: tuple[str, str], own: str, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, then = engines
    np.savez("data.npz", **(functions() if own is OPERATOR else points()))
    Path("my net.toml").write_text(own if own is OPERATOR else own + OWN_DATA)
    words = ("train", "my net.toml", "--updates", 9, "--engine")
    assert cli(*words, "fixed", "-o", "whole").status == 0
    monkeypatch.setattr(command, "interrupts", lambda: after(4))
    status, _, err = cli(*words, first, "-o", "out")
    assert status == 130 and os.listdir("out").count("checkpoint.npz") == 1
    start, told = err.removeprefix("dualspike: ").rstrip("\n").split("; to go on: ")
    assert start == "interrupted after 4 of 9 updates, all kept"
    line = "out holds a run that was broken off: go on with --resume out/checkpoint.npz, or"
    assert cli.failure(*words, first, "-o", "out").startswith(line)
    monkeypatch.setattr(command, "interrupts", lambda: after(100))
    program, *again = shlex.split(told)
    assert program == "dualspike"
    assert cli(*again, *(["--engine", then] if then != first else [])).status == 0
    assert "checkpoint.npz" not in os.listdir("out")
    with np.load("whole/weights.npz") as one, np.load("out/weights.npz") as other:
        assert all(np.array_equal(one[name], other[name]) for name in one)


def test_force_begins_anew(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    np.savez("data.npz", **points())
    Path("net.toml").write_text(PERCEPTRON + OWN_DATA)
    monkeypatch.setattr(command, "interrupts", lambda: after(2))
    assert cli("train", "net.toml", "-o", "out").status == 130
    monkeypatch.setattr(command, "interrupts", lambda: after(100))
    status, out, _ = cli("train", "net.toml", "-o", "out", "--force", "--seed", 5)
    assert status == 0 and "Removed of an earlier run: checkpoint.npz" in out
