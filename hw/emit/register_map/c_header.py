"""The register map as a C header: offsets, masks and names of numbers."""

from dualspike.model.interface.register import BITS, Field, Register


def c_header(name: str, registers: list[Register]) -> str:
    """C99 of the map of the core ``name``, which comes in capitals before every macro.

    For every register R: ``R_OFFSET`` in bytes, and ``R_RESET`` where its value after reset is
    known. For every field F that is not the whole register: ``R_F_SHIFT`` and ``R_F_MASK`` (in
    place). Numbers with names become an enum.
    """
    prefix = name.upper()
    lines = [f"/* Registers of {name}: offsets in bytes from its base address. */"]
    lines += [f"#ifndef {prefix}_REGISTERS_H", f"#define {prefix}_REGISTERS_H"]
    for register in registers:
        own = f"{prefix}_{register.name}"
        lines += ["", f"/* {register.name} ({register.access}): {register.meaning} */"]
        lines.append(f"#define {own}_OFFSET 0x{register.offset:x}u")
        if register.reset is not None:
            lines.append(f"#define {own}_RESET 0x{register.reset:x}u")
        for field in register.fields:
            lines += _field(name, own, register, field)
    return "\n".join([*lines, "", "#endif"]) + "\n"


def _field(name: str, own: str, register: Register, field: Field) -> list[str]:
    lines: list[str] = []
    named = f"{own}_{field.name.upper()}"
    if field.bits < BITS:
        lines.append(f"#define {named}_SHIFT {field.low}u")
        lines.append(f"#define {named}_MASK 0x{(1 << field.bits) - 1 << field.low:x}u")
    if field.values:
        values = ", ".join(f"{named}_{v.name} = {int(v)}" for v in field.values)
        lines.append(f"enum {name}_{register.name.lower()}_{field.name} {{ {values} }};")
    return lines
