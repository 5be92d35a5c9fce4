import gc
from pathlib import Path

import pytest
from hypothesis import settings

from dualspike.model.system.cache import kept
from tests.cli import Cli

# A busy machine is slow; what a test takes is nowhere a claim.
settings.register_profile("dualspike", deadline=None)
settings.load_profile("dualspike")

# Most of what tests make goes as soon as it is done with, or stays: to look through all of it for
# cycles as often as Python does took an eighth of the time.
gc.set_threshold(50_000, 20, 20)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The test's own folder, in which it works."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for the cache that is not there yet."""
    monkeypatch.setenv("DUALSPIKE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache with nothing in it but Yosys for Verilog, which takes long to compile."""
    compiled, folder = kept("wasmtime"), tmp_path / "cache"
    folder.mkdir()
    (folder / compiled.name).symlink_to(compiled)
    monkeypatch.setenv("DUALSPIKE_CACHE", str(folder))
    return folder


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    """The command line."""
    return Cli(capsys)
