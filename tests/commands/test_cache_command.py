import json
from pathlib import Path

from dualspike.model.system.builds import BOUND, kept_build
from dualspike.model.system.cache import KINDS
from tests.cli import Cli


def make(work: Path) -> list[Path]:
    (work / "core.so").write_bytes(bytes(5_000_000))
    return [work / "core.so"]


def test_it_is_shown_and_cleared(cache: Path, cli: Cli) -> None:
    kept_build("key", make)
    lines = cli("cache").out.splitlines()
    assert lines[0] == str(cache)
    assert lines[2].split() == ["simulators", *KINDS["simulators"].split(), "3", "5.0"]
    bound = "Of simulators and netlists more than 4,295 MB each go, the longest unused first."
    assert lines[-1] == bound
    status, out, err = cli("cache", "--clear", "--json")
    assert status == 0
    kinds = [{"kind": kind, "files": 0, "size": 0} for kind in KINDS]
    assert json.loads(out) == {"folder": str(cache), "bound": BOUND, "kinds": kinds}
    assert err.startswith(f"Cleared {cache}\n")
    assert list(cache.iterdir()) == []


def test_a_cache_that_is_not_there_is_empty(cache: Path, cli: Cli) -> None:
    assert cli("cache", "--clear")[::2] == (0, "")
    assert not cache.exists()
