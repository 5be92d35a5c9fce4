"""board serve, train and predict --engine board: the same weights, a line where it goes wrong."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest

from dualspike.api import board_engine
from dualspike.api.board_engine import BAUD
from dualspike.boards.host.port import SerialPort
from dualspike.model.description.files.save import toml_text
from dualspike.model.description.load import load
from dualspike.model.interface.identity import config_hash
from dualspike.testbench.board.virtual import VirtualBoard
from dualspike.testbench.unit.benches.shapes import described
from tests.cli import Cli
from tests.refusals import refusal

PLAIN = described("plain")


@pytest.fixture
def net(here: Path) -> str:
    (here / "net.toml").write_text(toml_text(PLAIN))
    return "net.toml"


def weights(folder: Path) -> dict[str, np.ndarray]:
    with np.load(folder / "weights.npz") as arrays:
        return {name: arrays[name] for name in arrays}


def assert_same(folder: Path, other: Path) -> None:
    found, expected = weights(folder), weights(other)
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        np.testing.assert_array_equal(found[name], values, name)


def when(condition: Callable[[], bool], then: Callable[[], None]) -> threading.Thread:
    """A thread that waits for something and then acts."""

    def wait() -> None:
        while not condition():
            time.sleep(0.02)
        then()

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    return thread


@contextmanager
def ended(process: subprocess.Popen[str]) -> Iterator[None]:
    """Whatever happens, the process does not outlive the block."""
    try:
        yield
    finally:
        process.kill()


def test_a_served_board_learns_as_the_integer_model_does(
    net: str, tmp_path: Path, cli: Cli
) -> None:
    """Behind its pseudo-terminal, in another process; two hosts, one after the other."""
    command = [sys.executable, "-m", "dualspike", "board", "serve", "--virtual", net, "--json"]
    with (
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as server,
        ended(server),
    ):
        assert server.stdout
        port = json.loads(server.stdout.readline())["port"]
        at = ("--port", port, "--baud", 3_000_000)
        for engine, options in (("board", at), ("fixed", ())):
            words = ("train", net, "--engine", engine, *options, "--updates", 20)
            assert ("cycles" in cli.result(*words, "-o", engine)) == (engine == "board")
        assert_same(tmp_path / "board", tmp_path / "fixed")
        words = ("predict", tmp_path / "board", "--engine", "board", *at)
        assert cli(*words, "-o", tmp_path / "i")[0] == 0
        server.terminate()
        assert server.wait(60) == 0
    outputs = np.loadtxt(tmp_path / "i" / "predictions.csv", delimiter=",", skiprows=1)
    expected = weights(tmp_path / "fixed")["prediction"]
    np.testing.assert_allclose(outputs[:, 2:3], expected, rtol=1e-8, err_msg="nine digits")


def test_a_board_that_comes_back_goes_on_where_it_was(net: str, tmp_path: Path, cli: Cli) -> None:
    """Unplugged after the first checkpoint, and another plugged in; the run does not notice."""
    kept, link = tmp_path / "run.npz", tmp_path / "port"
    first, second = VirtualBoard(PLAIN), VirtualBoard(PLAIN)
    link.symlink_to(first.port)

    def swap() -> None:
        first.unplug()
        link.unlink()
        link.symlink_to(second.port)

    words = ("train", net, "--updates", 150)
    with patch.object(board_engine, "PAUSE", 0.05), first, second:
        when(kept.exists, swap)
        at = ("--engine", "board", "--port", link, "--resume", kept)
        assert cli(*words, *at, "-o", tmp_path / "board")[0] == 0
    assert not kept.exists()
    assert cli(*words, "--engine", "fixed", "-o", tmp_path / "fixed")[0] == 0
    assert_same(tmp_path / "board", tmp_path / "fixed")


def test_a_board_that_stays_away_ends_in_one_line_and_the_checkpoint_is_kept(
    net: str, tmp_path: Path, cli: Cli
) -> None:
    """The run goes on from there, here on the integer model, to the same weights."""
    kept, words = tmp_path / "run.npz", ("train", net, "--updates", 130)
    with patch.object(board_engine, "PAUSE", 0.01), VirtualBoard(PLAIN) as virtual:
        when(kept.exists, virtual.unplug)
        at = ("--engine", "board", "--port", virtual.port, "--resume", kept)
        status, _, err = cli(*words, *at, "-o", tmp_path / "a")
    assert status == 2 and kept.exists() and not (tmp_path / "a" / "result.json").exists()
    line = err.splitlines()[-1]
    assert line.startswith("dualspike: ") and f"the run so far is in {kept}" in line
    assert "5 tries to find the board again failed" in line and "Traceback" not in err
    for folder, options in (("b", ("--resume", kept)), ("c", ())):
        assert cli(*words, "--engine", "fixed", *options, "-o", tmp_path / folder)[0] == 0
    assert_same(tmp_path / "b", tmp_path / "c")


def test_a_board_with_another_core_is_refused(net: str, tmp_path: Path, cli: Cli) -> None:
    other = tmp_path / "other.toml"
    other.write_text(toml_text(PLAIN).replace("time_steps = 4", "time_steps = 8"))
    wanted = load(other)
    with VirtualBoard(PLAIN) as virtual:
        for command in ("train", "predict"):
            words = (command, other, "--engine", "board", "--port", virtual.port, "-o", "out")
            assert cli.failure(*words) == (
                f"the board holds {PLAIN.name} (2-3-2-1, configuration"
                f" {config_hash(PLAIN)[:16]}), not {wanted.name} (configuration"
                f" {config_hash(wanted)[:16]})"
            )
        line = f"cannot open port {virtual.port}: another program has it open"
        with VirtualBoardInUse(virtual.port):
            words = ("predict", net, "--engine", "board", "--port", virtual.port, "-o", "out")
            assert cli.failure(*words) == line


class VirtualBoardInUse:
    """Holds a port as another program does."""

    def __init__(self, port: str) -> None:
        code = "import serial, sys; p = serial.Serial(sys.argv[1], exclusive=True);"
        code += "print('open', flush=True); sys.stdin.read()"
        self._process = subprocess.Popen(
            [sys.executable, "-c", code, port], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def __enter__(self) -> None:
        assert self._process.stdout and self._process.stdout.readline()

    def __exit__(self, *_: object) -> None:
        self._process.communicate()


def test_ports_that_are_none(
    net: str, tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dualspike.boards.host.port.comports", list)
    missing, file = tmp_path / "ttyUSB7", tmp_path / "file"
    file.write_text("")
    end, slave = os.openpty()
    silent = os.ttyname(slave)
    reasons = {
        str(missing): f"cannot open port {missing}: there is no such port; there is none at all",
        str(file): f"cannot open port {file}: it is no serial port",
        silent: f"no board answers at {silent}: is it on, and is --baud right?",
    }
    for port, reason in reasons.items():
        words = ("predict", net, "--engine", "board", "--port", port, "-o", "out")
        assert cli.failure(*words) == reason
    words = ("train", net, "--engine", "board", "--port", missing, "-o", "out")
    assert cli.failure(*words) == reasons[str(missing)]
    for handle in (end, slave):
        os.close(handle)


@contextmanager
def unprivileged() -> Iterator[None]:
    """As nobody, where this is root, for whom no file is closed."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    yield
    if root:
        os.seteuid(0)


def test_a_port_without_permission(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.write_text("")
    closed.chmod(0)
    with unprivileged():
        found = refusal(SerialPort, str(closed), BAUD)
    line = f"cannot open port {closed}: permission denied; its group, often dialout, may use it"
    assert found == f"{line}: see ls -l"


def test_options_that_do_not_fit(net: str, cli: Cli) -> None:
    lines = {
        ("train", net, "--engine", "fixed", "--port", "x"): "--port must be left out with"
        " --engine fixed: it is that of a board",
        ("predict", net, "--samples", 0): "--samples must be in [1, 4225], not 0",
        ("board", "serve", net): "--virtual must be given: a real board needs nobody to serve it",
    }
    for words, line in lines.items():
        assert line in cli.failure(*words)
