"""Coverage of simulated hardware, recorded when $DUALSPIKE_COVERAGE names a folder, else not."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from dualspike.testbench.coverage.machines import Machine, save

FOLDER = "DUALSPIKE_COVERAGE"
FLAGS = ("--coverage-line", "--coverage-toggle", "--coverage-user")
DESIGN = "design.v"


def recording() -> Path | None:
    """Where coverage is recorded; None if it is not, as is usual."""
    folder = os.environ.get(FOLDER)
    return Path(folder) if folder else None


def coverage_flags() -> tuple[str, ...]:
    """What Verilator needs to count."""
    return FLAGS if recording() else ()


def keep(
    component: str, shape: str, verilog: str, data: Path, machines: Sequence[Machine] = ()
) -> None:
    """Keep the counts of one run, the Verilog that they are about, and its state machines.

    Both go to ``<folder>/<component>/<shape>.<hash of the Verilog>``, the counts under a new name.
    """
    folder = recording()
    if folder is None:
        return
    design = folder / component / f"{shape}.{hashlib.sha256(verilog.encode()).hexdigest()[:8]}"
    design.mkdir(parents=True, exist_ok=True)
    (design / DESIGN).write_text(verilog, "utf-8")
    save(machines, design)
    number, run = tempfile.mkstemp(suffix=".dat", prefix="run-", dir=design)
    os.close(number)
    shutil.copyfile(data, run)
