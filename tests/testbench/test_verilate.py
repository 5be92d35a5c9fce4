import dataclasses
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from dualspike.golden.numeric import Ints
from dualspike.model.description.load import describe
from dualspike.model.errors import BadInput, NoAnswer
from dualspike.model.interface.registers import MAGIC
from dualspike.testbench.cosim import verilate
from dualspike.testbench.cosim.simulation import Simulation, source
from dualspike.testbench.cosim.verilated import Verilated
from dualspike.testbench.cosim.waveforms import Waveform

TINY = {"name": "tiny", "network": {"layers": [1, 1, 1], "time_steps": 2}}


def test_a_build_is_kept_and_found_again(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    d = describe(TINY, "test")
    plain = source(d)
    library = verilate.build(plain)
    assert library.parent.parent == empty / "simulators"
    assert not list(empty.glob("simulators/build-*"))

    def no_tool(*_: object, **__: object) -> None:
        raise AssertionError("built again")

    monkeypatch.setattr(subprocess, "Popen", no_tool)
    assert verilate.build(plain) == library
    with pytest.raises(AssertionError, match="built again"):
        verilate.build(dataclasses.replace(plain, verilog=plain.verilog + "// changed\n"))
    monkeypatch.undo()
    monkeypatch.setenv("DUALSPIKE_CACHE", str(empty))
    os.truncate(library, 1000)
    (runtime,) = empty.glob("simulators/runtime-*/runtime.o")
    runtime.write_bytes(runtime.read_bytes().replace(b"verilat", b"Verilat"))
    with Simulation(d, verilate.build(plain)) as simulation:
        assert simulation.read("MAGIC") == MAGIC


@pytest.mark.parametrize("trace", [None, "vcd", "fst"])
def test_headers_that_are_kept_are_what_the_compiler_takes(
    trace: Waveform | None, tmp_path: Path
) -> None:
    """Else it reads them all again without a word. With -H it marks those compiled by a !."""
    with verilate.Tools(tmp_path, verilate.tool_environment()) as tools:
        header = verilate._kept_headers(trace, tools)
        assert header == verilate._kept_headers(trace, tools)
        command = verilate._compiler("-O0", trace, tools)
    (tmp_path / "empty.cpp").write_text("")
    words = [*command, "-H", "-fsyntax-only", "-include", str(header), "empty.cpp"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert f"! {header}.gch" in done.stderr.splitlines()
    assert "verilated.h" not in done.stderr


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


def test_broken_verilog_fails_with_the_compilers_words(empty: Path) -> None:
    plain = source(describe(TINY, "test"))
    broken = dataclasses.replace(plain, verilog="module tiny(input clk; endmodule\n")
    with pytest.raises(RuntimeError, match=r"Verilator build failed: .*tiny\.v:1"):
        verilate.build(broken)
    assert not list(empty.glob("simulators/build-*"))


def test_an_unwritable_cache_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUALSPIKE_CACHE", "/proc/nothing")
    line = (
        "cannot write in the cache folder /proc/nothing: No such file or directory;"
        " set DUALSPIKE_CACHE to a folder that can be written"
    )
    with pytest.raises(BadInput, match=f"^{line}$"):
        verilate.build(source(describe(TINY, "test")))


def test_a_core_that_is_starved_is_reported_and_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    d = describe(TINY | {"learning": {"batch": 4}}, "test")
    with (
        Simulation.of(d, quick=True) as simulation,
        pytest.raises(RuntimeError, match="did not finish 2"),
    ):
        monkeypatch.setattr(simulation, "limit", lambda _: 100_000)
        simulation.update([np.zeros((2, 1), int)] * 2, 1, 0)


# Ports of a core, after which nothing answers.
DEAF = """module deaf(input clk, input rst, input bus_request, input bus_write,
  input [15:0] bus_address, input [31:0] bus_write_data, output bus_done,
  output [31:0] bus_read_data, output busy,
  input inputs_valid, output inputs_ready, input [7:0] inputs_payload,
  output results_valid, input results_ready, output [7:0] results_payload);
  assign bus_done = DONE;
  assign bus_read_data = 32'hMAGIC;
  assign busy = 1'b1;
  assign {inputs_ready, results_valid, results_payload} = 10'b0;
endmodule
"""


class Deaf(Verilated):
    def limit(self, rows: Sequence[Ints]) -> int:
        return 1000


def deaf(done: int) -> Deaf:
    verilog = DEAF.replace("DONE", f"1'b{done}").replace("MAGIC", f"{MAGIC:08x}")
    formats = dict.fromkeys(("input", "membrane", "target"), "s1.6")
    d = describe(TINY | {"learning": {"rule": "none"}, "formats": formats}, "test")
    ports = dataclasses.replace(source(d), verilog=verilog, top="deaf")
    return Deaf(d, verilate.build(ports, quick=True), 1)


def test_a_bus_that_never_answers_is_named() -> None:
    line = "register MAGIC at 0x0 did not answer in 100,000 clocks"
    with pytest.raises(NoAnswer, match=f"^{line}$"):
        deaf(0)


def test_streams_that_never_answer_are_named() -> None:
    with deaf(1) as core, pytest.raises(NoAnswer, match="not finish 3 samples in 1000 clocks"):
        core.outputs([np.zeros((3, 1), int)], 3)


@pytest.mark.parametrize(
    ("said", "line"),
    [
        (
            "/tmp/ccX.s: fatal error: error writing to -: No space left on device",
            "cannot write in the cache folder .*: No space left on device; set DUALSPIKE_CACHE .*",
        ),
        (
            "g++: fatal error: Killed signal terminated program cc1plus",
            "too little memory to compile the simulator: it was ended",
        ),
    ],
)
def test_a_machine_that_is_short_of_something_is_one_line(
    empty: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, line: str
) -> None:
    compiler = tmp_path / "g++"
    compiler.write_text(f"#!/bin/sh\necho '{said}' >&2\nexit 1\n")
    compiler.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(BadInput, match=f"^{line}$"):
        verilate.build(source(describe(TINY, "test")))
    assert not list(empty.glob("simulators/build-*"))


@pytest.mark.parametrize("ended", [signal.SIGKILL, signal.SIGTERM])
def test_compilers_end_with_an_ended_build(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ended: signal.Signals
) -> None:
    source = verilate.Source("module tiny; endmodule\n", "tiny", (), "")
    compiler = tmp_path / "g++"
    compiler.write_text("#!/bin/sh\ntouch compiling.$$\nsleep 60 &\nwait\n")
    compiler.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    code = f"from dualspike.testbench.cosim.verilate import Source, build; build({source!r})"
    with subprocess.Popen([sys.executable, "-c", code]) as process:
        for _ in range(2000):
            if found := list(cache.glob("simulators/build-*/compiling.*")):
                break
            time.sleep(0.01)
        process.send_signal(ended)
    numbers = [re.sub(r".*\.", "", path.name) for path in found]
    assert numbers
    for _ in range(500):
        if not any(Path("/proc", number, "cwd").exists() for number in numbers):
            return
        time.sleep(0.01)
    raise AssertionError(f"{numbers} still compile")
