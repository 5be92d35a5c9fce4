"""Many mutants of a component in one: Yosys chooses them, an input says which one is there.

A mutant is a line of ``mutate -list`` of Yosys: a bit of a port of a cell that is inverted, held,
or inverted where another wire is. One Verilator build so serves all mutants of a component.
"""

import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from dualspike.boards.flow.tools import YOSYS, run

SELECT = "mutant"
"""Input of the component: the number of its mutant, from 1 on."""
_BITS = 12
NONE, AGAIN = 0, (1 << _BITS) - 1
"""Numbers of no mutant: before all others, and after them."""
_SECONDS = 60
_READ = """read_verilog whole.v
hierarchy -top {top}
proc
opt_clean
memory_collect
"""
# What is proved is flat, with memories as registers; the same names on both sides.
_PREPARE = "flatten; memory_map; opt -purge"
_HARMLESS = """read_rtlil plain.il
{mutant}
hierarchy -top {top}
{prepare}
rename {top} gate
design -stash gate
read_rtlil plain.il
hierarchy -top {top}
{prepare}
rename {top} gold
design -copy-from gate -as gate gate
equiv_make gold gate both
hierarchy -top both
clean -purge
equiv_simple -undef
equiv_induct -undef -seq 3
equiv_status -assert
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


def harmless(mutant: str, top: str, folder: Path) -> bool:
    """Whether Yosys proves that a mutant is equal to what ``folder`` has.

    A minute for the module that it is in, which is enough, and one for all of ``top``.
    """
    module = re.search(r" -module (\S+)", mutant)
    for whole in dict.fromkeys((module[1] if module else top, top)):
        with suppress(RuntimeError, TimeoutError), _ends_in(_SECONDS):
            _yosys(_HARMLESS.format(mutant=mutant, top=whole, prepare=_PREPARE), folder)
            return True
    return False


@contextmanager
def _ends_in(seconds: int) -> Iterator[None]:
    """TimeoutError in the main thread after so many seconds."""

    def end(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, end)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _yosys(script: str, folder: Path) -> None:
    (folder / "script.ys").write_text(script + "\n", "utf-8")
    run(YOSYS, ["-q", "-s", "script.ys"], folder)
