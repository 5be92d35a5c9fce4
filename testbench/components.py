"""Running cocotb benches: one component, built by Verilator, driven from Python inside it."""

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any
from unittest.mock import patch
from xml.etree import ElementTree

from amaranth.lib import wiring
from cocotb_tools.runner import get_runner

from dualspike.hw.generate import to_verilog
from dualspike.testbench.builds import kept_build
from dualspike.testbench.recording import coverage_flags, keep, recording
from dualspike.testbench.verilate import Tools, tool_environment

PARAMETERS = "DUALSPIKE_BENCH"

_BUILD = ("-Wno-fatal", "--no-public-flat-rw", "--no-assert", "--output-split", "0")
# Only the top module's ports are seen from Python: everything else may be optimised away.
# Generated Verilog leaves it to the language to extend operands.
_CONTROL = """`verilator_config
public_flat_rw -module "{name}" -port "*"
lint_off -rule WIDTHEXPAND -file "*/{name}.v"
"""
# The run-time library is linked from where it lies and not compiled with every component; its
# headers, which take most of the time, are compiled once for all quick builds.
_MAKE = "VM_GLOBAL_FAST= OPT_FAST={level} OPT_SLOW=-O0 CFG_CXXFLAGS_PCH_I=-include"
_RUNTIME = "libverilated.a"
_HEADER = "headers.h"
_HEADERS = "".join(
    f"#include <{name}>\n"
    for name in ("memory", "verilated.h", "verilated_syms.h", "verilated_vpi.h")
)
_BLANK = "module blank (input clk, output reg q); always @(posedge clk) q <= !q; endmodule\n"
_LOG_LINES = 40


def run_bench(
    component: wiring.Component,
    name: str,
    module: str,
    parameters: Mapping[str, object],
    *,
    quick: bool = False,
) -> int:
    """Run every cocotb test of ``module`` on ``component``; the number of tests that passed.

    ``name`` becomes the top module. The bench finds ``parameters`` with `parameters`. ``quick``
    compiles without optimisation: worth it for benches of less than some 100,000 cycles.
    Raises AssertionError with cocotb's messages if a test failed or if none ran.
    """
    verilog = to_verilog(component, name)
    environment = tool_environment()
    program = _build(verilog, name, environment, "-O0" if quick else "-O2")
    with tempfile.TemporaryDirectory(prefix="dualspike-") as folder:
        work = Path(folder)
        (work / "parameters.json").write_text(json.dumps(parameters), "utf-8")
        environment[PARAMETERS] = str(work / "parameters.json")
        with _acting(environment):
            try:
                get_runner("verilator").test(
                    test_module=module,
                    hdl_toplevel=name,
                    hdl_toplevel_lang="verilog",
                    build_dir=program.parent,
                    test_dir=work,
                    results_xml=str(work / "results.xml"),
                    log_file=work / "log.txt",
                )
            except (RuntimeError, SystemExit) as error:
                raise AssertionError(f"{module} broke off: {error}\n{_end(work)}") from error
        passed = _passed(work, module)
        if recording():
            shape = "-".join(str(value) for value in parameters.values())
            keep(name, shape, verilog, work / "coverage.dat")
        return passed


def parameters() -> dict[str, Any]:
    """Inside a bench: the parameters that `run_bench` was given."""
    return json.loads(Path(os.environ[PARAMETERS]).read_text("utf-8"))


def _passed(work: Path, module: str) -> int:
    results = work / "results.xml"
    if not results.exists():
        raise AssertionError(f"{module} left no results\n{_end(work)}")
    cases = list(ElementTree.parse(results).getroot().iter("testcase"))
    messages: list[str] = []
    for case in cases:
        for trouble in (*case.findall("failure"), *case.findall("error")):
            said = trouble.get("error_msg") or trouble.get("message") or trouble.text or ""
            messages.append(f"{case.get('name')}: {said}")
    if messages:
        raise AssertionError("\n".join([f"{module} failed", *messages, _end(work)]))
    passed = sum(case.find("skipped") is None for case in cases)
    if not passed:
        raise AssertionError(f"{module} ran no test\n{_end(work)}")
    return passed


def _end(work: Path) -> str:
    log = work / "log.txt"
    lines = log.read_text("utf-8", "replace").splitlines() if log.exists() else []
    return "\n".join(lines[-_LOG_LINES:])


@contextmanager
def _acting(environment: Mapping[str, str]) -> Iterator[None]:
    """Let the runner see ``environment``, and not that it is started by pytest."""
    with patch.dict(os.environ, environment):
        os.environ.pop("PYTEST_CURRENT_TEST", None)
        yield


def _build(verilog: str, name: str, environment: dict[str, str], level: str) -> Path:
    """The simulator of one component; compiled once, then found again by its hash."""
    control = _CONTROL.format(name=name)
    flags = _MAKE.format(level=level)
    options = (*_BUILD, *coverage_flags())
    recipe = (verilog, control, options, flags, environment["VERILATOR_ROOT"], version("cocotb"))

    def make(work: Path) -> list[Path]:
        runtime = _runtime(environment)
        header = ("-CFLAGS", f"-include {runtime / _HEADER}") if level == "-O0" else ()
        (work / f"{name}.v").write_text(verilog, "utf-8")
        (work / f"{name}.vlt").write_text(control, "utf-8")
        more = {"MAKEFLAGS": f"{environment.get('MAKEFLAGS', '')} {flags}", "TMPDIR": str(work)}
        with _acting({**environment, **more}):
            try:
                get_runner("verilator").build(
                    sources=[work / f"{name}.vlt", work / f"{name}.v"],
                    hdl_toplevel=name,
                    build_args=[*options, *header, str(runtime / _RUNTIME)],
                    build_dir=work / "obj",
                    log_file=work / "log.txt",
                )
            except (RuntimeError, SystemExit) as error:
                raise RuntimeError(f"Verilator build failed: {error}\n{_end(work)}") from error
        return [work / "obj" / name]

    return kept_build(f"bench-{_digest(*recipe)}", make) / name


def _runtime(environment: dict[str, str]) -> Path:
    """Folder of Verilator's own library and its headers, which take long to compile."""

    def make(work: Path) -> list[Path]:
        obj = work / "obj"
        (work / "blank.v").write_text(_BLANK, "utf-8")
        with Tools(work, environment) as tools:
            options = ("--cc", "--build", "--vpi", "--Mdir", "obj", *coverage_flags())
            tools.run([str(tools.home / "bin" / "verilator"), *options, "blank.v"])
            (obj / _HEADER).write_text(_HEADERS, "utf-8")
            target = f"{_HEADER}.fast.gch"
            flags = ("VM_PARALLEL_BUILDS=1", "OPT_FAST=-O0")
            tools.run(["make", "-f", "Vblank.mk", target, *flags], "obj")
        (obj / target).rename(obj / f"{_HEADER}.gch")
        return [obj / name for name in (_RUNTIME, _HEADER, f"{_HEADER}.gch")]

    digest = _digest(environment["VERILATOR_ROOT"], _HEADERS, *coverage_flags())
    return kept_build(f"bench-runtime-{digest}", make)


def _digest(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:24]
