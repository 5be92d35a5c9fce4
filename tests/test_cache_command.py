import json
from pathlib import Path

import pytest

from dualspike.cli import main
from dualspike.model.cache import KINDS
from dualspike.testbench.builds import BOUND, kept_build


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DUALSPIKE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def make(work: Path) -> list[Path]:
    (work / "core.so").write_bytes(bytes(5_000_000))
    return [work / "core.so"]


def test_it_is_shown_and_cleared(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept_build("key", make)
    assert main(["cache"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == str(cache)
    assert lines[2].split() == ["simulators", *KINDS["simulators"].split(), "3", "5.0"]
    assert lines[-1] == "Simulators of more than 4,295 MB go, the longest unused first."
    assert main(["cache", "--clear", "--json"]) == 0
    out, err = capsys.readouterr()
    kinds = [{"kind": kind, "files": 0, "size": 0} for kind in KINDS]
    assert json.loads(out) == {"folder": str(cache), "bound": BOUND, "kinds": kinds}
    assert err.startswith(f"Cleared {cache}\n")
    assert list(cache.iterdir()) == []


def test_a_cache_that_is_not_there_is_empty(
    cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["cache", "--clear"]) == 0
    assert capsys.readouterr().err == ""
    assert not cache.exists()
