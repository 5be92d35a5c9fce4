"""The register map as plain data and as JSON."""

import json
from typing import Any

from dualspike.model.interface.register import Field, Register


def plain(registers: list[Register]) -> list[dict[str, Any]]:
    """One dictionary for every register, in the order of their addresses."""
    return [_register(register) for register in registers]


def register_json(name: str, registers: list[Register]) -> str:
    """JSON of the map of the core ``name``."""
    return json.dumps({"name": name, "bits": 32, "registers": plain(registers)}, indent=2) + "\n"


def _register(register: Register) -> dict[str, Any]:
    return {
        "name": register.name,
        "address": register.address,
        "offset": register.offset,
        "access": register.access,
        "reset": register.reset,
        "live": register.live,
        "on_read": register.on_read,
        "on_write": register.on_write,
        "meaning": register.meaning,
        "fields": [_field(field) for field in register.fields],
    }


def _field(field: Field) -> dict[str, Any]:
    result: dict[str, Any] = {"name": field.name, "low": field.low, "bits": field.bits}
    if field.meaning:
        result["meaning"] = field.meaning
    if field.values:
        result["values"] = {value.name.lower(): int(value) for value in field.values}
    return result
