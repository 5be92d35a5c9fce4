"""Many mutants of a component in one: Yosys chooses them, an input says which one is there.

A mutant is a line of ``mutate -list`` of Yosys: a bit of a port of a cell that is inverted, held,
or inverted where another wire is. One Verilator build so serves all mutants of a component.
"""

import re
from pathlib import Path

from dualspike.boards.flow.tools import YOSYS, run

SELECT = "mutant"
"""Input of the component: the number of its mutant, from 1 on."""
_BITS = 12
NONE, AGAIN = 0, (1 << _BITS) - 1
"""Numbers of no mutant: before all others, and after them."""
_READ = """read_verilog whole.v
hierarchy -top {top}
proc
opt_clean
memory_collect
"""


def plant(
    verilog: str, top: str, count: int, folder: Path, module: str = ""
) -> tuple[list[str], str]:
    """Up to ``count`` mutants of ``top``, always the same, and its Verilog with all of them.

    They are in all of it, or in one ``module`` of it.
    """
    (folder / "whole.v").write_text(verilog, "utf-8")
    read = _READ.format(top=top)
    where = f"-module {module} " if module else ""
    chosen = f"mutate -list {count} -seed 1 {where}-o list.txt"
    _yosys(f"{read}write_rtlil plain.il\n{chosen}\n", folder)
    lines = (folder / "list.txt").read_text("utf-8").splitlines()
    # Yosys cannot write a memory whose clock or enable of a read port is no longer what it was.
    lines = [line for line in lines if not re.search(r" -port (RD|WR)_\w+ ", line)]
    mutants = [re.sub(r" -src \S+", "", line) for line in lines]
    if not mutants:
        return [], verilog
    planted = [
        line.replace("mutate ", f"mutate -ctrl {SELECT} {_BITS} {n} ", 1)
        for n, line in enumerate(mutants, 1)
    ]
    script = ["read_rtlil plain.il", *planted, "opt_clean", "write_verilog -noattr mutants.v"]
    _yosys("\n".join(script), folder)
    return mutants, (folder / "mutants.v").read_text("utf-8")


def _yosys(script: str, folder: Path) -> None:
    (folder / "script.ys").write_text(script + "\n", "utf-8")
    run(YOSYS, ["-q", "-s", "script.ys"], folder)
