import multiprocessing as mp
import os
import signal
import subprocess
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from dualspike.golden.experiments.runner.processes import tied, workers

# A parent of two workers, each of which says its number and computes for a minute.
# A shell that starts it in the background lets it ignore interrupts, so it says what they do.
PARENT = """
import signal
from concurrent.futures import wait
from test_pool_work import busy
from dualspike.golden.experiments.runner.processes import workers
if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with workers(2) as pool:
        wait([pool.submit(busy, place) for place in {places}])
"""
WORK = """
import os, pathlib, time
def busy(place):
    pathlib.Path(place).touch()
    pathlib.Path(f"{place}.{os.getpid()}").touch()
    end = time.monotonic() + 60
    while time.monotonic() < end:
        sum(range(10**6))
"""


def alive(number: int) -> bool:
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def children(parent: int) -> list[int]:
    folder = Path("/proc")
    found: list[int] = []
    for status in folder.glob("[0-9]*/status"):
        try:
            if f"\nPPid:\t{parent}\n" in status.read_text():
                found.append(int(status.parent.name))
        except OSError:
            continue
    return found


def gone(them: list[int]) -> bool:
    for _ in range(500):
        if not any(map(alive, them)):
            return True
        time.sleep(0.01)
    return False


@pytest.mark.parametrize("ended", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_worker_outlives_this_process(tmp_path: Path, ended: signal.Signals) -> None:
    places = [str(tmp_path / name) for name in "ab"]
    (tmp_path / "test_pool_work.py").write_text(WORK)
    (tmp_path / "parent.py").write_text(PARENT.format(places=places))
    command = [sys.executable, str(tmp_path / "parent.py")]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        for _ in range(2000):
            if len(list(tmp_path.glob("[ab].*"))) == 2:
                break
            time.sleep(0.01)
        them = children(process.pid)
        assert len(them) >= 2
        begin = time.monotonic()
        process.send_signal(ended)
    assert gone(them)
    assert time.monotonic() - begin < 30


def pid(seconds: float) -> int:
    time.sleep(seconds)
    return os.getpid()


def note(path: str) -> None:
    Path(path).touch()


def test_a_pool_works_and_ends(tmp_path: Path) -> None:
    with workers(1, note, (str(tmp_path / "began"),)) as pool:
        number = pool.submit(pid, 0).result()
    assert number != os.getpid()
    assert gone([number])
    assert (tmp_path / "began").exists()


def test_an_error_in_the_block_does_not_wait_for_what_is_running() -> None:
    begin = time.monotonic()
    with pytest.raises(ZeroDivisionError), workers(1) as pool:
        pool.submit(pid, 0).result()
        pool.submit(pid, 60)
        pool.submit(pid, 60)
        raise ZeroDivisionError
    assert time.monotonic() - begin < 20


def hold(tie: Connection) -> None:
    tied(tie)
    time.sleep(60)


def test_a_process_ends_when_its_tie_is_cut() -> None:
    context = mp.get_context("spawn")
    tie, held = context.Pipe(duplex=False)
    process = context.Process(target=hold, args=(tie,))
    process.start()
    held.close()
    process.join(20)
    assert process.exitcode == 1


def test_a_worker_takes_no_module_from_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in sys.stdlib_module_names:
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    monkeypatch.chdir(tmp_path)
    with workers(1) as pool:
        pool.submit(pid, 0).result()
    assert not (tmp_path / "ran").exists()
    assert "PYTHONSAFEPATH" not in os.environ
