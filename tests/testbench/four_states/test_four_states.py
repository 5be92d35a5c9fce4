"""In Icarus Verilog, with X at inputs and anything inside: what comes out is known, and right."""

import random
import re
from pathlib import Path
from typing import Any

import pytest

from dualspike.hw.emit.files import core_verilog
from dualspike.model.description.description import Description
from dualspike.model.description.load import describe
from tests.testbench.four_states.power_up import (
    clocks_of,
    doubtful,
    power_up,
    short,
    simulated,
    written,
)
from tests.testbench.random.pairs import Draw, covering, drawn

NETWORK = {"layers": [4, 6, 2], "time_steps": 3, "leak": 0.75}
CHIPS: dict[str, dict[str, Any]] = {
    "perceptron": {
        "network": NETWORK,
        "learning": {"batch": 3, "momentum": 2, "rounding": "stochastic"},
        "hardware": {"pe": [2, 2], "simd": [2, 2], "clock": 100},
    },
    "online": {
        "network": NETWORK | {"coding": "frames"},
        "learning": {"rule": "online", "batch": 3, "feedback": "forward-dfa"},
        "hardware": {"pe": [2, 1]},
    },
    "operator": {
        "operator": {
            "kind": "deeponet",
            "parts": [
                {"layers": [2, 3, 2], "time_steps": 2},
                {"layers": [1, 3, 2], "time_steps": 3},
            ],
        },
        "learning": {"batch": [2, 3], "floor": 0.5},
    },
}


def chip(name: str) -> Description:
    return describe({"name": name, **CHIPS[name]}, "test")


@pytest.mark.parametrize("name", CHIPS)
def test_any_idle_input_any_power_up_and_a_reset_in_mid_batch(name: str, tmp_path: Path) -> None:
    is_known_and_right(chip(name), tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("draw", covering(), ids=lambda draw: f"{draw[0]}-{draw[1]}")
def test_chips_with_every_pair_of_choices(draw: Draw, tmp_path: Path) -> None:
    is_known_and_right(drawn(draw), tmp_path)


def is_known_and_right(d: Description, folder: Path) -> None:
    """X at idle inputs, also after a reset in the batch; a power-up at random, and a clock's reset.

    But for protected memories: a word that nobody has written counts as an upset.
    """
    verilog, testbench = written(d, folder)
    first = simulated(verilog, doubtful(testbench), folder)
    assert first.startswith("PASS"), first
    whole = clocks_of(first)
    late = simulated(verilog, doubtful(testbench, reset_at=whole * 9 // 10), folder)
    assert late.startswith("PASS"), late
    assert clocks_of(late) > whole * 17 // 10
    if d.hardware.protection == "none":
        core = power_up(verilog, random.Random(d.learning.seed))
        assert simulated(core, short(testbench), folder).startswith("PASS")


@pytest.mark.parametrize("name", CHIPS)
def test_no_register_keeps_the_value_that_it_has_at_power_up(name: str) -> None:
    """Neither inside a module nor at its ports; memories have none of their own."""
    verilog = core_verilog(chip(name))
    for kind in ("reg", "output reg"):
        assert re.search(rf"^ *{kind} .*\w = ", verilog, re.M)
    assert not re.search(r"\breg .*\w = ", power_up(verilog, None))
    told = re.findall(r"^ *(?:output )?reg .*", power_up(verilog, random.Random(1)), re.M)
    plain = [line for line in told if not re.search(r"\w = \d+'h\w+[;,]?( |$)", line)]
    assert all(re.search(r"\w \[\d+:0\];", line) for line in plain)


def test_registers_and_memories_may_be_x_at_power_up(tmp_path: Path) -> None:
    d = chip("perceptron")
    verilog, testbench = written(d, tmp_path)
    unknown = power_up(verilog, None)
    assert simulated(unknown, doubtful(testbench), tmp_path).startswith("PASS")
    # And the X are there: without a reset they come out.
    wrong = doubtful(testbench).replace(".rst(rst)", ".rst(1'b0)")
    assert "X in " in simulated(unknown, wrong, tmp_path)


def test_words_that_nobody_has_written_are_upsets_of_protected_memories(tmp_path: Path) -> None:
    """So such memories are 0 at power-up, as a bitstream has them."""
    tables = {"name": "padded", **CHIPS["perceptron"], "network": NETWORK | {"layers": [3, 5, 2]}}
    tables["hardware"] = CHIPS["perceptron"]["hardware"] | {"protection": "parity"}
    verilog, testbench = written(describe(tables, "test"), tmp_path)
    found = simulated(power_up(verilog, random.Random(1)), doubtful(testbench), tmp_path)
    assert found.startswith("FAIL: register")
