import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dualspike.model.errors import BadInput
from dualspike.model.system import builds
from dualspike.model.system.builds import kept_build

CORE = b"\x7fELF, let us say" * 100


@pytest.fixture
def base(cache: Path) -> Path:
    return cache / "simulators"


def make(work: Path) -> list[Path]:
    (work / "obj").mkdir()
    (work / "obj" / "core.so").write_bytes(CORE)
    (work / "design.v").write_text("module design; endmodule\n")
    (work / "left out").touch()
    return [work / "obj" / "core.so", work / "design.v"]


def never(_: Path) -> list[Path]:
    raise AssertionError("built again")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_build_is_made_once(base: Path) -> None:
    folder = kept_build("key", make)
    assert folder == base / "key"
    assert kept_build("key", never) == folder
    assert names(folder) == ["SHA256SUMS", "core.so", "design.v"]
    assert names(base) == ["CACHEDIR.TAG", "key", "lock"]
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=folder, check=True)


def flip(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


def cut(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def swell(file: Path) -> None:
    file.write_bytes(file.read_bytes() + b"\0")


def zero(file: Path) -> None:
    file.write_bytes(bytes(file.stat().st_size))


def blank(file: Path) -> None:
    file.write_bytes(b"")


def replace(file: Path) -> None:
    file.unlink()
    file.mkdir()


@pytest.mark.parametrize("name", ["core.so", "design.v", "SHA256SUMS"])
@pytest.mark.parametrize("harm", [flip, cut, swell, zero, blank, Path.unlink, replace])
def test_a_damaged_build_is_made_again(base: Path, name: str, harm: Callable[[Path], None]) -> None:
    folder = kept_build("key", make)
    harm(folder / name)
    kept_build("key", make)
    assert kept_build("key", never) == folder
    assert (folder / "core.so").read_bytes() == CORE
    assert names(base) == ["CACHEDIR.TAG", "key", "lock"]


def test_a_build_of_which_nothing_is_left_is_made_again(base: Path) -> None:
    folder = kept_build("key", make)
    for file in folder.iterdir():
        file.write_bytes(b"")
        if file.name != "SHA256SUMS":
            file.unlink()
    kept_build("key", make)
    assert (folder / "core.so").read_bytes() == CORE


def test_a_build_that_fails_leaves_nothing(base: Path) -> None:
    with pytest.raises(AssertionError, match="built again"):
        kept_build("key", never)
    assert names(base) == ["CACHEDIR.TAG", "lock"]


def test_a_full_disk_is_one_line(base: Path) -> None:
    def full(work: Path) -> list[Path]:
        (work / "half").write_text("half")
        with open("/dev/full", "w") as device:
            device.write("the other half")
        return []

    line = (
        f"cannot write in the cache folder {base.parent}: No space left on device;"
        " set DUALSPIKE_CACHE to a folder that can be written"
    )
    with pytest.raises(BadInput, match=f"^{line}$"):
        kept_build("key", full)
    assert names(base) == ["CACHEDIR.TAG", "lock"]


@pytest.mark.parametrize("ended", [signal.SIGKILL, signal.SIGTERM])
def test_what_an_ended_build_left_goes_with_the_next(base: Path, ended: signal.Signals) -> None:
    code = (
        "import time\n"
        "from dualspike.model.system.builds import kept_build\n"
        "def make(work):\n"
        "    (work / 'half').touch()\n"
        "    print(flush=True)\n"
        "    time.sleep(60)\n"
        "kept_build('key', make)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        kept_build("other", make)
        (making,) = base.glob("build-*")  # not ours to remove: it is at work
        process.send_signal(ended)
    assert making.exists()
    kept_build("third", make)
    assert names(base) == ["CACHEDIR.TAG", "lock", "other", "third"]


def test_many_at_once_leave_one_build(base: Path) -> None:
    def slow(work: Path) -> list[Path]:
        time.sleep(0.05)
        return make(work)

    with ThreadPoolExecutor(8) as pool:
        found = [pool.submit(kept_build, "key", slow) for _ in range(8)]
    assert {one.result() for one in found} == {base / "key"}
    assert kept_build("key", never) == base / "key"
    assert names(base) == ["CACHEDIR.TAG", "key", "lock"]


def test_the_longest_unused_go_first(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    size = sum(path.stat().st_size for path in kept_build("0", make).iterdir())
    monkeypatch.setattr(builds, "BOUND", 3 * size)
    for n, key in enumerate("012"):
        os.utime(kept_build(key, make), (0, 1000 + n))
    kept_build("0", never)
    kept_build("3", make)  # no more goes than has to, and not what was just used
    assert names(base) == ["0", "2", "3", "CACHEDIR.TAG", "lock"]
    monkeypatch.setattr(builds, "BOUND", size)
    kept_build("4", make)  # what was used within the hour stays all the same
    assert names(base) == ["0", "3", "4", "CACHEDIR.TAG", "lock"]


def test_a_build_waits_for_the_lock(base: Path) -> None:
    kept_build("0", make)
    with open(base / "lock") as lock, ThreadPoolExecutor(1) as pool:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = pool.submit(kept_build, "1", make)
        time.sleep(0.1)
        assert not found.done()
        fcntl.flock(lock, fcntl.LOCK_UN)
    assert found.result() == base / "1"
