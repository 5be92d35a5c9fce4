import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dualspike.model.system.children import Children, environment, run_child

# Says its number and that of a child of its own, then both sleep.
FAMILY = "sleep 60 & echo $$ $! >numbers.new; mv numbers.new numbers; wait"


def numbers(folder: Path) -> list[int]:
    file = folder / "numbers"
    for _ in range(1000):
        if file.exists():
            return [int(word) for word in file.read_text().split()]
        time.sleep(0.01)
    raise AssertionError("nothing was started")


def alive(number: int) -> bool:
    """A process that ended and was not yet waited for does not count."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def gone(them: list[int]) -> bool:
    for _ in range(500):
        if not any(map(alive, them)):
            return True
        time.sleep(0.01)
    return False


def test_a_program_gets_and_gives_text_and_its_status(tmp_path: Path) -> None:
    command = ["/bin/sh", "-c", 'cat; pwd; echo "$1" >&2; exit 7', "sh", "two  words"]
    done = run_child(command, folder=tmp_path, text="in\n")
    assert (done.returncode, done.stdout) == (7, f"in\n{tmp_path}\n")
    assert done.stderr == "two  words\n"


def test_much_text_in_both_directions() -> None:
    text = "line\n" * 200_000
    assert run_child(["cat"], text=text).stdout == text


def test_lines_are_heard_as_they_come(tmp_path: Path) -> None:
    """The program waits for a file that is made when its first line has come."""
    heard: list[str] = []

    def hear(line: str) -> None:
        heard.append(line)
        (tmp_path / "go").touch()

    waits = "while [ ! -e go ]; do sleep 0.01; done"
    command = ["/bin/sh", "-c", f"echo one; {waits}; echo two >&2; exit 3"]
    done = run_child(command, folder=tmp_path, heard=hear)
    assert (heard, done.returncode) == (["one\n", "two\n"], 3)
    assert (done.stdout, done.stderr) == ("one\ntwo\n", "")


def test_a_program_that_is_not_there_and_one_that_was_killed() -> None:
    assert run_child(["/no/such/program"]).returncode == 127
    assert run_child(["/bin/sh", "-c", "kill -9 $$"]).returncode == 128 + 9


def test_nothing_is_read_from_our_standard_input() -> None:
    assert run_child(["cat"]).stdout == ""


def test_a_python_takes_no_module_from_its_folder(tmp_path: Path) -> None:
    (tmp_path / "random.py").write_text("raise SystemExit('hostile')")
    code = "import random, sys; print(sys.flags.safe_path)"
    for command in (
        [sys.executable, "-c", code],
        ["/bin/sh", "-c", f"{sys.executable} -c '{code}'"],
    ):
        assert run_child(command, folder=tmp_path).stdout == "True\n"
    assert environment(A="b")["A"] == "b"


def test_leaving_the_block_ends_a_whole_family(tmp_path: Path) -> None:
    command = ["/bin/sh", "-c", FAMILY]
    with ThreadPoolExecutor(1) as pool, Children() as children:
        done = pool.submit(children.run, command, folder=tmp_path)
        them = numbers(tmp_path)
    assert gone(them)
    assert done.result().returncode == -signal.SIGKILL


@pytest.mark.parametrize("ended", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_program_outlives_this_process(tmp_path: Path, ended: signal.Signals) -> None:
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from pathlib import Path\n"
        "from dualspike.model.system.children import run_child\n"
        f"run_child(['/bin/sh', '-c', {FAMILY!r}], folder=Path({str(tmp_path)!r}))\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL) as process:
        them = numbers(tmp_path)
        assert all(map(alive, them))
        process.send_signal(ended)
    assert gone(them)


def test_a_program_that_ended_leaves_nothing_behind() -> None:
    before = set(os.listdir("/proc"))
    with Children() as children:
        for _ in range(3):
            number = int(children.run(["/bin/sh", "-c", "echo $PPID"]).stdout)
            assert gone([number])
        mine = [
            name
            for name in set(os.listdir("/proc")) - before
            if name.isdigit() and f"PPid:\t{os.getpid()}\n" in _status(name)
        ]
        assert mine == []


def _status(name: str) -> str:
    try:
        return Path(f"/proc/{name}/status").read_text()
    except OSError:
        return ""
