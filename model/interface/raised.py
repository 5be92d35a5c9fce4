"""Flags that are up, by name."""

from dualspike.model.description.description import Description
from dualspike.model.interface.register import ALARMS
from dualspike.model.interface.registers import register_map


def raised(d: Description, flags: int) -> list[str]:
    """Names of the alarms that are up in the register FLAGS, from bit 0 on: of all but FLOOR.

    A bit that a core does not have is ``bit N``.
    """
    (register,) = (one for one in register_map(d) if one.name == "FLAGS")
    names = {field.low: field.name for field in register.fields}
    alarms = flags & ALARMS
    return [names.get(n, f"bit {n}") for n in range(alarms.bit_length()) if alarms >> n & 1]


def told(d: Description, flags: int) -> str:
    """One line for people; empty where no alarm is up."""
    names = raised(d, flags)
    return f"Flags up: {', '.join(names)} (FLAGS is {flags:#x})" if names else ""
