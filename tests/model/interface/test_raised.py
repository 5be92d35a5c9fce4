"""Flags by name, of every kind of chip and for every word."""

import pytest

from dualspike.model.description.description import Description
from dualspike.model.description.load import describe, load_preset
from dualspike.model.interface.raised import RESTING, raised, told
from dualspike.model.interface.registers import register_map

NETWORK = {"layers": [2, 4, 2]}
CHIPS = {
    "learning": describe({"network": NETWORK}, "test"),
    "inferring": describe({"network": NETWORK, "learning": {"rule": "none"}}, "test"),
    "protected": describe({"network": NETWORK, "hardware": {"protection": "ecc"}}, "test"),
    "online": describe({"network": NETWORK, "learning": {"rule": "online"}}, "test"),
    "operator": load_preset("poisson"),
}


@pytest.mark.parametrize("d", CHIPS.values(), ids=CHIPS)
def test_every_bit_has_the_name_of_the_register_map(d: Description) -> None:
    (register,) = (one for one in register_map(d) if one.name == "FLAGS")
    for field in register.fields:
        assert raised(d, 1 << field.low) == [field.name]
    every = sum(1 << field.low for field in register.fields)
    assert sorted(raised(d, every)) == sorted(field.name for field in register.fields)
    assert raised(d, 0) == [] and told(d, 0) == ""
    assert raised(d, 1 << 31) == ["bit 31"]


def test_membranes_at_rest_are_said_to_be_no_fault() -> None:
    d = CHIPS["learning"]
    assert told(d, 0b0101) == f"Flags up: membrane, weight (FLAGS is 0x5); {RESTING}"
    assert told(d, 0b1010) == "Flags up: tangent, step (FLAGS is 0xa)"
