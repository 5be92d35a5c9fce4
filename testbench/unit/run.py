"""Running cocotb benches: one component, built by Verilator, driven from Python inside it."""

import hashlib
import json
import os
import re
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch
from xml.etree import ElementTree

from amaranth.lib import wiring
from cocotb._decorators import TestGenerator  # what `cocotb.test` makes; the version is fixed
from cocotb_tools import config
from cocotb_tools.runner import get_runner

from dualspike.hw.emit.generate import plain_verilog, to_verilog
from dualspike.model.system.builds import kept_build
from dualspike.testbench.cosim.verilate import Tools, tool_environment
from dualspike.testbench.coverage.machines import Watched
from dualspike.testbench.coverage.recording import coverage_flags, keep, recording

CASE = "DUALSPIKE_BENCH"

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
_MAIN = config.share_dir / "lib" / "verilator" / "verilator.cpp"
_RUNTIME = "libverilated.a"
_HEADER = "headers.h"
_HEADERS = "".join(
    f"#include <{name}>\n"
    for name in ("memory", "verilated.h", "verilated_syms.h", "verilated_vpi.h")
)
_BLANK = "module blank (input clk, output reg q); always @(posedge clk) q <= !q; endmodule\n"
_LOG_LINES = 40


def run_bench(bench: ModuleType, *, quick: bool = False, **given: Any) -> None:
    """Run every cocotb test of ``bench`` on its component, which is built from ``given``.

    A bench is a module with ``component(**given)``, the name ``TOP`` of the top module that this
    becomes, a list ``CASES`` of what may be given, and cocotb tests, which find ``given`` with
    `parameters`. ``quick`` compiles without optimisation: worth it for benches of less than some
    100,000 cycles.
    Raises AssertionError with cocotb's messages if a test failed, and if one did not run.
    """
    name, tests = bench.__name__, _tests(bench)
    watched: Any = Watched(bench.component(**given)) if recording() else None
    if watched:
        verilog = watched.with_points(plain_verilog(watched, bench.TOP))
    else:
        verilog = to_verilog(bench.component(**given), bench.TOP)
    environment = tool_environment()
    program = build_bench(verilog, bench.TOP, environment, "-O0" if quick else "-O2")
    with tempfile.TemporaryDirectory(prefix="dualspike-") as folder:
        work = Path(folder)
        simulate(program, name, {"bench": name, "given": given}, work, environment)
        _check(name, tests, work)
        if watched:
            data = work / "coverage.dat"
            keep(bench.TOP, case_name(given), verilog, data, watched.machines)


def simulate(
    program: Path, tests: str, case: Mapping[str, Any], work: Path, environment: dict[str, str]
) -> None:
    """Run the cocotb tests of module ``tests`` in what `build_bench` gave, with ``case``.

    Results, and the log, are in ``work``. AssertionError if it breaks off.
    """
    (work / "case.json").write_text(json.dumps(case), "utf-8")
    environment[CASE] = str(work / "case.json")
    with _acting(environment):
        try:
            get_runner("verilator").test(
                test_module=tests,
                hdl_toplevel=program.name,
                hdl_toplevel_lang="verilog",
                build_dir=program.parent,
                test_dir=work,
                results_xml=str(work / "results.xml"),
                log_file=work / "log.txt",
            )
        except (RuntimeError, SystemExit) as error:
            raise AssertionError(f"{tests} broke off: {error}\n{_end(work)}") from error


def case_name(given: Mapping[str, object]) -> str:
    """What tells one case of a bench from the others: its values side by side."""
    values = re.sub(r"[^A-Za-z0-9]+", "-", "-".join(map(str, given.values())))
    return values.strip("-")[:60] or "only"


def parameters() -> dict[str, Any]:
    """Inside a bench: the parameters that `run_bench` was given."""
    return _case()["given"]


def component() -> wiring.Component:
    """Inside a bench: its component, built once more for the shapes of its ports."""
    case = _case()
    return bench_of(case).component(**case["given"])


def bench_of(case: Mapping[str, Any]) -> ModuleType:
    """Inside a simulator: the bench that a case names."""
    return import_module(case["bench"])


def _case() -> dict[str, Any]:
    return json.loads(Path(os.environ[CASE]).read_text("utf-8"))


def _tests(bench: ModuleType) -> Counter[str]:
    """Names of all that cocotb finds to run in a module; AssertionError if that is nothing."""
    generators = [one for one in vars(bench).values() if isinstance(one, TestGenerator)]
    names = Counter(test.name for one in generators for test in one.generate_tests())
    if not names:
        raise AssertionError(f"{bench.__name__} has no test")
    return names


def _check(name: str, tests: Counter[str], work: Path) -> None:
    """AssertionError unless the results of bench ``name`` say that each of ``tests`` passed."""
    results = work / "results.xml"
    if not results.exists():
        raise AssertionError(f"{name} left no results\n{_end(work)}")
    passed: list[str] = []
    messages: list[str] = []
    for case in ElementTree.parse(results).getroot().iter("testcase"):
        troubles = [*case.findall("failure"), *case.findall("error")]
        for trouble in troubles:
            said = trouble.get("error_msg") or trouble.get("message") or trouble.text or ""
            messages.append(f"{case.get('name')}: {said}")
        if not troubles and case.find("skipped") is None:
            passed.append(case.get("name", ""))
    if messages:
        raise AssertionError("\n".join([f"{name} failed", *messages, _end(work)]))
    if left := tests - Counter(passed):
        raise AssertionError(f"{name} did not run {', '.join(left)}\n{_end(work)}")


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


def build_bench(verilog: str, name: str, environment: dict[str, str], level: str) -> Path:
    """The simulator of one component; compiled once, then found again by its hash."""
    control = _CONTROL.format(name=name)
    flags = _MAKE.format(level=level)
    # Cover points of state machines count where assertions do.
    plain = (one for one in _BUILD if not (recording() and one == "--no-assert"))
    options = (*plain, *coverage_flags())
    recipe = (verilog, control, options, flags, environment["VERILATOR_ROOT"], version("cocotb"))
    quick = level == "-O0"
    if quick:
        flags += " VM_USER_CLASSES="

    def make(work: Path) -> list[Path]:
        runtime, more = _runtime(environment), list[str]()
        if quick:
            # In one piece with cocotb's main program: to read the headers takes most of the time.
            more = ["-CFLAGS", f"-include {runtime / _HEADER} -include {_MAIN}"]
        (work / f"{name}.v").write_text(verilog, "utf-8")
        (work / f"{name}.vlt").write_text(control, "utf-8")
        set_up = {"MAKEFLAGS": f"{environment.get('MAKEFLAGS', '')} {flags}", "TMPDIR": str(work)}
        with _acting({**environment, **set_up}):
            try:
                get_runner("verilator").build(
                    sources=[work / f"{name}.vlt", work / f"{name}.v"],
                    hdl_toplevel=name,
                    build_args=[*options, *more, str(runtime / _RUNTIME)],
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

    root, release = environment["VERILATOR_ROOT"], version("verilator")
    digest = _digest(root, release, _HEADERS, *coverage_flags())
    return kept_build(f"bench-runtime-{digest}", make)


def _digest(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:24]
