import json
from enum import IntEnum

from dualspike.hw.emit.register_map.json import register_json
from dualspike.model.description.load import describe
from dualspike.model.interface.register import Command, Field, Register
from dualspike.model.interface.registers import register_map


def test_the_map_can_be_made_again_from_its_json() -> None:
    registers = register_map(describe({"network": {"layers": [2, 3, 1]}}, "test"))
    table = json.loads(register_json("tiny", registers))
    assert (table["name"], table["bits"]) == ("tiny", 32)
    enums: dict[tuple[str, ...], type[IntEnum]] = {("stop", "infer", "learn"): Command}
    found: list[Register] = []
    for entry in table["registers"]:
        assert entry.pop("offset") == 4 * entry["address"]
        fields: list[Field] = []
        for field in entry.pop("fields"):
            values = field.pop("values", None)
            known = enums[tuple(values)] if values else None
            assert not known or list(values.values()) == [int(value) for value in known]
            fields.append(Field(**field, values=known))
        found.append(Register(**entry, fields=tuple(fields)))
    assert found == registers
