import dataclasses
import subprocess
from pathlib import Path

import numpy as np
import pytest

from dualspike.model.errors import BadInput
from dualspike.model.load import describe
from dualspike.model.registers import Command
from dualspike.testbench import verilate
from dualspike.testbench.bulk import Simulation, core_source

TINY = {"name": "tiny", "network": {"layers": [1, 1, 1], "time_steps": 2}}


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DUALSPIKE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_a_build_is_kept_and_found_again(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    d = describe(TINY, "test")
    source, probes = core_source(d)
    assert probes == []
    library = verilate.build(source)
    assert library.parent.parent == cache
    assert not list(cache.glob("build-*"))

    def no_tool(*_: object, **__: object) -> None:
        raise AssertionError("built again")

    monkeypatch.setattr(subprocess, "run", no_tool)
    assert verilate.build(source) == library
    with pytest.raises(AssertionError, match="built again"):
        verilate.build(dataclasses.replace(source, verilog=source.verilog + "// changed\n"))


def test_two_cores_live_side_by_side() -> None:
    d = describe(TINY, "test")
    wide = describe(TINY | {"network": {"layers": [1, 2, 1], "time_steps": 2}}, "test")
    with (
        Simulation.of(d, quick=True) as one,
        Simulation.of(wide, quick=True) as two,
        Simulation.of(d, quick=True) as three,
    ):
        one.write("LFSR_0", 17)
        three.write("LFSR_0", 18)
        assert [one.read("LFSR_0"), three.read("LFSR_0")] == [17, 18]
        assert one.read("CONFIG") != two.read("CONFIG")


def test_broken_verilog_fails_with_the_compilers_words(cache: Path) -> None:
    source, _ = core_source(describe(TINY, "test"))
    broken = dataclasses.replace(source, verilog="module tiny(input clk; endmodule\n")
    with pytest.raises(RuntimeError, match=r"Verilator build failed: .*tiny\.v:1"):
        verilate.build(broken)
    assert not list(cache.glob("build-*"))


def test_an_unwritable_cache_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUALSPIKE_CACHE", "/proc/nothing")
    line = "cannot build in /proc/nothing: No such file or directory; set DUALSPIKE_CACHE"
    with pytest.raises(BadInput, match=f"^{line}$"):
        verilate.build(core_source(describe(TINY, "test"))[0])


def test_a_core_that_is_starved_is_reported_and_not_waited_for() -> None:
    d = describe(TINY | {"learning": {"batch": 4}}, "test")
    with (
        Simulation.of(d, quick=True) as simulation,
        pytest.raises(RuntimeError, match="did not finish 2"),
    ):
        simulation.write("UPDATES", 1)
        simulation.write("CONTROL", Command.LEARN)
        simulation.run([np.zeros((2, 1), int), np.zeros((2, 1), int)], 0, 0, 100_000)
