"""What waveforms are written as, and what is said where that cannot be."""

from collections.abc import Generator
from pathlib import Path

import pytest

from dualspike.testbench.cosim import waveforms
from dualspike.testbench.cosim.waveforms import usual, waveform_of
from tests.refusals import refusal


@pytest.fixture
def headers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Path, None, None]:
    """A g++ that finds no header but those in this folder."""
    real = waveforms.run_child

    def run(command: list[str], text: str) -> object:
        return real([*command, "-nostdinc", f"-I{tmp_path}"], text=text)

    monkeypatch.setattr(waveforms, "run_child", run)
    usual.cache_clear()
    yield tmp_path
    usual.cache_clear()


@pytest.mark.parametrize("there", [(), ("lz4.h",), ("zlib.h",), ("lz4.h", "zlib.h")])
def test_fst_wants_both_headers(there: tuple[str, ...], headers: Path) -> None:
    for name in there:
        (headers / name).touch()
    assert usual() == ("fst" if len(there) == 2 else "vcd")
    assert [waveform_of(one) for one in (None, Path("a.vcd"), Path("a"))] == ["vcd"] * 3
    if len(there) == 2:
        assert waveform_of(Path("a.fst")) == "fst"
        return
    line = "a.fst must be a .vcd file: FST needs apt-get install liblz4-dev zlib1g-dev"
    assert refusal(waveform_of, Path("a.fst")) == line
