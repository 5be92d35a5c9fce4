from pathlib import Path

import pytest

from dualspike.model.errors import BadInput
from dualspike.model.system import cache
from dualspike.model.system.cache import (
    KINDS,
    adopt,
    cache_folder,
    check_cache,
    clear,
    contents,
    kept,
)

REMEDY = "set DUALSPIKE_CACHE to a folder that can be written"


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DUALSPIKE_CACHE", "XDG_CACHE_HOME", "NUMBA_CACHE_DIR", "MPLCONFIGDIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "/home/me")


@pytest.mark.parametrize(
    ("variables", "folder"),
    [
        ({}, "/home/me/.cache/dualspike"),
        ({"XDG_CACHE_HOME": "/xdg"}, "/xdg/dualspike"),
        ({"XDG_CACHE_HOME": "xdg"}, "/home/me/.cache/dualspike"),
        ({"DUALSPIKE_CACHE": "/mine", "XDG_CACHE_HOME": "/xdg"}, "/mine"),
        ({"DUALSPIKE_CACHE": "~/mine"}, "/home/me/mine"),
        ({"DUALSPIKE_CACHE": ""}, "/home/me/.cache/dualspike"),
    ],
)
def test_where_it_is(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], folder: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert cache_folder() == Path(folder)


def test_a_relative_name_is_from_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DUALSPIKE_CACHE", "mine")
    assert cache_folder() == tmp_path / "mine"


@pytest.mark.parametrize(
    "variables", [{"HOME": "here"}, {"DUALSPIKE_CACHE": "~nobody_of_this_name/cache"}]
)
def test_no_home_is_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variables: dict[str, str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(BadInput, match=f"^there is no home folder for the cache: {REMEDY}$"):
        check_cache()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("folder", "reason"),
    [
        ("/proc/none", "No such file or directory"),
        ("/etc/passwd/none", "Not a directory"),
        ("/dev/null", "Not a directory"),
        ("/" + "n" * 300, "File name too long"),
    ],
)
def test_what_cannot_be_written_is_one_line(
    monkeypatch: pytest.MonkeyPatch, folder: str, reason: str
) -> None:
    monkeypatch.setenv("DUALSPIKE_CACHE", folder)
    line = f"^cannot write in the cache folder {folder}: {reason}; {REMEDY}$"
    with pytest.raises(BadInput, match=line):
        check_cache()


def test_others_keep_their_files_in_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DUALSPIKE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NUMBA_CACHE_DIR", "/proc/none")  # which cannot be
    monkeypatch.setenv("MPLCONFIGDIR", str(tmp_path / "mine"))
    adopt()
    assert cache.os.environ["NUMBA_CACHE_DIR"] == str(tmp_path / "cache" / "numba")
    assert cache.os.environ["MPLCONFIGDIR"] == str(tmp_path / "mine")


def test_clearing_takes_what_is_ours(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DUALSPIKE_CACHE", str(tmp_path))
    (tmp_path / "matplotlib").mkdir()
    (tmp_path / "matplotlib" / "a user's").write_text("own")
    (tmp_path / "notes").write_text("own")
    for kind in KINDS:
        (kept(kind) / "deep").mkdir()
        (kept(kind) / "deep" / "file").write_bytes(bytes(1000))
    found = {content.kind: (content.files, content.size) for content in contents()}
    assert found == dict.fromkeys(KINDS, (1, 1000)) | {"matplotlib": (2, 1003)}
    clear()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["matplotlib", "notes"]
    assert (tmp_path / "matplotlib" / "a user's").read_text() == "own"
    assert sum(content.files for content in contents()) == 2
