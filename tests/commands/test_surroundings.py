"""Commands in bad surroundings: hostile files in the folder, no home, nowhere to write."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dualspike.model.system.cache import KINDS, cache_folder, kept
from tests.cli import Cli
from tests.few import few

NET = """name = "tiny"
[network]
layers = [2, 2, 1]
time_steps = 2
"""
# What Python imports itself before a package that ``python -m`` names.
RUNPY = (
    *("collections", "contextlib", "functools", "importlib", "keyword", "operator", "reprlib"),
    *("types", "warnings"),
)
REMEDY = "set DUALSPIKE_CACHE to a folder that can be written"
# A user who may read what root may, so that Python and the package are there, and write nothing.
NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
READS = ("--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search")


Done = subprocess.CompletedProcess[str]


def run(*words: str, folder: Path, variables: dict[str, str], nobody: bool = False) -> Done:
    """The console script, with only these environment variables."""
    script = Path(sys.executable).with_name("dualspike")
    become = (*NOBODY, *READS) if nobody and os.geteuid() == 0 else ()
    return subprocess.run(
        [*become, str(script), *words],
        cwd=folder,
        env={"PATH": os.environ["PATH"], **variables},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A folder with a file for every module of the standard library, which leaves a trace."""
    folder = tmp_path / "hostile"
    folder.mkdir()
    trace = f"open({str(tmp_path / 'ran')!r}, 'a').write(__name__)\n"
    for name in (*sys.stdlib_module_names, "numpy", "typer", "wasmtime", "yowasp_runtime"):
        (folder / f"{name}.py").write_text(trace)
    (folder / "net.toml").write_text(NET)
    return folder


COMMANDS = {
    "generate": ["net.toml", "-o", "out"],
    "synth": ["net.toml", "-o", "out", "--target", "gates"],
    "verify": ["net.toml", "--updates", "1"],
    "experiment": ["hat", "--quick", "--methods", "BP", "--updates", "2", "-o", "out"],
    "doctor": [],
}
WORDS = {name: [name, *words] for name, words in COMMANDS.items()}


@pytest.mark.parametrize("words", few(WORDS, ["generate", "verify", "doctor"]))
def test_no_module_is_taken_from_the_working_folder(hostile: Path, words: list[str]) -> None:
    cache = {"DUALSPIKE_CACHE": str(cache_folder()), "NUMBA_CACHE_DIR": str(kept("numba"))}
    done = run(*words, folder=hostile, variables=cache)
    assert (done.returncode, done.stderr) == (0, "")
    assert not (hostile.parent / "ran").exists()


def test_not_even_where_python_looks_there(hostile: Path) -> None:
    """``python -m`` puts the working folder first; we come to run after these modules."""
    for name in RUNPY:
        (hostile / f"{name}.py").unlink()
    cache = {**os.environ, "DUALSPIKE_CACHE": str(cache_folder())}
    command = [sys.executable, "-m", "dualspike", "generate", "net.toml", "-o", "out"]
    done = subprocess.run(command, cwd=hostile, env=cache, capture_output=True, check=False)
    assert done.returncode == 0
    assert not (hostile.parent / "ran").exists()


@pytest.fixture
def desert(tmp_path: Path) -> Path:
    """A folder in which anybody can write, next to one in which nobody can."""
    if os.geteuid() == 0 and shutil.which("setpriv") is None:
        pytest.skip("setpriv, of util-linux, is missing")
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == os.getuid() and folder != Path(folder.anchor):
            folder.chmod(folder.stat().st_mode | 0o055)
    (tmp_path / "sealed").mkdir(mode=0o555)
    (tmp_path / "work").mkdir()
    (tmp_path / "work").chmod(0o777)
    return tmp_path / "work"


HOMES = {
    "read-only": {"HOME": "{sealed}"},
    "relative": {"HOME": "here"},
    "unknown": {},
    "others": {"HOME": "{sealed}", "NUMBA_CACHE_DIR": "/proc/no", "MPLCONFIGDIR": "/proc/no"},
}


def as_nobody(desert: Path, case: str, *words: str, **more: str) -> Done:
    """The console script of a user who can write in ``desert`` alone, with that home."""
    sealed = str(desert.parent / "sealed")
    home = {name: text.format(sealed=sealed, work=desert) for name, text in HOMES[case].items()}
    return run(*words, folder=desert, nobody=True, variables=home | more)


@pytest.mark.parametrize(("case", "word"), [("unknown", "--version"), ("others", "--help")])
def test_what_needs_no_cache_does_without(desert: Path, case: str, word: str) -> None:
    done = as_nobody(desert, case, word)
    assert (done.returncode, done.stderr) == (0, "")
    assert os.listdir(desert) == []


@pytest.mark.parametrize("case", ["read-only", "relative", "unknown"])
def test_what_needs_the_cache_says_so_in_one_line(desert: Path, case: str) -> None:
    (desert / "net.toml").write_text(NET)
    done = as_nobody(desert, case, "generate", "net.toml")
    assert done.returncode == 2
    assert done.stderr.startswith(
        ("dualspike: cannot write in the cache folder", "dualspike: there")
    )
    assert done.stderr.endswith(f"{REMEDY}\n")
    assert done.stderr.count("\n") == 1
    assert set(os.listdir(desert)) <= {"net.toml", ".cache"}


@pytest.mark.parametrize(
    "words",
    [
        ["synth", "net.toml"],
        ["simulate", "net.toml"],
        ["verify", "net.toml"],
        ["train", "net.toml", "--engine", "rtl", "-o", "out"],
        ["build", "--preset", "hat", "--board", "ulx3s-85f", "-o", "out"],
        ["generate", "--preset", "poisson"],
    ],
    ids=" ".join,
)
def test_every_command_that_needs_it_does(
    desert: Path,
    monkeypatch: pytest.MonkeyPatch,
    cli: Cli,
    words: list[str],
) -> None:
    (desert / "net.toml").write_text(NET)
    monkeypatch.chdir(desert)
    monkeypatch.setenv("DUALSPIKE_CACHE", "/proc/none")
    line = f"cannot write in the cache folder /proc/none: No such file or directory; {REMEDY}"
    status, _, err = cli(*words)
    assert (status, err) == (2, f"dualspike: {line}\n")
    assert os.listdir(desert) == ["net.toml"]


def test_doctor_tells(desert: Path) -> None:
    done = as_nobody(desert, "read-only", "doctor", "--json")
    assert done.returncode == 1
    found = next(one for one in json.loads(done.stdout)["tools"] if one["tool"] == "cache")
    folder = desert.parent / "sealed/.cache/dualspike"
    line = f"cannot write in the cache folder {folder}: Permission denied"
    assert found["problem"] == line
    assert found["remedy"] == REMEDY


def test_with_a_cache_all_goes_into_it(desert: Path) -> None:
    cache = desert / "cache"
    shutil.copytree(kept("wasmtime"), cache / "wasmtime")  # what takes long to compile
    for path in (cache, *cache.rglob("*")):
        path.chmod(0o777)
    (desert / "net.toml").write_text(NET)
    done = as_nobody(desert, "read-only", "generate", "net.toml", DUALSPIKE_CACHE=str(cache))
    assert (done.returncode, done.stderr) == (0, "")
    assert set(os.listdir(desert)) == {"net.toml", "generated", "cache"}
    assert set(os.listdir(cache)) <= set(KINDS)
    assert any((cache / "wasmtime").rglob("mod*"))
