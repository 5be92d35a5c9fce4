"""The register map as tables for people."""

from dualspike.model.interface.register import BITS, Field, Register

_EFFECTS = {
    "": "",
    "next": "moves to the next word",
    "rewind": "goes to the first word",
    "clear": "clears, whatever is written",
    "ones": "clears the bits in which a 1 is written",
    "command": "is a command",
}


def register_table(registers: list[Register]) -> str:
    """One row for every register."""
    lines = ["| number | offset | name | access | meaning |", "|---|---|---|---|---|"]
    lines += [
        f"| {r.address} | 0x{r.offset:02x} | `{r.name}` | {r.access} | {r.meaning} |"
        for r in registers
    ]
    return "\n".join(lines) + "\n"


def field_table(registers: list[Register]) -> str:
    """One row for every field, with reset values, names of numbers, and side effects."""
    lines = ["| register | bits | field | after reset | notes |", "|---|---|---|---|---|"]
    for register in registers:
        for field in register.fields:
            bits = f"{field.low + field.bits - 1}:{field.low}" if field.bits > 1 else field.low
            lines.append(
                f"| `{register.name}` | {bits} | {field.name} | {_reset(register, field)}"
                f" | {_notes(register, field)} |"
            )
    return "\n".join(lines) + "\n"


def markdown(name: str, registers: list[Register]) -> str:
    """The whole document for the core ``name``."""
    return f"""\
# Registers of {name}

All registers have {BITS} bits. The number is the address at the core's own bus, the offset that in
a byte-addressed map. Bits without a field read 0 and ignore writes.

{register_table(registers)}
## Fields

{field_table(registers)}"""


def _reset(register: Register, field: Field) -> str:
    if register.reset is None:
        return "not known"
    return hex(register.reset >> field.low & (1 << field.bits) - 1)


def _notes(register: Register, field: Field) -> str:
    notes = [field.meaning] if field.meaning else []
    if field.values:
        notes.append(", ".join(f"{int(v)} {v.name.lower()}" for v in field.values))
    if register.on_read:
        notes.append(f"reading {_EFFECTS[register.on_read]}")
    if register.on_write:
        notes.append(f"writing {_EFFECTS[register.on_write]}")
    return "; ".join(notes)
