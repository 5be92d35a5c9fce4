"""A core in Icarus Verilog, which knows X: with X wherever nothing is offered, and at power-up.

The testbench that comes with every core (`hw.emit.testbench`) is changed here: whatever nobody
offers or asks is X, and no output that somebody relies on may be so. Of the core itself all that it
would be given at power-up is taken away, or made random; only tables that are never written stay.

X times 0 is X in Verilog, and 0 in hardware. Weights of places that pad a row, and inputs of frames
that no change belongs to, meet a 0; so X in all memories is for chips that have neither.
"""

import random
import re
from pathlib import Path

from dualspike.api.golden_vectors import golden_vectors
from dualspike.hw.emit.files import core_verilog
from dualspike.hw.emit.testbench import testbench_files
from dualspike.model.description.description import Description
from tests.icarus import run_testbench

# Those that are ports too; what has " [" behind its name is a memory.
_REGISTER = re.compile(
    r"^( *(?:output )?reg +(?:\[(\d+):0\] )?\w+)(?: = [^;,\s]+)?(?![^;,\s]| \[| = )", re.M
)
_MEMORY = re.compile(r"^  initial begin\n(?:    (\w+)\[\d+\] = \d+'h\w+;\n)+  end\n", re.M)
_WORD = re.compile(r"= (\d+)'h\w+;")
_SETTLED = 5
"""Clocks after which the reset is over."""


def power_up(verilog: str, rng: random.Random | None) -> str:
    """A core's Verilog with X in every register and memory; with ``rng`` something at random.

    That goes for registers at the outputs of memories too, which have no value of their own. Tables
    stay, which are never written.
    """

    def register(found: re.Match[str]) -> str:
        bits = int(found[2] or 0) + 1
        return f"{found[1]} = {bits}'h{rng.getrandbits(bits):x}" if rng else found[1]

    def memory(found: re.Match[str]) -> str:
        module = text[found.end() : text.index("endmodule", found.end())]
        if not re.search(rf"\b{found[1]}\[.*\] <= ", module):
            return found[0]
        return _WORD.sub(word, found[0]) if rng else ""

    def word(found: re.Match[str]) -> str:
        bits = int(found[1])
        return f"= {bits}'h{rng.getrandbits(bits) if rng else 0:x};"

    text = _REGISTER.sub(register, verilog)
    return _MEMORY.sub(memory, text)


def doubtful(testbench: str, *, reset_at: int | None = None) -> str:
    """The testbench with X wherever nothing is offered, and a watch on all that must be known.

    At clock ``reset_at`` a reset comes, and the host begins anew.
    """
    streams = re.findall(r"wire (\w+)_ready;", testbench)
    for old, new in [
        (r"\{(\d+)\{random\[\d+\]\}\}", r"{\1{1'bx}}"),
        (r"(\w+_payload) = 0;", r"\1;"),
        (r"(bus_address|bus_write_data) = 0;", r"\1;"),
        (r"bus_write = 0;", "bus_write;"),
        (
            r"bus_request <= 0;",
            "bus_request <= 0; bus_write <= 1'bx; bus_address <= 'bx; bus_write_data <= 'bx;",
        ),
    ]:
        testbench, count = re.subn(old, new, testbench)
        assert count, old
    known = ["busy", "irq", "bus_done", "results_valid", *(f"{one}_ready" for one in streams)]
    watch = f"""\
  always @(negedge clk) if (!rst && clock > {_SETTLED}) begin
    if ((^{{{", ".join(known)}}}) === 1'bx) begin
      $display("FAIL: clock %0d: X in %b ({", ".join(known)})", clock, {{{", ".join(known)}}});
      $fatal(1);
    end
    if (results_valid && (^results_payload) === 1'bx) begin
      $display("FAIL: clock %0d: X in results", clock);
      $fatal(1);
    end
  end
endmodule
"""
    testbench = testbench.replace("endmodule\n", watch)
    return testbench if reset_at is None else _reset(testbench, reset_at, streams)


def short(testbench: str) -> str:
    """The testbench with a reset of a single clock."""
    for old, new in [("rst <= clock < 3;", "rst <= clock < 1;"), ("(clock > 4)", "(clock > 2)")]:
        assert testbench.count(old) == 1
        testbench = testbench.replace(old, new)
    return testbench


def _reset(testbench: str, clock: int, streams: list[str]) -> str:
    """One clock of reset; whatever was under way is forgotten."""
    again = "".join(f" {one}_valid <= 0; {one}_at = 0; {one}_until = 0;" for one in streams)
    wanted = f"""\
    if (clock >= {clock} && clock < {clock} + {_SETTLED}) begin
      rst <= clock == {clock};
      bus_request <= 0; results_ready <= 0;
      at = 0; taken = 0; asked = 0; reads = 0; idle = 0;{again}
    end
    if (idle > PATIENCE)"""
    assert testbench.count("    if (idle > PATIENCE)") == 1
    return testbench.replace("    if (idle > PATIENCE)", wanted)


def written(d: Description, folder: Path) -> tuple[str, str]:
    """A core's Verilog and its testbench; the vectors are in ``folder``."""
    files = testbench_files(d, golden_vectors(d, baked=False))
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8")
    return core_verilog(d), files[f"{d.name}_tb.v"]


def simulated(verilog: str, testbench: str, folder: Path) -> str:
    """The line that Icarus Verilog prints: PASS with counts, or FAIL with the reason."""
    (folder / "core.v").write_text(verilog, "utf-8")
    (folder / "core_tb.v").write_text(testbench, "utf-8")
    return run_testbench(folder, "core").line


def clocks_of(line: str) -> int:
    """How long a run took that passed."""
    found = re.search(r"(\d+) clocks$", line)
    assert found, line
    return int(found[1])
