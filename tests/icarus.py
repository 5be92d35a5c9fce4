"""Icarus Verilog on the testbench that comes with a core."""

import subprocess
from pathlib import Path
from typing import NamedTuple


class Ran(NamedTuple):
    """How a testbench ended, and its line with PASS or FAIL."""

    status: int
    line: str


def run_testbench(folder: Path, name: str, core: str | None = None) -> Ran:
    """``NAME_tb.v`` with NAME.v, or the file ``core``, as the head of the testbench says."""
    compile_ = ["iverilog", "-g2012", "-o", f"{name}_tb.vvp", core or f"{name}.v", f"{name}_tb.v"]
    subprocess.run(compile_, cwd=folder, check=True, timeout=300)
    done = subprocess.run(
        ["vvp", "-n", f"{name}_tb.vvp"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    (line,) = (line for line in done.stdout.splitlines() if line.startswith(("PASS", "FAIL")))
    return Ran(done.returncode, line)
