"""The register map in SystemRDL 2.0 (Accellera)."""

from dualspike.model.interface.register import BITS, Field, Register

# A side effect that SystemRDL has no word for is the "user"'s, and its register "external".
_ON_WRITE = {
    "clear": "wclr",
    "ones": "woclr",
    "next": "wuser",
    "rewind": "wuser",
    "command": "wuser",
}
_ON_READ = {"next": "ruser"}


def systemrdl(name: str, registers: list[Register]) -> str:
    """An address map ``<name>_registers`` with every register at its byte offset."""
    lines = [
        f"addrmap {name}_registers {{",
        f'    name = "registers of {name}";',
        f"    default regwidth = {BITS};",
        f"    default accesswidth = {BITS};",
    ]
    for register in registers:
        kind = "external reg" if _is_external(register) else "reg"
        lines += ["", *(line for field in register.fields for line in _enum(register, field))]
        lines += [f"    {kind} {{", f'        desc = "{register.meaning}";']
        lines += [_field(register, field) for field in register.fields]
        lines.append(f"    }} {register.name} @ 0x{register.offset:x};")
    return "\n".join([*lines, "};"]) + "\n"


def _enum(register: Register, field: Field) -> list[str]:
    if not field.values:
        return []
    values = [f"        {v.name.lower()} = {field.bits}'d{int(v)};" for v in field.values]
    return [f"    enum {_enum_name(register, field)} {{", *values, "    };"]


def _enum_name(register: Register, field: Field) -> str:
    return f"{register.name.lower()}_{field.name}"


def _field(register: Register, field: Field) -> str:
    properties = {"sw": register.access, "hw": _hardware(register)}
    if register.reset is not None:
        value = register.reset >> field.low & (1 << field.bits) - 1
        properties["reset"] = f"{field.bits}'h{value:x}"
    if field.meaning:
        properties["desc"] = f'"{field.meaning}"'
    if field.values:
        properties["encode"] = _enum_name(register, field)
    if register.on_read:
        properties["onread"] = _ON_READ[register.on_read]
    if register.on_write:
        properties["onwrite"] = _ON_WRITE[register.on_write]
    text = " ".join(f"{key} = {value};" for key, value in properties.items())
    top = field.low + field.bits - 1
    return f"        field {{ {text} }} {field.name}[{top}:{field.low}];"


def _is_external(register: Register) -> bool:
    """Whether an access of it does what SystemRDL has no word for."""
    return bool(register.on_read) or register.on_write not in ("", "clear", "ones")


def _hardware(register: Register) -> str:
    """What the design itself does with a register: read it, write it, both, or neither."""
    if not register.live:
        return "r" if "w" in register.access else "na"
    return "rw" if "w" in register.access else "w"
