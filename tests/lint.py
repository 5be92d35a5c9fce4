"""Verilator's opinion of generated files."""

import subprocess
from pathlib import Path

from dualspike.testbench.cosim.verilate import tool_environment, verilator_home


def lint(folder: Path, *files: str) -> list[str]:
    """The rules that Verilator names at -Wall."""
    done = subprocess.run(
        [str(verilator_home() / "bin" / "verilator"), "--lint-only", "-Wall", *files],
        cwd=folder,
        env=tool_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    lines = [line for line in done.stderr.splitlines() if line.startswith("%Warning-")]
    assert bool(lines) == bool(done.stderr) == (done.returncode != 0), done.stderr
    return [line.split(":")[0].removeprefix("%Warning-") for line in lines]
