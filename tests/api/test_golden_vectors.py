"""The testbench of a core in Icarus: passes, with weights inside or loaded, and finds faults."""

import math
import re
from pathlib import Path
from typing import Any

import pytest

from dualspike.api.chip import Chip
from dualspike.boards.host.driver import HostProtocol
from dualspike.hw.emit.files import top_name
from dualspike.model.description.description import Description
from dualspike.model.description.load import describe
from tests.icarus import run_testbench

KINDS: dict[str, dict[str, Any]] = {
    "infers, ecc, folded": {
        "network": {"layers": [3, 5, 2], "time_steps": 3},
        "learning": {"rule": "none"},
        "hardware": {"pe": [2, 1], "simd": [2, 2], "protection": "ecc"},
    },
    "momentum, parity": {
        "network": {"layers": [2, 3, 1], "time_steps": 3},
        "learning": {"batch": 3, "momentum": 2, "structure": "factored"},
        "hardware": {"protection": "parity"},
    },
    "online, events": {
        "network": {"layers": [5, 4, 2], "time_steps": 2, "coding": "frames", "leak": 0.5},
        "learning": {"rule": "online", "feedback": "forward", "loss": "margin", "batch": 3},
        "hardware": {"pe": [2, 1], "simd": [2, 1]},
    },
    "online, matrices": {
        "network": {"layers": [4, 5, 3], "time_steps": 2, "leak": 0.5},
        "learning": {"rule": "online", "feedback": "kolen-pollack", "batch": 2},
    },
    "operator": {
        "operator": {
            "kind": "deeponet",
            "parts": [
                {"layers": [2, 3, 2], "time_steps": 2},
                {"layers": [1, 3, 2], "time_steps": 2},
            ],
        },
        "learning": {"batch": [2, 3]},
    },
}

WRAPS = {"online, events": "axi_events", "online, matrices": "wishbone", "operator": "axi"}
"""Those of some kinds; others have none."""


def core(kind: str, folder: Path, *, baked: bool) -> tuple[Description, str]:
    """What it is, and its top module."""
    d, wrap = describe({"name": "tiny", **KINDS[kind]}, "test"), WRAPS.get(kind)
    Chip(d).generate(folder, wrap, baked=baked)
    return d, top_name(d, wrap)


@pytest.mark.parametrize("kind", KINDS)
def test_a_core_with_its_weights_inside_passes(kind: str, tmp_path: Path) -> None:
    """What is wrong in a code word raises a flag, which is read."""
    d, top = core(kind, tmp_path, baked=True)
    load = HostProtocol.of(d).address["WEIGHT_DATA"]
    steps = [int(line, 16) for line in (tmp_path / f"{top}_tb_steps.mem").read_text().split()]
    assert (1 << 16 | load) not in [step >> 32 for step in steps], "no weight is written"
    outputs = math.prod([1, *d.batch[1:]]) if d.kind != "mlp" else 16 * d.basis
    ran = run_testbench(tmp_path, top)
    assert (ran.status, ran.line.startswith(f"PASS {outputs} outputs, ")) == (0, True), ran


def test_weights_are_loaded_where_they_are_not_inside_and_faults_are_found(tmp_path: Path) -> None:
    core("momentum, parity", tmp_path, baked=False)
    ran = run_testbench(tmp_path, "tiny")
    assert (ran.status, ran.line.startswith("PASS 16 outputs, ")) == (0, True), ran

    verilog = (tmp_path / "tiny.v").read_text()
    for good, bad, told in [
        ("assign results_payload = ", "assign results_payload = ~", r"sample 0, output 0, clock "),
        ("assign irq = ", "assign irq = ~", r"irq, step \d+, clock \d+: expected 0, got 1"),
        (".bus__done(bus_done)", ".bus__done()", r"clock \d+, step 0: nothing has moved for"),
    ]:
        assert verilog.count(good) == 1
        (tmp_path / "wrong.v").write_text(verilog.replace(good, bad))
        ran = run_testbench(tmp_path, "tiny", "wrong.v")
        assert ran.status != 0 and re.match(f"FAIL: {told}", ran.line), ran

    lines = (tmp_path / "tiny_tb_steps.mem").read_text().splitlines()
    last = next(n for n, line in reversed(list(enumerate(lines))) if line.startswith("2"))
    lines[last] = f"{int(lines[last], 16) ^ 1:013x}"
    (tmp_path / "tiny_tb_steps.mem").write_text("\n".join(lines))
    assert re.match(rf"FAIL: register \d+, step {last}, ", run_testbench(tmp_path, "tiny").line)
    (tmp_path / "tiny_tb_steps.mem").unlink()
    ran = run_testbench(tmp_path, "tiny")
    assert ran.status and "FAIL: tiny_tb_steps.mem is not here" in ran.line


def test_what_is_wrong_in_a_wrap_is_found(tmp_path: Path) -> None:
    """TLAST, bits above a result that are not its sign, a bus that refuses."""
    net = {"network": {"layers": [1, 1, 2], "time_steps": 1}, "learning": {"rule": "none"}}
    Chip(describe({"name": "tiny", **net}, "test")).generate(tmp_path, "axi", baked=True)
    verilog = (tmp_path / "tiny_axi.v").read_text()
    for good, bad, told in [
        (r"\{m_axis_results_tlast, ", "{nowhere, ", "sample 0, output 0, "),
        (r"(assign m_axis_results_tdata\[\d+:\d+\] = )", r"\1~", "sample 0, output 0, "),
        (r"\.axi__rresp\(s_axi_rresp\)", ".axi__rresp()", "register 0, step 0, "),
    ]:
        wrong, count = re.subn(good, bad, verilog)
        assert count == 1
        (tmp_path / "wrong.v").write_text(wrong)
        ran = run_testbench(tmp_path, "tiny_axi", "wrong.v")
        assert ran.status != 0 and ran.line.startswith(f"FAIL: {told}"), ran
