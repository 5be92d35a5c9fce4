"""A chip without copies of registers is still where nothing is on its way, and a simulator idle."""

import re

from dualspike.hw.emit.generate import to_verilog
from dualspike.hw.layer.dense import Dense
from dualspike.model.description.load import load_preset, revised
from dualspike.model.sizes.geometry import geometry

SHORT = 2
"""Bits of a register that may work in every clock: flags and the ways of pulses."""
AWAKE = {
    "word": "drawn words on their way to the signs",
    "forth": "the step",
    "back": "its negative",
    "given_word": "what the host writes",
    "read_row": "the row that is read",
    "read_row_18_0": "and the one that is read in the next clock",
    "read_18_bank_0": "the bank that the host reads, on its way",
    "read_18_bank_1": "a clock later",
    "read_18_part_0_2": "and another one, for the choice among parts",
    "place_0": "the row that is written",
    "product_0": "in a multiplier, which has no enable",
}
"""What a layer has besides, whatever its size: none of it is there for each neuron."""


def _layer(clock: float | None) -> str:
    """The middle layer of the preset hat, 16 neurons at a time."""
    d = revised(load_preset("hat"), "hardware", clock=clock)
    part = d.parts[0]
    sizes = geometry(part)
    return to_verilog(Dense(part, sizes, sizes.layers[1]), "dense")


def _awake(verilog: str) -> set[str]:
    """Registers of more than `SHORT` bits with a new value in every clock."""
    found = re.findall(r"^  (?:output )?reg \[(\d+):0\] (\w+) +=", verilog, re.MULTILINE)
    wide = {name for top, name in found if int(top) >= SHORT}
    always = re.findall(r"^  always @\(posedge clk\)\n    (\w+) +<= ", verilog, re.MULTILINE)
    # Of equal names all but one have a number after them.
    return {re.sub(r"_\d\d+$", "", name) for name in wide & set(always)}


def test_a_slow_chip_has_no_copies_and_its_registers_take_only_what_is_valid() -> None:
    verilog = _layer(None)
    assert "_copy_" not in verilog
    assert _awake(verilog) == set(AWAKE)


def test_a_fast_chip_has_both_or_the_test_above_could_not_fail() -> None:
    verilog = _layer(100.0)
    assert "_copy_" in verilog
    assert {"moved_0", "value_0_0", "rounded_sum_0"} < _awake(verilog)
