"""Verilog is written by Yosys once, and by any cache the same."""

from pathlib import Path

import pytest

from dualspike.hw.emit import generate
from dualspike.hw.emit.generate import to_verilog
from dualspike.hw.stream.buffers.skid_buffer import SkidBuffer
from dualspike.model.system.cache import kept


def test_what_yosys_wrote_is_kept_and_is_what_it_writes_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, compiled = to_verilog(SkidBuffer(8), "buffer"), kept("wasmtime")
    monkeypatch.setenv("DUALSPIKE_CACHE", str(tmp_path / "cache"))
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache/wasmtime").symlink_to(compiled)
    assert to_verilog(SkidBuffer(8), "buffer") == first
    monkeypatch.setattr(generate, "_written", never)
    assert to_verilog(SkidBuffer(8), "buffer") == first
    for other, name in ((SkidBuffer(9), "buffer"), (SkidBuffer(8), "buffers")):
        with pytest.raises(AssertionError, match="Yosys runs"):
            to_verilog(other, name)


def never(text: str, name: str) -> str:
    raise AssertionError("Yosys runs")
