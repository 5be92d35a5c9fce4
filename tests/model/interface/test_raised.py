"""Flags by name, of every kind of chip and for every word."""

import pytest

from dualspike.model.description.description import Description
from dualspike.model.description.load import describe, load_preset
from dualspike.model.interface.raised import raised, told
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
    *alarms, floor = register.fields
    for field in alarms:
        assert raised(d, 1 << field.low) == [field.name]
    every = sum(1 << field.low for field in register.fields)
    assert sorted(raised(d, every)) == sorted(field.name for field in alarms)
    assert raised(d, 0) == [] and told(d, 0) == ""
    assert (floor.name, floor.low) == ("floor", 31)
    assert raised(d, 1 << 30) == ["bit 30"]


def test_membranes_at_rest_are_no_alarm() -> None:
    d = CHIPS["learning"]
    assert told(d, 0x80000000) == "" and raised(d, 0x80000000) == []
    assert told(d, 0b0101) == "Flags up: membrane, weight (FLAGS is 0x5)"
    assert told(d, 0x8000000A) == "Flags up: tangent, step (FLAGS is 0x8000000a)"
